"""States of parents and of theirs decide alike wherever the condition on them is written down."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.observation import look
from prospectr_db.access.ownership.ownership import find_ownership
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin
from tests.integration.access.held import Held, hold, run

COURSES = """
create schema private;
grant usage on schema private to authenticated;
create table public.courses (
    id uuid primary key default gen_random_uuid(),
    teacher_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    published boolean not null default false
);
create table public.lessons (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    title text not null
);
create table public.files (
    id uuid primary key default gen_random_uuid(),
    lesson_id uuid not null references public.lessons (id) on delete cascade,
    name text not null
);
create function private.is_open(course uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.courses as c
    where c.id = course and (c.published or c.teacher_id = (select auth.uid()))
) $$;
create function private.is_readable(lesson uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.lessons as l where l.id = lesson and private.is_open(l.course_id)
) $$;
alter table public.courses enable row level security;
alter table public.lessons enable row level security;
alter table public.files enable row level security;
create policy seen on public.courses for select to authenticated
using (published or teacher_id = (select auth.uid()));
create policy seen on public.lessons for select to authenticated
using (exists (select 1 from public.courses as c where c.id = course_id));
create policy seen on public.files for select to authenticated
using (exists (select 1 from public.lessons as l where l.id = lesson_id));
create policy added on public.files for insert to authenticated
with check (exists (
    select 1 from public.lessons as l join public.courses as c on c.id = l.course_id
    where l.id = lesson_id and c.teacher_id = (select auth.uid()) and not c.published
));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert on public.files to authenticated;
"""
JOINED = (
    "exists (select 1 from public.lessons as l join public.courses as c on c.id = l.course_id"
    " where l.id = lesson_id and {})"
)
EXPLICIT = JOINED.format("(c.published or c.teacher_id = (select auth.uid()))")
SEEN = "alter policy seen on public.{} using ({});"
WHERE = "files (every column) {} where courses.published=true"


def test_a_condition_may_stand_at_any_of_the_rows_above(target: Target) -> None:
    held = hold(target, COURSES)
    assert "courses.published=true" in held.text
    assert held.after(SEEN.format("files", EXPLICIT)) == set()
    assert held.after(SEEN.format("files", "private.is_readable(lesson_id)")) == set()
    assert held.after(SEEN.format("lessons", "private.is_open(course_id)")) == set()
    found = held.after(SEEN.format("files", JOINED.format("c.teacher_id = (select auth.uid())")))
    others = WHERE.format("on other people's rows")
    assert f"Authenticated strangers can no longer read {others}." in found
    run(target, SEEN.format("files", EXPLICIT))
    unasked = JOINED.format("c.teacher_id = (select auth.uid())")
    found = held.after(f"alter policy added on public.files with check ({unasked});")
    assert found == {f"Owners can now insert into {WHERE.format('for themselves')}."}


def test_a_contract_that_was_written_in_another_spelling_holds_as_well(target: Target) -> None:
    helpers = SEEN.format("files", "private.is_readable(lesson_id)") + SEEN.format(
        "lessons", "private.is_open(course_id)"
    )
    held = hold(target, COURSES + helpers)
    by_themselves = "exists (select 1 from public.{} as t where t.id = {}_id)"
    found = held.after(
        SEEN.format("files", by_themselves.format("lessons", "lesson"))
        + SEEN.format("lessons", by_themselves.format("courses", "course"))
    )
    assert found == set()


def test_an_older_contract_is_told_of_states_above_in_one_warning(target: Target) -> None:
    facts = hold(target, COURSES).contract.facts
    allowed = {e: c for e, c in facts.allowed.items() if "courses." not in e[2]}
    shut = frozenset(e for e in facts.shut if "courses." not in e[2])
    older = Held(
        target,
        render(replace(facts, allowed=allowed, shut=shut, covers=frozenset()), accepted={}),
    )
    assert older.errors() == set()
    say = "The contract does not say yet in which states of what is above them rows of files"
    assert f"{say} are reached: let `access write` add it." in older.warnings()


def test_a_flag_beside_ones_own_rows_is_no_power_of_its_owner(target: Target) -> None:
    # Whoever made his profile public may read nothing more; whoever is an admin may.
    run(
        target,
        """
        create table public.profiles (
            id uuid primary key references auth.users (id), name text,
            is_public boolean not null default false, is_admin boolean not null default false
        );
        create table public.posts (
            id uuid primary key default gen_random_uuid(),
            author_id uuid not null references public.profiles (id), title text not null
        );
        alter table public.posts enable row level security;
        create policy seen on public.posts for select to authenticated using (exists (
            select 1 from public.profiles as p
            where p.id = author_id and (p.is_public or p.id = (select auth.uid()))
        ) or exists (
            select 1 from public.profiles as p where p.id = (select auth.uid()) and p.is_admin
        ));
        """,
    )
    with connect_admin(target) as connection:
        _, standings = find_ownership(look(connection))
    assert [standing.column for standing in standings] == ["is_admin"]
