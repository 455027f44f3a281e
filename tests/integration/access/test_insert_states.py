"""New rows: whose they are by default, and the state that their parent must be in."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract import parse_contract, render
from prospectr_db.access.facts import facts_of
from prospectr_db.access.findings import judge
from prospectr_db.access.matrix import AccessMatrix
from prospectr_db.access.observe import observe
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
    assert held.after(free) == {"Owners can now insert into orgs for themselves with any plan."}
