# ruff: noqa: E501 - schemas read better in long lines
"""Two columns that are closed each, and that open where something only compares them."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import hold

MEMOS = """
create table public.memos (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text, seal text, sealed_note text);
create table public.docs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text, label text not null default '', title text not null default '');
alter table public.memos enable row level security;
alter table public.docs enable row level security;
revoke all on public.memos, public.docs from anon, authenticated;
grant select, update (body, seal, sealed_note) on public.memos to authenticated;
grant select, update (body, label, title) on public.docs to authenticated;
create policy see on public.memos for select to authenticated using (user_id = (select auth.uid()));
create policy change on public.memos for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy see on public.docs for select to authenticated using (user_id = (select auth.uid()));
create schema private; grant usage on schema private to authenticated;
create function private.doc(p_id uuid) returns public.docs language sql stable security definer set search_path = ''
as $$ select d from public.docs d where d.id = p_id $$;
create policy change on public.docs for update to authenticated using (user_id = (select auth.uid()))
    with check (user_id = (select auth.uid()) and label = (private.doc(id)).label and title = (private.doc(id)).title);
create function public.guard() returns trigger language plpgsql set search_path = '' as $$
begin
    if current_user = 'authenticated' and (new.seal is distinct from old.seal or new.sealed_note is distinct from old.sealed_note) then raise exception 'sealed'; end if;
    return new;
end $$;
create trigger guard before update on public.memos for each row execute function public.guard();
"""


def guard(condition: str) -> str:
    """Return the trigger's function with another condition."""
    return (
        "create or replace function public.guard() returns trigger language plpgsql set search_path = '' as $$"
        f" begin if current_user = 'authenticated' and ({condition}) then raise exception 'sealed'; end if;"
        " return new; end $$;"
    )


OPENED = {
    "by a trigger": (guard("(new.seal is distinct from old.seal) <> (new.sealed_note is distinct from old.sealed_note)"), "Owners can now update memos.seal + sealed_note on their own rows."),
    "by a policy": (
        "alter policy change on public.docs with check (user_id = (select auth.uid()) and (label = (private.doc(id)).label) = (title = (private.doc(id)).title));",
        "Owners can now update docs.label + title on their own rows.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPENED)
def test_two_columns_that_open_only_at_once_are_a_leak(name: str, target: Target) -> None:
    change, expected = OPENED[name]
    assert hold(target, MEMOS).after(change) == {expected}


def test_another_spelling_of_what_keeps_both_closed_is_the_same(target: Target) -> None:
    same = guard("(new.seal, new.sealed_note) is distinct from (old.seal, old.sealed_note)")
    assert hold(target, MEMOS).after(same) == set()
