# ruff: noqa: E501, S608 - schemas read better in long lines
"""A user in another tenant than his rows, and a role of one tenant that counts in another."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

MINE = "tenant_id = ((select auth.jwt()) -> 'app_metadata' ->> 'tenant_id')::uuid"
ADMIN = "(select auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin'"
SCHEMA = f"""
create table public.tenants (id uuid primary key default gen_random_uuid(), name text not null);
create table public.documents (
    id uuid primary key default gen_random_uuid(), tenant_id uuid not null references public.tenants (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, title text not null
);
create table public.invoices (id uuid primary key default gen_random_uuid(), tenant_id uuid not null, total int not null);
create table public.audit_log (
    id bigint generated always as identity primary key, tenant_id uuid not null, actor_id uuid, action text not null
);
alter table public.tenants enable row level security;
alter table public.documents enable row level security;
alter table public.invoices enable row level security;
alter table public.audit_log enable row level security;
create policy r on public.tenants for select to authenticated using ({MINE.replace("tenant_id =", "id =")});
create policy r on public.documents for select to authenticated using ({MINE} and user_id = (select auth.uid()));
create policy u on public.documents for update to authenticated using ({MINE} and user_id = (select auth.uid())) with check ({MINE} and user_id = (select auth.uid()));
create policy d on public.documents for delete to authenticated using ({MINE} and user_id = (select auth.uid()));
create policy r on public.invoices for select to authenticated using ({MINE} and {ADMIN});
create policy r on public.audit_log for select to authenticated using ({MINE} and {ADMIN});
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update, delete on public.documents to authenticated;
"""
ELSEWHERE = "documents on their own rows under somebody else's tenant_id."


def test_a_tenant_that_an_update_or_delete_forgets_is_told_although_the_row_is_not_seen(
    target: Target,
) -> None:
    held = hold(target, SCHEMA)
    assert held.after(
        "alter policy u on public.documents using (user_id = (select auth.uid()));"
        "alter policy d on public.documents using ((select auth.uid()) = user_id);"
    ) == {f"Owners can now update {ELSEWHERE}", f"Owners can now delete {ELSEWHERE}"}
    other = "create schema private; grant usage on schema private to authenticated; create function private.tenant() returns uuid language sql stable set search_path = '' return nullif(auth.jwt() #>> '{app_metadata,tenant_id}', '')::uuid;"
    assert (
        held.after(
            other
            + "alter policy u on public.documents using (tenant_id = (select private.tenant()) and user_id = auth.uid());"
            + "alter policy d on public.documents using (tenant_id in (select private.tenant()) and user_id = auth.uid());"
            + "alter policy r on public.tenants using (id in (select private.tenant()));"
        )
        == set()
    )


def test_a_role_that_counts_in_another_tenant_is_an_error_without_a_contract(
    target: Target,
) -> None:
    run(target, SCHEMA + f"alter policy r on public.audit_log using ({ADMIN});")
    told = "Users with app_metadata.role=admin of another tenant can read audit_log on other people's rows"
    found = {f.sentence: f.severity for f in judge(observe(target)) if f.severity != "note"}
    assert found == {f"{told}: power elsewhere counts here.": "error"}
    # Where the role counts in no tenant alone, it may be that of the application's own people.
    run(target, f"alter policy r on public.invoices using ({ADMIN});")
    found = {f.sentence: f.severity for f in judge(observe(target)) if f.relation == "audit_log"}
    assert found == {f"{told}: no policy asks for their tenant.": "warning"}


ADDRESSED = f"""
create table public.subscriptions (id uuid primary key default gen_random_uuid(), email text not null, topic text not null);
create table public.notes (id uuid primary key default gen_random_uuid(), tenant_id uuid not null, body text not null);
alter table public.subscriptions enable row level security;
alter table public.notes enable row level security;
create policy a on public.subscriptions for all to authenticated using (email = (select auth.jwt()) ->> 'email') with check (email = (select auth.jwt()) ->> 'email');
create policy a on public.notes for all to authenticated using ({MINE}) with check ({MINE});
revoke all on all tables in schema public from anon, authenticated;
grant select, update on all tables in schema public to authenticated;
"""


def test_a_row_that_is_given_away_by_what_a_claim_says_is_an_error_without_a_contract(
    target: Target,
) -> None:
    held = hold(target, ADDRESSED)
    run(
        target,
        "alter policy a on public.subscriptions with check (true); alter policy a on public.notes with check (true);",
    )
    assert {f.sentence for f in judge(observe(target)) if f.severity == "error"} == {
        "Owners can make their rows of subscriptions somebody else's by updating email.",
        "Owners can make their rows of notes somebody else's by updating tenant_id.",
    }
    moved = (
        "Owners can now update notes.tenant_id on their own rows, which is the server's to write."
    )
    assert moved in held.errors()


def test_who_manages_the_tenants_rows_may_hand_out_his_own_as_well(target: Target) -> None:
    managed = f"{MINE} and (user_id = (select auth.uid()) or {ADMIN})"
    hold(
        target,
        f"{SCHEMA} alter policy r on public.documents using ({managed});"
        f"alter policy u on public.documents using ({managed}) with check ({managed});",
    )
    run(target, f"alter policy u on public.documents with check ({MINE});")
    assert {f.sentence for f in judge(observe(target)) if f.rule == "transfer"} == {
        "Owners can make their rows of documents somebody else's by updating user_id."
    }
