"""Whoever puts his own id into a row together with a state: approves it, takes it, joins it."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.review.telling import tell
from prospectr_db.database import Target
from tests.integration.access.holding import Held, run

EXPENSES = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    role text not null default 'employee' check (role in ('employee', 'manager'))
);
create table public.expenses (
    id uuid primary key default gen_random_uuid(),
    requester_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    amount numeric not null,
    status text not null default 'draft'
    check (status in ('draft', 'submitted', 'approved', 'rejected')),
    approved_by uuid references auth.users (id)
);
create function public.is_manager() returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.profiles as p where p.id = (select auth.uid()) and p.role = 'manager'
);
alter table public.profiles enable row level security;
alter table public.expenses enable row level security;
create policy "read" on public.expenses for select to authenticated
using (requester_id = (select auth.uid()) or public.is_manager());
create policy "write" on public.expenses for update to authenticated
using (requester_id = (select auth.uid()) and status = 'draft')
with check (
    requester_id = (select auth.uid()) and status in ('draft', 'submitted')
    and approved_by is null
);
create policy "approve" on public.expenses for update to authenticated
using (public.is_manager() and status = 'submitted' and requester_id <> (select auth.uid()))
with check (
    public.is_manager() and status in ('approved', 'rejected')
    and approved_by = (select auth.uid())
);
revoke all on all tables in schema public from anon, authenticated;
grant select, update on public.expenses to authenticated;
"""
RESPELT = """
drop policy "approve" on public.expenses;
create policy "decide" on public.expenses for update to authenticated
using (case when status = 'submitted'
    then requester_id is distinct from auth.uid() and exists (
        select from public.profiles as p where p.id = auth.uid() and p.role = 'manager'
    ) else false end)
with check (
    (select auth.uid()) = approved_by and public.is_manager()
    and (status = 'approved' or status = 'rejected')
);
grant select on public.profiles to authenticated;
create policy "themselves" on public.profiles for select to authenticated using (id = auth.uid());
"""
TASKS = """
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    creator_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    assignee_id uuid references auth.users (id),
    title text not null,
    status text not null default 'open' check (status in ('open', 'claimed', 'done'))
);
alter table public.tasks enable row level security;
create policy "read" on public.tasks for select to authenticated
using (status = 'open' or (select auth.uid()) in (creator_id, assignee_id));
create policy "make" on public.tasks for insert to authenticated
with check (creator_id = (select auth.uid()) and assignee_id is null);
create policy "claim" on public.tasks for update to authenticated
using (status = 'open' and assignee_id is null)
with check (assignee_id = (select auth.uid()) and status = 'claimed');
revoke all on public.tasks from anon, authenticated;
grant select, insert (title, creator_id), update (status, assignee_id) on public.tasks
to authenticated;
create table public.seats (
    id bigint generated always as identity primary key,
    label text not null,
    user_id uuid references auth.users (id)
);
alter table public.seats enable row level security;
create policy "read" on public.seats for select to authenticated
using (user_id is null or user_id = (select auth.uid()));
create policy "sit" on public.seats for update to authenticated
using (user_id is null) with check (user_id = (select auth.uid()));
revoke all on public.seats from anon, authenticated;
grant select, update (user_id) on public.seats to authenticated;
"""
BOTH = "expenses.approved_by with status=approved, expenses.approved_by with status=rejected"


def test_who_may_approve_what_in_his_own_name_is_held(held: Callable[[str], Held]) -> None:
    after = held(EXPENSES)
    assert after("comment on policy \"read\" on public.expenses is ''") == set()
    alter = 'alter policy "approve" on public.expenses using'
    managers = f"Users with role=manager can now put themselves into {BOTH}"
    found = after(f"{alter} (public.is_manager() and status = 'submitted')")
    assert found == {f"{managers} on their own rows where approved_by=null, status=submitted."}
    found = after(f"{alter} (public.is_manager() and requester_id <> (select auth.uid()))")
    assert f"{managers} on other people's rows." in found
    restored = "(public.is_manager() and status = 'submitted' and requester_id <> auth.uid())"
    found = after(
        f"{alter} {restored};"
        ' alter policy "write" on public.expenses'
        " with check (requester_id = (select auth.uid()) and approved_by is null)"
    )
    assert found == {
        "Owners can now update expenses.status=any value on their own rows where approved_by=null."
    }


def test_approving_in_other_words_is_approving(held: Callable[[str], Held]) -> None:
    found = held(EXPENSES)(RESPELT)
    assert not [sentence for sentence in found if "expenses" in sentence]


def test_who_takes_what_is_nobodys_takes_nothing_from_others(
    held: Callable[[str], Held],
) -> None:
    after = held(TASKS)
    alter = 'alter policy "claim" on public.tasks'
    found = after(f"{alter} using (status = 'open')")
    taking = "put themselves into tasks.assignee_id with status=claimed"
    assert f"Authenticated strangers can now {taking} on other people's rows." in found
    found = after(
        f"{alter} using (status = 'open' and assignee_id is null) with check (status = 'claimed')"
    )
    assert any("together with status: assignee_id" in sentence for sentence in found), found


def test_that_what_is_nobodys_may_be_taken_is_no_error(target: Target) -> None:
    run(target, TASKS)
    found = judge(observe(target))
    assert [f.sentence for f in found if f.severity == "error"] == []
    mine = "Any signed-in user can make rows of seats their own that are nobody's."
    assert mine in {f.sentence for f in tell(found) if f.severity == "note"}
