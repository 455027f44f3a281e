"""Rows that share something: whoever shares names others, and whoever is named raises nobody."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

DOCUMENTS = """
create schema private;
grant usage on schema private to authenticated;
create table public.documents (
    id uuid primary key default gen_random_uuid(), title text not null,
    owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade);
create table public.shares (
    document_id uuid not null references public.documents (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    permission text not null default 'view' check (permission in ('view', 'edit')),
    primary key (document_id, user_id));
alter table public.documents enable row level security;
alter table public.shares enable row level security;
create function private.owns(document uuid) returns boolean language sql stable security definer
set search_path = '' as $$ select exists (select from public.documents as d
    where d.id = document and d.owner_id = (select auth.uid())) $$;
create function private.shared(document uuid, wanted text) returns boolean language sql stable
security definer set search_path = '' as $$ select exists (select from public.shares as s
    where s.document_id = document and s.user_id = (select auth.uid())
    and (wanted is null or s.permission = wanted)) $$;
create policy d_see on public.documents for select to authenticated
    using (owner_id = (select auth.uid()) or private.shared(id, null));
create policy d_edit on public.documents for update to authenticated
    using (owner_id = (select auth.uid()) or private.shared(id, 'edit'));
create policy s_see on public.shares for select to authenticated
    using (user_id = (select auth.uid()) or private.owns(document_id));
create policy s_add on public.shares for insert to authenticated
    with check (private.owns(document_id));
create policy s_change on public.shares for update to authenticated
    using (private.owns(document_id)) with check (private.owns(document_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, update (title) on public.documents to authenticated;
grant select, insert, update on public.shares to authenticated;
"""
RAISING = """
alter policy s_change on public.shares
    using (user_id = (select auth.uid()) or private.owns(document_id))
    with check (user_id = (select auth.uid()) or private.owns(document_id));
"""


def test_whoever_shares_names_others_and_whoever_is_named_raises_nobody(target: Target) -> None:
    held = hold(target, DOCUMENTS)
    raised = "Users with permission=view can now update shares.document_id, shares.permission"
    assert f"{raised} on their own rows." in held.after(RAISING)
    found = {f.sentence for f in judge(observe(target)) if f.severity == "error"}
    assert any("change their own shares.permission, which decides" in said for said in found), found
    run(target, "alter policy s_add on public.shares with check (user_id = (select auth.uid()))")
    found = {f.sentence for f in judge(observe(target)) if f.severity == "error"}
    assert any(said.startswith("Owners can insert into shares") for said in found), found
