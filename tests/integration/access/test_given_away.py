"""Rows whose owner names somebody else in them: whoever writes his own id again gives none away."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run

SCHEMA = """
create table public.profiles (id uuid primary key references auth.users, name text not null);
create table public.courses (
    id uuid primary key default gen_random_uuid(),
    teacher_id uuid not null references public.profiles
);
create table public.enrollments (
    course_id uuid not null references public.courses on delete cascade,
    student_id uuid not null references public.profiles,
    primary key (course_id, student_id)
);
alter table public.profiles enable row level security;
alter table public.courses enable row level security;
alter table public.enrollments enable row level security;
create policy p on public.profiles for all to authenticated
using (id = auth.uid()) with check (id = auth.uid());
create policy c on public.courses for select to authenticated using (
    teacher_id = auth.uid() or id in (select course_id from public.enrollments)
);
create policy e on public.enrollments for select to authenticated using (student_id = auth.uid());
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update on public.profiles to authenticated;
"""


def test_who_is_in_a_row_already_is_not_given_it(target: Target) -> None:
    run(target, SCHEMA)
    assert _given_away(target) == set()
    run(target, "alter policy p on public.profiles with check (true)")
    assert _given_away(target) == {
        "Owners can make their rows of profiles somebody else's by updating id."
    }


def _given_away(target: Target) -> set[str]:
    return {
        f.sentence for f in judge(observe(target)) if "somebody else's by updating" in f.sentence
    }
