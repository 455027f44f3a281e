# ruff: noqa: E501 - schemas read better in long lines
"""Functions that show those who have a standing, such as who is enrolled, to whom they should."""

from __future__ import annotations

import re
from dataclasses import replace

from prospectr_db.database import Target
from tests.integration.access.held import hold

SCHEMA = """
create table public.people (user_id uuid primary key references auth.users (id) on delete cascade, full_name text not null);
create table public.courses (
    id bigint generated always as identity primary key,
    teacher_id uuid not null references public.people (user_id), title text not null
);
create table public.enrolments (
    course_id bigint not null references public.courses (id) on delete cascade,
    student_id uuid not null references public.people (user_id) on delete cascade,
    status text not null default 'requested' check (status in ('requested', 'active')),
    primary key (course_id, student_id)
);
create function public.is_enrolled(course bigint) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.enrolments e where e.course_id = course and e.student_id = auth.uid() and e.status = 'active') $$;
alter table public.people enable row level security;
alter table public.courses enable row level security;
alter table public.enrolments enable row level security;
create policy r on public.people for select to authenticated using (user_id = (select auth.uid()));
create policy r on public.courses for select to authenticated using (teacher_id = (select auth.uid()) or public.is_enrolled(id));
create policy r on public.enrolments for select to authenticated using (student_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""
CLASSMATES = """
create or replace function public.classmates(course bigint) returns table (user_id uuid, full_name text) language sql stable security definer set search_path = '' as $$
    select p.user_id, p.full_name from public.people p join public.enrolments e on e.student_id = p.user_id
    where e.course_id = course and e.status = 'active' {} $$;
revoke execute on function public.classmates(bigint) from public, anon;
grant execute on function public.classmates(bigint) to authenticated;
"""
ASKED = "and public.is_enrolled(course)"
INLINE = "and exists (select from public.enrolments me where (me.course_id, me.student_id, me.status) = (course, auth.uid(), 'active'))"
LOST = "Authenticated strangers can now get other people's rows by calling public.classmates(bigint) where enrolments.status=active."


def test_a_list_of_members_that_forgets_to_ask_its_caller_is_a_leak(target: Target) -> None:
    held = hold(target, SCHEMA + CLASSMATES.format(ASKED))
    assert held.after(CLASSMATES.format(INLINE)) == set()
    assert LOST in held.after(CLASSMATES.format(""))


def test_a_contract_that_does_not_know_of_such_lists_says_so(target: Target) -> None:
    held = hold(target, SCHEMA + CLASSMATES.format(ASKED))
    text = held.text.replace('    "what calls show of users with a standing",\n', "")
    text = re.sub(r'states = \{ "enrolments.status"[^\n]*\n', "", text)
    older = replace(held, text=re.sub(r"\[[^\n]*\[enrolments.status=[^\n]*\n[^\n]*\n\n", "", text))
    assert older.errors() == set()
    assert any("public.classmates(bigint)" in sentence for sentence in older.warnings())
