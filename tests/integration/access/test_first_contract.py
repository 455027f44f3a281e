"""The first contract is observed as the check after it will observe, and so it is kept."""

from __future__ import annotations

from prospectr_db.access.verify import check_target, write_contract
from prospectr_db.database import Target
from prospectr_db.project import load
from tests.conftest import MakeProject
from tests.integration.access.held import Run

STAFF = """
create table public.employees (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique references auth.users on delete set null,
    manager_id uuid references public.employees, is_hr boolean not null default false,
    status text not null default 'active' check (status in ('active', 'gone')));
create table public.leaves (
    id uuid primary key default gen_random_uuid(),
    employee_id uuid not null references public.employees on delete cascade,
    status text not null default 'asked' check (status in ('asked', 'granted')),
    granted_by uuid references public.employees);
alter table public.employees enable row level security;
alter table public.leaves enable row level security;
create function public.me() returns uuid language sql stable security definer set search_path = ''
as $$ select id from public.employees where user_id = auth.uid() and status <> 'gone' $$;
create function public.is_hr() returns boolean language sql stable security definer
set search_path = '' as $$ select coalesce((select is_hr from public.employees
    where user_id = auth.uid() and status = 'active'), false) $$;
create function public.manages(one uuid) returns boolean language sql stable security definer
set search_path = '' as $$ select exists (select 1 from public.employees e
    where e.id = one and e.manager_id = public.me()) $$;
create policy own on public.employees for select to authenticated using (user_id = auth.uid());
create policy reports on public.employees for select to authenticated
    using (manager_id = public.me());
create policy hr on public.leaves for all to authenticated
    using (public.is_hr()) with check (public.is_hr());
create policy see on public.leaves for select to authenticated
    using (employee_id = public.me() or public.manages(employee_id));
create policy ask on public.leaves for insert to authenticated
    with check (employee_id = public.me() and status = 'asked' and granted_by is null);
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.employees to authenticated;
grant select, insert, update, delete on public.leaves to authenticated;
"""


def test_the_first_contract_says_what_is_tried_because_of_it(
    target: Target, run: Run, make_project: MakeProject
) -> None:
    run(STAFF)
    project = load(make_project({"supabase/config.toml": 'project_id = "p"\n'}))
    assert write_contract(target, project).unreasoned == ()
    assert not write_contract(target, project).changed
    kept = check_target(target, project=project)
    assert kept.ok, [f.sentence for f in kept.errors]
    # A column for somebody else is left empty where a new row must leave it so.
    assert not [f for f in kept.findings if f.rule == "idle-policy"]
    run("alter policy ask on public.leaves with check (employee_id = public.me())")
    found = {f.sentence for f in check_target(target, project=project).errors}
    assert any("insert into leaves" in s and "with any value of status" in s for s in found), found
    assert any("granted_by" in s for s in found), found
