# ruff: noqa: E501 - schemas read better in long lines
"""Files whose path has the ids of two rows: whose each is, and in which state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

RECEIPTS = """
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null references auth.users (id) on delete cascade,
    courier_id uuid references auth.users (id),
    status text not null default 'open' check (status in ('open', 'closed')));
alter table public.orders enable row level security;
revoke all on public.orders from anon, authenticated;
grant select on public.orders to authenticated;
create policy mine on public.orders for select to authenticated using ((select auth.uid()) in (customer_id, courier_id));
insert into storage.buckets (id, name, public) values ('receipts', 'receipts', false);
create policy "read" on storage.objects for select to authenticated
    using (bucket_id = 'receipts' and ((storage.foldername(name))[1] = (select auth.uid())::text
      or exists (select 1 from public.orders o where o.id::text = (storage.foldername(name))[2] and o.customer_id::text = (storage.foldername(name))[1] and o.courier_id = (select auth.uid()))));
create policy "add" on storage.objects for insert to authenticated
    with check (bucket_id = 'receipts' and (storage.foldername(name))[1] = (select auth.uid())::text
      and exists (select 1 from public.orders o where o.id::text = (storage.foldername(name))[2] and o.customer_id = (select auth.uid()) and o.status = 'open'));
create policy "remove" on storage.objects for delete to authenticated
    using (bucket_id = 'receipts' and (storage.foldername(name))[1] = (select auth.uid())::text
      and exists (select 1 from public.orders o where o.id::text = (storage.foldername(name))[2] and o.customer_id = (select auth.uid()) and o.status = 'open'));
"""
FOLDER, SECOND = (
    "(storage.foldername(name))[1] = (select auth.uid())::text",
    "(storage.foldername(name))[2]",
)
OPEN = f"o.id::text = {SECOND} and o.customer_id = (select auth.uid()) and o.status = 'open'"


def adding(folder: str, order: str) -> str:
    """Return the policy about new files with another condition on each folder."""
    there = f"exists (select 1 from public.orders o where {order})"  # noqa: S608
    told = f"bucket_id = 'receipts' and {folder} and {there}"
    return f"alter policy add on storage.objects with check ({told});"


OWNERS = "Owners can now"
CHANGES = {
    "an order of somebody else's": (adding(FOLDER, "o.status = 'open'"), f"{OWNERS} upload files to receipts/user/orders in their own folder, below it somebody else's."),
    "below somebody else": (adding("name <> ''", OPEN), f"{OWNERS} upload files to receipts/user/orders in their own folder below somebody else's."),
    "a closed order": (adding(FOLDER, OPEN.replace(" and o.status = 'open'", "")), f"{OWNERS} upload files to receipts/user/orders where orders.status=closed."),
    "a courier reads by the order alone": (
        "alter policy read on storage.objects using (bucket_id = 'receipts' and ((storage.foldername(name))[1] = (select auth.uid())::text or exists (select 1 from public.orders o where o.id::text = (storage.foldername(name))[2] and o.courier_id = (select auth.uid()))));",
        f"{OWNERS} read their own files in receipts/user/orders in their own folder below somebody else's.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_condition_on_one_of_two_folders_that_goes_is_a_leak(name: str, target: Target) -> None:
    change, expected = CHANGES[name]
    assert expected in hold(target, RECEIPTS).after(change)


def test_another_spelling_of_both_folders_is_the_same(target: Target) -> None:
    held = hold(target, RECEIPTS)
    order = OPEN.replace(SECOND, "split_part(name, '/', 2)")
    folder = "(select auth.uid())::text = split_part(name, '/', 1)"
    assert held.after(adding(folder, order)) == set()


def test_an_older_contract_is_told_in_one_warning_of_two_folders(target: Target) -> None:
    held = hold(target, RECEIPTS)
    facts = held.contract.facts
    allowed = {entry: c for entry, c in facts.allowed.items() if "/orders" not in entry[2]}
    shut = frozenset(entry for entry in facts.shut if "/orders" not in entry[2])
    changed = replace(facts, allowed=allowed, shut=shut, covers=frozenset())
    older = Held(target, render(changed, accepted={}))
    assert older.errors() == set()
    assert any("folders with the ids of two rows" in line for line in older.warnings())


WORKSPACES = """
create table public.workspaces (id uuid primary key default gen_random_uuid(), name text not null);
create table public.workspace_members (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'admin')), primary key (workspace_id, user_id));
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    name text not null, locked boolean not null default false);
create schema private; grant usage on schema private to authenticated;
create function private.is_member(p text) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.workspace_members m where m.workspace_id::text = p and m.user_id = (select auth.uid())) $$;
create function private.has_project(p_workspace text, p_project text) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.projects p where p.id::text = p_project and p.workspace_id::text = p_workspace) $$;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.projects enable row level security;
revoke all on public.workspaces, public.workspace_members, public.projects from anon, authenticated;
grant select on public.workspaces, public.workspace_members, public.projects to authenticated;
create policy mine on public.workspaces for select to authenticated using (private.is_member(id::text));
create policy mine on public.workspace_members for select to authenticated using (user_id = (select auth.uid()));
create policy mine on public.projects for select to authenticated using (private.is_member(workspace_id::text));
insert into storage.buckets (id, name, public) values ('files', 'files', false);
create policy "read" on storage.objects for select to authenticated
    using (bucket_id = 'files' and private.is_member((storage.foldername(name))[1]) and private.has_project((storage.foldername(name))[1], (storage.foldername(name))[2]));
create policy "add" on storage.objects for insert to authenticated
    with check (bucket_id = 'files' and private.is_member((storage.foldername(name))[1]) and private.has_project((storage.foldername(name))[1], (storage.foldername(name))[2]));
create policy "remove" on storage.objects for delete to authenticated
    using (bucket_id = 'files' and private.is_member((storage.foldername(name))[1]) and private.has_project((storage.foldername(name))[1], (storage.foldername(name))[2]));
"""


def test_a_project_counts_in_its_own_workspace_alone(target: Target) -> None:
    held = hold(target, WORKSPACES)
    gone = held.after(
        "create or replace function private.has_project(p_workspace text, p_project text) returns boolean"
        " language sql stable security definer set search_path = ''"
        " as $$ select exists (select 1 from public.projects p where p.id::text = p_project) $$;"
    )
    files = "files/workspaces/projects in their own folder, below it somebody else's."
    assert {
        f"{OWNERS} read their own files in {files}",
        f"{OWNERS} remove their own files in {files}",
        f"{OWNERS} upload files to {files}",
    } <= gone
