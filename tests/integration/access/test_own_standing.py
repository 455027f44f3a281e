# ruff: noqa: S608 - the policies are put together from their parts
"""Who is dismissed or suspended keeps his rows: what he may on them is seen, and held."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, OWN_STANDING
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

ME = "(select public.current_employee_id())"
LOOK_UP = "select e.id from public.employees as e where e.user_id = (select auth.uid())"
HERE = "e.status <> 'terminated'"
HELPER = """
create or replace function public.current_employee_id() returns uuid
language sql stable security definer set search_path = '' as $$ {} $$;
"""
POSTING = "author_id = (select auth.uid())"
GOOD = "exists (select 1 from public.profiles as p where p.id = (select auth.uid()) {})"
STAFF = f"""
create table public.employees (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null unique references auth.users (id) on delete cascade,
    status text not null default 'active' check (status in ('active', 'on_leave', 'terminated'))
);
create table public.timesheets (
    id uuid primary key default gen_random_uuid(),
    employee_id uuid not null references public.employees (id), hours numeric not null
);
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    name text not null, suspended boolean not null default false
);
create table public.posts (
    id uuid primary key default gen_random_uuid(), body text not null,
    author_id uuid not null references public.profiles (id)
);
{HELPER.format(f"{LOOK_UP} and {HERE}")}
revoke execute on function public.current_employee_id() from public, anon;
grant execute on function public.current_employee_id() to authenticated;
alter table public.employees enable row level security;
alter table public.timesheets enable row level security;
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
create policy mine on public.employees for select to authenticated
using (user_id = (select auth.uid()));
create policy mine on public.timesheets for select to authenticated using (employee_id = {ME});
create policy added on public.timesheets for insert to authenticated
with check (employee_id = {ME});
create policy mine on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy written on public.posts for select to authenticated using ({POSTING});
create policy mine on public.posts for delete to authenticated
using ({POSTING} and {GOOD.format("and not p.suspended")});
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert on public.timesheets to authenticated;
grant delete on public.posts to authenticated;
"""
POST = "alter policy mine on public.posts using ({});"
SHEET = "alter policy mine on public.timesheets using (employee_id in ({}));"
READ = (
    "Owners can now read timesheets (every column) on their own rows"
    " where employees.status=terminated."
)
ADD = "Owners can now insert into timesheets (every column) for themselves where"


def test_conditions_on_ones_own_standing_are_held_of_ones_own_rows(target: Target) -> None:
    held = hold(target, STAFF)
    assert "[employees.status=terminated]" in held.text
    assert "[profiles.suspended=true]" in held.text
    # The same, looked up in the policy, by a helper with an answer of its own, and by exclusion.
    there = f"{LOOK_UP} and {HERE}"
    kept = "p.suspended is false and"
    respelt = f"{POSTING} and (select auth.uid()) in (select p.id from public.profiles as p where "
    assert held.after(SHEET.format(there) + POST.format(f"{respelt} {kept} p.id = author_id)")) == (
        set()
    )
    assert held.after(SHEET.format(LOOK_UP)) == {READ}
    helped = held.after(
        f"alter policy mine on public.timesheets using (employee_id = {ME});"
        + HELPER.format(LOOK_UP)
    )
    assert {READ, f"{ADD} employees.status=terminated."} <= helped
    found = held.after(HELPER.format(there) + POST.format(f"{POSTING} and {GOOD.format('')}"))
    assert found == {"Owners can now delete posts on their own rows where profiles.suspended=true."}

    facts = held.contract.facts
    shut = frozenset(e for e in facts.shut if "[profiles." not in e[2])
    older = replace(facts, shut=shut, covers=frozenset(COVERS) - {OWN_STANDING})
    held = Held(target, render(older, accepted={}))
    assert held.after(POST.format(f"{POSTING} and {GOOD.format('and not p.suspended')}")) == set()
    told = "what users in a state of their own do to their rows of posts"
    assert f"The contract does not say yet {told}: let `access write` add it." in held.warnings()


BOOKED = """
create table public.staff (
    user_id uuid primary key references auth.users (id) on delete cascade,
    role text not null check (role in ('cleaner', 'doctor', 'nurse', 'receptionist'))
);
create table public.patients (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique references auth.users (id) on delete cascade
);
create table public.appointments (
    id uuid primary key default gen_random_uuid(),
    patient_id uuid not null references public.patients (id) on delete cascade
);
create function public.is_staff(variadic roles text []) returns boolean
language sql stable security definer set search_path = '' as $$ select exists (
    select from public.staff as s where s.user_id = (select auth.uid()) and s.role = any (roles)
) $$;
revoke execute on function public.is_staff from public, anon;
grant execute on function public.is_staff to authenticated;
alter table public.staff enable row level security;
alter table public.patients enable row level security;
alter table public.appointments enable row level security;
create policy mine on public.staff for select to authenticated using (user_id = auth.uid());
create policy mine on public.patients for select to authenticated
using (user_id = auth.uid() or public.is_staff('doctor', 'nurse'));
create policy booked on public.appointments for insert to authenticated
with check (public.is_staff('receptionist'));
create policy mine on public.appointments for select to authenticated
using (patient_id in (select id from public.patients where user_id = auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert on public.appointments to authenticated;
"""


def test_what_somebody_does_because_of_his_role_is_no_objection(target: Target) -> None:
    held = hold(target, BOOKED)
    role = "staff.role=receptionist"
    assert f'[tables.appointments.owner."own under other\'s patient_id [{role}]"]' in held.text


RANKED = """
create table public.writers (
    id uuid primary key references auth.users (id) on delete cascade,
    role text not null default 'reader' check (role in ('reader', 'author', 'editor'))
);
create table public.stories (
    id uuid primary key default gen_random_uuid(), title text not null,
    author_id uuid not null references public.writers (id), frozen boolean not null default false
);
create function public.is_at_least(wanted text) returns boolean
language sql stable security definer set search_path = '' as $$ select exists (
    select from public.writers as w where w.id = (select auth.uid())
    and array_position(array['reader', 'author', 'editor'], w.role)
        >= array_position(array['reader', 'author', 'editor'], wanted)
) $$;
revoke execute on function public.is_at_least from public, anon;
grant execute on function public.is_at_least to authenticated;
alter table public.writers enable row level security;
alter table public.stories enable row level security;
create policy mine on public.writers for select to authenticated using (id = auth.uid());
create policy mine on public.stories for select to authenticated
using (author_id = auth.uid() or public.is_at_least('editor'));
create policy edited on public.stories for update to authenticated
using (public.is_at_least('editor'));
create policy written on public.stories for update to authenticated
using (author_id = auth.uid() and public.is_at_least('author') and not frozen)
with check (author_id = auth.uid());
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (title) on public.stories to authenticated;
"""
ANOTHER_WAY = """
create or replace function public.is_at_least(wanted text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare mine text;
begin
    for mine in select w.role from public.writers as w where w.id = (select auth.uid()) loop
        return case wanted when 'reader' then true when 'author' then mine <> 'reader'
            else mine = 'editor' end;
    end loop;
    return false;
end $$;
"""


def test_what_one_may_in_a_standing_of_his_own_is_seen_whatever_helpers_say(target: Target) -> None:
    held = hold(target, RANKED)
    assert "unseen_policies" not in held.text
    assert held.after(ANOTHER_WAY) == set()
    assert any(
        "no longer update stories" in sentence and "writers.role=author" in sentence
        for sentence in held.after("drop policy written on public.stories;")
    )
