# ruff: noqa: S608 - the policies are put together from their parts
"""Rows of two users whom they do not name, but refer to: who is reviewed, and who reviews."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, REFERRED
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

ME = "(select public.my_employee_id())"
BOTH = f"reviewer_id = {ME} or (employee_id = {ME} and status <> 'draft')"
NOTED = "exists (select 1 from public.reviews as r where r.id = review_id and {})"
REVIEWS = f"""
create table public.employees (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null unique references auth.users (id) on delete cascade
);
create table public.reviews (
    id uuid primary key default gen_random_uuid(),
    employee_id uuid not null references public.employees (id),
    reviewer_id uuid not null references public.employees (id),
    status text not null default 'draft' check (status in ('draft', 'submitted')),
    body text not null, check (employee_id <> reviewer_id)
);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    review_id uuid not null references public.reviews (id), note text not null
);
create function public.my_employee_id() returns uuid
language sql stable security definer set search_path = ''
as $$ select e.id from public.employees as e where e.user_id = (select auth.uid()) $$;
revoke execute on function public.my_employee_id() from public, anon;
grant execute on function public.my_employee_id() to authenticated;
alter table public.employees enable row level security;
alter table public.reviews enable row level security;
alter table public.notes enable row level security;
create policy mine on public.employees for select to authenticated
using (user_id = (select auth.uid()));
create policy of_both on public.reviews for select to authenticated using ({BOTH});
create policy written on public.reviews for delete to authenticated using (reviewer_id = {ME});
create policy noted on public.notes for select to authenticated
using ({NOTED.format(f"r.reviewer_id = {ME}")});
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant delete on public.reviews to authenticated;
"""
READ = "alter policy of_both on public.reviews using ({});"
DROP = "alter policy written on public.reviews using ({});"
NOTES = "alter policy noted on public.notes using ({});"
MINE = "e.user_id = (select auth.uid())"
UNDER = "on their own rows under somebody else's"


def test_rows_that_refer_to_two_users_are_held_for_each_of_them(target: Target) -> None:
    held = hold(target, REVIEWS)
    one = f"exists (select 1 from public.employees as e where e.id = reviewer_id and {MINE})"
    other = f"employee_id in (select e.id from public.employees as e where {MINE})"
    respelt = NOTED.format(f"{ME} = r.reviewer_id")
    assert (
        held.after(
            READ.format(f"{other} and status = 'submitted' or {one}") + NOTES.format(respelt)
        )
        == set()
    )
    found = held.after(READ.format(f"{ME} in (reviewer_id, employee_id)"))
    assert f"Owners can now read reviews (every column) {UNDER} reviewer_id." in found
    found = held.after(READ.format(f"employee_id = {ME} and status <> 'draft'"))
    assert f"Owners can no longer read reviews (every column) {UNDER} employee_id." in found
    found = held.after(READ.format(BOTH) + DROP.format(f"employee_id = {ME}"))
    assert f"Owners can now delete reviews {UNDER} reviewer_id where status=submitted." in found
    both = NOTED.format(f"{ME} in (r.reviewer_id, r.employee_id)")
    found = held.after(DROP.format(f"reviewer_id = {ME}") + NOTES.format(both))
    where = "where reviews is theirs by employee_id alone, reviews.status=submitted."
    assert f"Owners can now read notes (every column) on their own rows {where}" in found
    facts = held.contract.facts
    allowed = {e: c for e, c in facts.allowed.items() if "under other's" not in e[2]}
    shut = frozenset(e for e in facts.shut if "under other's" not in e[2])
    covers = frozenset(COVERS) - {REFERRED}
    older = Held(
        target, render(replace(facts, allowed=allowed, shut=shut, covers=covers), accepted={})
    )
    assert older.after(NOTES.format(NOTED.format(f"r.reviewer_id = {ME}"))) == set()
