"""New rows: whose they are by default, and the state that their parent must be in."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

GRANTS = """
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to service_role;
"""
LISTS = f"""
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null
);
alter table public.lists enable row level security;
create policy "Owners read." on public.lists
for select to authenticated using (owner_id = (select auth.uid()));
create policy "Users add." on public.lists
for insert to authenticated with check (owner_id = (select auth.uid()));
{GRANTS}
grant select, insert (title) on public.lists to authenticated;
"""
COURSES = f"""
create table public.courses (
    id uuid primary key default gen_random_uuid(),
    teacher_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'draft' check (status in ('draft', 'published', 'archived'))
);
create table public.enrollments (
    course_id uuid not null references public.courses (id) on delete cascade,
    student_id uuid not null references auth.users (id) on delete cascade,
    primary key (course_id, student_id)
);
create function public.is_open(course uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.courses as c where c.id = course and c.status = 'published'
);
alter table public.courses enable row level security;
alter table public.enrollments enable row level security;
create policy "All read published ones." on public.courses
for select to anon, authenticated using (status = 'published');
create policy "Teachers read." on public.courses
for select to authenticated using (teacher_id = (select auth.uid()));
create policy "Students read." on public.enrollments
for select to authenticated using (student_id = (select auth.uid()));
create policy "Students enrol." on public.enrollments for insert to authenticated
with check (student_id = (select auth.uid()) and {{}});
{GRANTS}
grant select on public.courses to anon, authenticated;
grant select, insert on public.enrollments to authenticated;
"""
BY_TEXT = """exists (
    select from public.courses as c where c.id = course_id and c.status = 'published'
)"""
BY_HELPER = "public.is_open(course_id)"
ENROL = """
alter policy "Students enrol." on public.enrollments
with check (student_id = (select auth.uid()) and {});
"""


def errors(matrix: AccessMatrix) -> list[str]:
    return [f.sentence for f in judge(matrix) if f.severity == "error"]


def test_a_row_that_is_the_callers_by_default_is_not_somebody_elses(target: Target) -> None:
    run(target, LISTS)
    matrix = observe(target)
    assert errors(matrix) == []
    table = matrix.table("lists")
    assert table is not None
    other = table.find("stranger", "other", "insert")
    own = table.find("stranger", "own", "insert")
    assert other is not None
    assert own is not None
    assert (other.verdict, own.verdict) == ("denied", "allowed")

    run(target, 'alter policy "Users add." on public.lists with check (true);')
    assert errors(observe(target)) == []

    run(target, "grant insert (owner_id) on public.lists to authenticated;")
    assert "Any signed-in user can insert into lists rows that belong to somebody else." in {
        sentence.replace("Authenticated strangers", "Any signed-in user")
        for sentence in errors(observe(target))
    }


@pytest.mark.parametrize("condition", [BY_TEXT, BY_HELPER])
def test_a_new_row_is_tried_under_its_parent_in_each_state(target: Target, condition: str) -> None:
    run(target, COURSES.format(condition))
    matrix = observe(target)
    assert errors(matrix) == []
    table = matrix.table("enrollments")
    assert table is not None
    came = {
        (access.persona, access.rows)
        for access in table.accesses
        if access.command == "insert" and access.succeeds and access.persona != "service_role"
    }
    assert ("owner", "own [courses.status=published]") in came
    assert ("stranger", "own under other's course_id [courses.status=published]") in came
    assert {rows.partition(" [")[2] for _, rows in came} == {"courses.status=published]"}


def test_a_state_that_is_lost_or_added_shows_in_new_rows(target: Target) -> None:
    run(target, COURSES.format(BY_TEXT))
    text = render(facts_of(observe(target)), accepted={})
    contract = parse_contract(text)

    def after(condition: str) -> set[tuple[str, str, str]]:
        run(target, ENROL.format(condition))
        matrix = observe(target, given=contract.given)
        found = (f for f in check(matrix, contract) if f.severity == "error")
        return {(f.kind, f.persona, f.rows) for f in found if f.command == "insert"}

    assert after(BY_HELPER) == set()
    both = BY_TEXT.replace("= 'published'", "in ('published', 'archived')")
    assert ("leak", "owner", "own [courses.status=archived]") in after(both)
    drafts = after("true")
    assert ("leak", "owner", "own") in drafts
    assert {kind for kind, _, _ in drafts} == {"leak"}
    archived = after(BY_TEXT.replace("published", "archived"))
    assert ("loss", "owner", "own [courses.status=published]") in archived


PLANS = f"""
create table public.orgs (
    id uuid primary key default gen_random_uuid(), name text not null,
    plan text not null default 'free',
    made_by uuid not null default auth.uid() references auth.users (id) on delete cascade);
alter table public.orgs enable row level security;
create policy own on public.orgs for select to authenticated using (made_by = (select auth.uid()));
create policy makes on public.orgs for insert to authenticated
with check (made_by = (select auth.uid()) and plan = 'free');
create policy changes on public.orgs for update to authenticated
using (made_by = (select auth.uid()));
{GRANTS}
grant select, insert, update (name) on public.orgs to authenticated;
"""


def test_a_column_of_which_one_value_is_known_is_tried_with_another(target: Target) -> None:
    held = hold(target, PLANS)
    free = "alter policy makes on public.orgs with check (made_by = (select auth.uid()))"
    assert held.after(free) == {
        "Owners can now insert into orgs for themselves with any value of plan."
    }


SHOP = """
create table public.events (
    id uuid primary key default gen_random_uuid(), host uuid not null references auth.users (id),
    published boolean not null default false
);
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer uuid not null references auth.users (id),
    event_id uuid not null references public.events (id),
    status text not null default 'pending' check (status in ('pending', 'completed'))
);
create table public.reviews (
    id uuid primary key default gen_random_uuid(), body text,
    order_id uuid not null references public.orders (id),
    reviewer uuid not null references auth.users (id)
);
alter table public.events enable row level security;
alter table public.orders enable row level security;
alter table public.reviews enable row level security;
revoke all on public.events, public.orders, public.reviews from anon, authenticated;
grant select on public.events, public.orders, public.reviews to authenticated;
grant insert on public.reviews to authenticated;
create policy read on public.events for select to authenticated
    using (published or host = auth.uid());
create policy read on public.orders for select to authenticated using (buyer = auth.uid());
create policy read on public.reviews for select to authenticated using (reviewer = auth.uid());
create policy add on public.reviews for insert to authenticated with check (
    reviewer = auth.uid() and exists (
        select from public.orders o
        where o.id = order_id and o.buyer = auth.uid() and o.status = 'completed'
    )
);
create function public.book(event uuid) returns void language plpgsql security definer
set search_path = '' as $$
begin
    if not exists (select from public.events e where e.id = event and e.published) then
        raise exception 'no such event';
    end if;
    insert into public.orders (event_id, buyer) values (event, auth.uid());
end $$;
revoke execute on function public.book(uuid) from public, anon;
grant execute on function public.book(uuid) to authenticated;
"""
LOST = """
alter policy add on public.reviews with check (
    reviewer = auth.uid()
    and exists (select from public.orders o where o.buyer = auth.uid() and o.status = 'completed')
);
"""
IN_LIST = """
alter policy add on public.reviews with check (
    order_id in (select id from public.orders where status = 'completed' and buyer = reviewer)
    and auth.uid() = reviewer
);
"""


def test_ones_own_row_in_a_state_is_not_taken_for_the_one_that_is_named(target: Target) -> None:
    held = hold(target, SHOP)  # what is booked hangs below what everybody reads, too
    assert held.after(IN_LIST) == set()
    leak = (
        "Authenticated strangers can now insert into reviews rows that hang under somebody else's "
        "parent (order_id) where orders.status=completed."
    )
    assert held.after(LOST) == {leak}
