"""Lists of people who may more because they are on them, and flags that only look like one."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.contract.text import render
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import red, run, written
from tests.integration.access.holding import Held

STAFF = """
create table public.staff (user_id uuid primary key references auth.users (id) on delete cascade);
create table public.tickets (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    body text not null
);
create function public.is_staff() returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (select from public.staff as s where s.user_id = (select auth.uid())) $$;
revoke execute on function public.is_staff() from public, anon;
grant execute on function public.is_staff() to authenticated;
alter table public.staff enable row level security;
alter table public.tickets enable row level security;
create policy "themselves" on public.staff for select to authenticated
using (user_id = (select auth.uid()));
create policy "own or staff" on public.tickets for select to authenticated
using (user_id = (select auth.uid()) or (select public.is_staff()));
revoke all on public.staff, public.tickets from anon, authenticated, service_role;
grant select on public.staff, public.tickets to authenticated, service_role;
"""
# A profile that its owner may close to others: no power of his own.
PRIVATE = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    is_private boolean not null default false
);
create table public.posts (
    id bigint generated always as identity primary key,
    author_id uuid not null references public.profiles (id) on delete cascade,
    body text not null
);
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
create policy "own" on public.profiles for all to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));
create function public.is_open(author uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select not p.is_private from public.profiles as p where p.id = author $$;
revoke execute on function public.is_open(uuid) from public, anon;
grant execute on function public.is_open(uuid) to authenticated;
create policy "own or open" on public.posts for select to authenticated
using (author_id = (select auth.uid()) or public.is_open(author_id));
revoke all on public.profiles, public.posts from anon, authenticated, service_role;
grant select, update (is_private) on public.profiles to authenticated;
grant select on public.posts to authenticated;
"""
# Recruiters whom applications name, and of whom policies ask for more than their row.
RECRUITERS = """
create table public.recruiters (
    user_id uuid primary key references auth.users (id) on delete cascade,
    level text not null default 'junior' check (level in ('junior', 'lead')),
    active boolean not null default true
);
create table public.applications (
    id uuid primary key default gen_random_uuid(),
    candidate_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    recruiter_id uuid references public.recruiters (user_id),
    letter text not null,
    rating int
);
alter table public.recruiters enable row level security;
alter table public.applications enable row level security;
create policy "themselves" on public.recruiters for select to authenticated
using (user_id = (select auth.uid()));
create policy "own" on public.applications for select to authenticated
using (candidate_id = (select auth.uid()));
create policy "apply" on public.applications for insert to authenticated
with check (candidate_id = (select auth.uid()) and recruiter_id is null);
create policy "staff" on public.applications for select to authenticated
using (exists (
    select from public.recruiters as r where r.user_id = (select auth.uid()) and r.active
));
create policy "rate" on public.applications for update to authenticated
using (recruiter_id = (select auth.uid()) and exists (
    select from public.recruiters as r where r.user_id = (select auth.uid()) and r.active
))
with check (recruiter_id = (select auth.uid()));
create policy "clear" on public.applications for delete to authenticated
using (exists (
    select from public.recruiters as r
    where r.user_id = (select auth.uid()) and r.active and r.level = 'lead'
));
revoke all on public.recruiters, public.applications from anon, authenticated, service_role;
grant select on public.recruiters, public.applications to authenticated;
grant insert (letter, candidate_id), update (rating), delete on public.applications
to authenticated;
"""


def test_whoever_is_on_a_list_is_a_user_of_his_own(held: Callable[[str], Held]) -> None:
    after = held(STAFF)
    found = after(
        'alter policy "own or staff" on public.tickets using (user_id = (select auth.uid()))'
    )
    assert any(s.startswith("Users in staff can no longer read tickets") for s in found), found


def test_that_a_list_is_not_asked_any_more_is_a_leak(held: Callable[[str], Held]) -> None:
    after = held(STAFF)
    found = after(
        "create or replace function public.is_staff() returns boolean"
        " language sql stable security definer set search_path = ''"
        " as $$ select exists (select from public.staff as s where s.user_id = s.user_id) $$"
    )
    read = "can now read tickets (every column) on other people's rows."
    assert f"Authenticated strangers {read}" in found


def test_a_list_that_everybody_passes_for_being_on_costs_nobody_anything(
    held: Callable[[str], Held],
) -> None:
    everybody = """create or replace function public.is_staff() returns boolean
        language sql stable security definer set search_path = '' as $$ select true $$"""
    told = held(STAFF)(everybody)
    assert told
    assert not [sentence for sentence in told if "no longer" in sentence]


def test_whoever_may_put_himself_on_a_list_is_told(target: Target) -> None:
    run(target, STAFF)
    run(
        target,
        'create policy "join" on public.staff for insert to authenticated'
        " with check (user_id = (select auth.uid()));"
        " grant insert on public.staff to authenticated;",
    )
    found = {f.sentence for f in judge(observe(target)) if f.severity == "error"}
    assert "Owners can put themselves into staff, which gives power." in found


def test_a_flag_about_what_others_may_is_nobodys_power(target: Target) -> None:
    run(target, PRIVATE)
    matrix = observe(target)
    assert not [name for name in matrix.personas if "is_private" in name]
    assert not [f for f in judge(matrix) if f.rule == "escalation"]


def test_whoever_is_on_a_list_that_others_refer_to_is_no_ordinary_user(
    held: Callable[[str], Held],
) -> None:
    after = held(RECRUITERS)
    respelt = after(
        "create function public.is_staff() returns boolean"
        " language sql stable security definer set search_path = '' as $$ select coalesce(("
        " select r.active from public.recruiters as r where r.user_id = auth.uid()), false) $$;"
        " revoke execute on function public.is_staff() from public, anon;"
        " grant execute on function public.is_staff() to authenticated;"
        ' drop policy "staff" on public.applications; alter policy "own" on public.applications'
        " using (public.is_staff() or auth.uid() = candidate_id)"
    )
    assert respelt == set()
    rated = after(
        'alter policy "rate" on public.applications using (recruiter_id = (select auth.uid()))'
    )
    theirs = "on rows that name them in recruiter_id only."
    assert rated == {f"Users with active=false can now update applications.rating {theirs}"}
    lost = after('alter policy "own" on public.applications using (public.is_staff())')
    assert "Owners can no longer read applications (every column) on their own rows." in lost, lost


def test_a_list_that_users_put_themselves_on_is_everybodys(target: Target) -> None:
    run(target, RECRUITERS)
    run(
        target,
        'create policy "join" on public.recruiters for insert to authenticated'
        " with check (user_id = (select auth.uid()));"
        " grant insert (user_id) on public.recruiters to authenticated;",
    )
    matrix = observe(target)
    found = matrix.table("applications")
    rated = found and found.find("owner", "as recruiter_id", "update")
    assert rated is not None
    assert rated.succeeds


RATES = """
create or replace function public.rates(application uuid) returns boolean
language plpgsql stable security definer set search_path = ''
as $$ declare me uuid := auth.uid(); begin {} end $$;
"""
JOINED = """
return exists (
    select 1 from public.applications as a
    inner join public.recruiters as r on a.recruiter_id = r.user_id
    where a.id = application and a.recruiter_id = me and r.active
);
"""
ONE_BY_ONE = """
if not exists (select 1 from public.recruiters where user_id = me and active) then
    return false;
end if;
return exists (select 1 from public.applications where id = application and recruiter_id = me);
"""
ASKING = """
revoke execute on function public.rates from public, anon;
grant execute on function public.rates to authenticated;
alter policy "staff" on public.applications using (exists (
    select from public.recruiters as r
    where r.user_id = (select auth.uid()) and r.active and r.level in ('junior', 'lead')
));
alter policy "rate" on public.applications using (public.rates(id));
"""


def test_a_table_that_was_everybodys_stays_so_however_policies_ask_for_it(target: Target) -> None:
    run(target, RECRUITERS + RATES.format(JOINED) + ASKING)
    contract = written(target)
    assert "[tables.recruiters.owner]" in render(contract.facts, accepted={})
    run(target, RATES.format(ONE_BY_ONE))
    assert red(target, contract) == {}
