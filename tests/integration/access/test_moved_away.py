# ruff: noqa: E501 - schemas read better in long lines
"""Rows that are brought where they may not go: past their user's sight, or to another tenant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

BOOKS = """
create table public.notebooks (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade, title text not null);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    editor_id uuid not null references auth.users (id) on delete cascade,
    notebook_id uuid not null references public.notebooks (id) on delete cascade,
    body text not null default '');
alter table public.notebooks enable row level security;
alter table public.notes enable row level security;
revoke all on public.notebooks, public.notes from anon, authenticated;
grant select, insert, update, delete on public.notebooks to authenticated;
grant select, update (notebook_id, body) on public.notes to authenticated;
create policy own on public.notebooks for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy see on public.notes for select to authenticated
    using (exists (select 1 from public.notebooks b where b.id = notebook_id and b.user_id = (select auth.uid())));
create policy change on public.notes for update to authenticated using ((select auth.uid()) in (user_id, editor_id))
    with check (user_id = (select auth.uid()) and exists (select 1 from public.notebooks b where b.id = notebook_id and b.user_id = (select auth.uid())));
"""


def test_a_row_leaves_its_owners_sight_where_only_another_of_his_stands_in_the_way(
    target: Target,
) -> None:
    held = hold(target, BOOKS)
    change = "alter policy change on public.notes with check (user_id = (select auth.uid()));"
    said = (
        "Owners can now update notes.notebook_id on their own rows, which is the server's to write."
    )
    assert said in held.after(change)


REQUESTS = """
create table public.staff (user_id uuid primary key references auth.users (id) on delete cascade, role text not null check (role in ('clerk', 'chief')));
create table public.requests (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    approved_by uuid references auth.users (id),
    status text not null default 'draft' check (status in ('draft', 'sent', 'approved')));
alter table public.requests enable row level security;
alter table public.staff enable row level security;
revoke all on public.requests, public.staff from anon, authenticated;
grant select on public.staff to authenticated;
grant select, insert, update on public.requests to authenticated;
create policy own on public.staff for select to authenticated using (user_id = (select auth.uid()));
create policy see on public.requests for select to authenticated
    using (user_id = (select auth.uid()) or (status <> 'draft' and exists (select 1 from public.staff s where s.user_id = (select auth.uid()))));
create policy add on public.requests for insert to authenticated with check (user_id = (select auth.uid()) and status = 'draft' and approved_by is null);
create policy approve on public.requests for update to authenticated
    using (status = 'sent' and exists (select 1 from public.staff s where s.user_id = (select auth.uid()) and s.role = 'chief'))
    with check (status = 'approved' and approved_by = (select auth.uid()));
"""


def test_who_may_not_read_a_row_is_seen_to_sign_it(target: Target) -> None:
    held = hold(target, REQUESTS)
    gone = held.after(
        "alter policy approve on public.requests using (status in ('draft', 'sent') and exists"
        " (select 1 from public.staff s where s.user_id = (select auth.uid()) and s.role = 'chief'));"
    )
    said = "Users with role=chief can now put themselves into requests.approved_by with"
    assert f"{said} status=approved on other people's rows." in gone


SHARED = """
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'reader' check (role in ('reader', 'editor')), primary key (team_id, user_id));
create table public.papers (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade, title text not null);
create schema private; grant usage on schema private to authenticated;
create function private.my_role(p_team uuid) returns text language sql stable security definer set search_path = ''
as $$ select m.role from public.members m where m.team_id = p_team and m.user_id = (select auth.uid()) $$;
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.papers enable row level security;
revoke all on public.teams, public.members, public.papers from anon, authenticated;
grant select on public.teams, public.members to authenticated;
grant select, insert, update on public.papers to authenticated;
create policy mine on public.teams for select to authenticated using (private.my_role(id) is not null);
create policy mine on public.members for select to authenticated using (user_id = (select auth.uid()));
create policy see on public.papers for select to authenticated using (private.my_role(team_id) is not null);
create policy add on public.papers for insert to authenticated with check (private.my_role(team_id) = 'editor');
create policy change on public.papers for update to authenticated using (private.my_role(team_id) = 'editor') with check (private.my_role(team_id) = 'editor');
"""
BROUGHT = (
    "Users with role=reader here and role=editor elsewhere can now bring rows of their own"
    " from elsewhere here by updating papers.team_id."
)


@pytest.mark.parametrize("check", ["private.my_role(team_id) is not null", "true"])
def test_who_may_only_read_a_team_brings_rows_of_another_to_it(check: str, target: Target) -> None:
    assert BROUGHT in hold(target, SHARED).after(
        f"alter policy change on public.papers with check ({check});"
    )


def test_an_older_contract_is_told_in_one_warning_what_is_brought(target: Target) -> None:
    held = hold(
        target,
        SHARED.replace(
            "'editor') with check (private.my_role(team_id) = 'editor')",
            "'editor') with check (private.my_role(team_id) is not null)",
        ),
    )
    assert "own elsewhere" in held.text
    facts = held.contract.facts
    allowed = {entry: c for entry, c in facts.allowed.items() if entry[2] != "own elsewhere"}
    older = Held(target, render(replace(facts, allowed=allowed, covers=frozenset()), accepted={}))
    assert older.errors() == set()
    assert any("who brings rows of papers" in line for line in older.warnings())
