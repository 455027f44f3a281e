# ruff: noqa: E501 - schemas read better in long lines
"""Tables of staff by which alone other rows have an owner: the jobs of recruiters."""

from __future__ import annotations

from prospectr_db.access.check import check
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

JOBS = """
create table public.recruiters (user_id uuid primary key references auth.users (id), company text not null);
create table public.jobs (
    id uuid primary key default gen_random_uuid(), recruiter_id uuid not null references public.recruiters (user_id));
create table public.candidates (user_id uuid primary key references auth.users (id), headline text not null);
create schema private;
grant usage on schema private to authenticated;
create function private.is_recruiter() returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.recruiters as r where r.user_id = (select auth.uid())) $$;
alter table public.recruiters enable row level security;
alter table public.jobs enable row level security;
alter table public.candidates enable row level security;
create policy own on public.recruiters for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.jobs for select to authenticated using (recruiter_id = (select auth.uid()));
create policy own on public.candidates for select to authenticated using (user_id = (select auth.uid()));
create policy recruiters on public.candidates for select to authenticated using (private.is_recruiter());
revoke all on public.recruiters, public.jobs, public.candidates from anon, authenticated;
grant select on public.recruiters, public.jobs, public.candidates to authenticated;
"""


def test_what_staff_sees_who_own_rows_by_being_staff_is_no_leak(target: Target) -> None:
    run(target, JOBS)
    found = judge(observe(target))
    assert [f.sentence for f in found if f.severity == "error"] == []
    assert {f.relation for f in found if f.rule == "listed-rows"} == {"candidates"}


def test_what_they_see_of_each_other_is_one(target: Target) -> None:
    every = "create policy every on public.jobs for select to authenticated using (private.is_recruiter());"
    run(target, JOBS + every)
    found = judge(observe(target))
    assert {(f.relation, f.persona) for f in found if f.severity == "error"} == {
        ("jobs", "stranger")
    }


def test_a_list_that_users_put_themselves_on_is_none(target: Target) -> None:
    joined = """create policy enrol on public.recruiters for insert to authenticated with check (user_id = (select auth.uid()));
        grant insert on public.recruiters to authenticated;"""
    run(target, JOBS + joined)
    found = judge(observe(target))
    assert ("candidates", "stranger") in {
        (f.relation, f.persona) for f in found if f.severity == "error"
    }


def test_whoever_owns_anything_is_not_on_the_list(target: Target) -> None:
    held = hold(target, JOBS)
    run(
        target,
        """create function private.owns() returns boolean language sql stable security definer set search_path = ''
        as $$ select exists (select 1 from public.candidates as c where c.user_id = (select auth.uid())) $$;
        alter policy recruiters on public.candidates using (private.is_recruiter() or private.owns());""",
    )
    found = check(observe(target, given=held.contract.given), held.contract)
    assert [f.sentence for f in found if f.severity == "error"] == [
        "Users not in recruiters can now read candidates on other people's rows."
    ]
