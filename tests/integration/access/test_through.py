# ruff: noqa: E501 - schemas read better in long lines
"""Users who reach each other through two tables: teachers and students, by courses."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

SCHOOL = """
create table public.profiles (id uuid primary key references auth.users (id), name text not null, phone text);
create table public.courses (
    id uuid primary key default gen_random_uuid(), teacher_id uuid not null references public.profiles (id));
create table public.sections (
    id uuid primary key default gen_random_uuid(), course_id uuid not null references public.courses (id));
create table public.enrolments (
    section_id uuid not null references public.sections (id), student_id uuid not null references public.profiles (id),
    status text not null default 'active' check (status in ('active', 'dropped')), primary key (section_id, student_id));
create schema private;
grant usage on schema private to authenticated;
create function private.has_student(student uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.enrolments as e join public.sections as s on s.id = e.section_id join public.courses as c on c.id = s.course_id
    where e.student_id = student and e.status = 'active' and c.teacher_id = (select auth.uid())) $$;
create function private.has_teacher(teacher uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.enrolments as e join public.sections as s on s.id = e.section_id join public.courses as c on c.id = s.course_id
    where c.teacher_id = teacher and e.status = 'active' and e.student_id = (select auth.uid())) $$;
alter table public.profiles enable row level security;
alter table public.courses enable row level security;
alter table public.sections enable row level security;
alter table public.enrolments enable row level security;
create policy own on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy change on public.profiles for update to authenticated using (id = (select auth.uid()));
create policy students on public.profiles for select to authenticated using (private.has_student(id));
create policy teachers on public.profiles for select to authenticated using (private.has_teacher(id));
create policy own on public.courses for select to authenticated using (teacher_id = (select auth.uid()));
create policy own on public.enrolments for select to authenticated using (student_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (phone) on public.profiles to authenticated;
"""

TEACHER = "courses.teacher_id to the owner in enrolments"
STUDENT = "enrolments.student_id to the owner in courses"
READ, UPDATE = (
    "read profiles on other people's rows.",
    "update profiles.phone on other people's rows.",
)

_LISTED = """alter policy students on public.profiles using (id in (
    select private.students_of((select auth.uid()))));"""
_STUDENTS = """create function private.students_of(teacher uuid) returns setof uuid language sql stable security definer set search_path = ''
as $$ select e.student_id from public.courses as c, public.sections as s, public.enrolments as e
    where s.course_id = c.id and e.section_id = s.id and c.teacher_id = teacher and e.status {} $$;"""

FAULTS = {
    "teachers of anybody": (
        "alter policy students on public.profiles using (exists (select from public.courses as c where c.teacher_id = (select auth.uid())));",
        {("leak", "stranger", "select")},
    ),
    "teachers no longer": (
        "drop policy students on public.profiles;",
        {("loss", TEACHER, "select")},
    ),
    "students no longer": (
        "alter policy teachers on public.profiles using (false);",
        {("loss", STUDENT, "select")},
    ),
    "whoever has left": (
        _STUDENTS.format("is not null") + _LISTED,
        {("leak", f"{TEACHER}, status=dropped", "select")},
    ),
    "teachers change what they see": (
        "alter policy change on public.profiles using (id = (select auth.uid()) or private.has_student(id));",
        {("leak", TEACHER, "update")},
    ),
}


def test_what_teachers_see_of_their_students_is_in_the_contract(target: Target) -> None:
    held = hold(target, SCHOOL)
    facts = facts_of(observe(target, given=held.contract.given))
    told = {entry for entry in facts.allowed if " to the owner " in entry[1]}
    assert told == {("profiles", who, "other", "select") for who in (TEACHER, STUDENT)}
    assert "unseen_policies" not in held.text


def test_who_is_whose_student_may_be_said_otherwise(target: Target) -> None:
    held = hold(target, SCHOOL)
    run(target, _STUDENTS.format("<> 'dropped'") + _LISTED)
    assert held.errors() == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_lets_in_another_is_told(fault: str, target: Target) -> None:
    held = hold(target, SCHOOL)
    change, expected = FAULTS[fault]
    run(target, change)
    matrix = observe(target, given=held.contract.given)
    from prospectr_db.access.check import check

    found = check(matrix, held.contract)
    told = {(f.kind, f.persona, f.command) for f in found if f.severity == "error"}
    assert expected <= told
    assert all(" can " in f.sentence for f in found if f.severity == "error")
