# ruff: noqa: E501 - schemas read better in long lines
"""Power in a tenant that everybody may know of: only what is below asks who belongs to it."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold

SCHEMA = """
create table public.clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table public.practitioners (
    id uuid primary key default gen_random_uuid(),
    clinic_id uuid not null references public.clinics (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null check (role in ('doctor', 'reception')), active boolean not null default true,
    unique (clinic_id, user_id)
);
create table public.patients (
    id uuid primary key default gen_random_uuid(),
    clinic_id uuid not null references public.clinics (id) on delete cascade, name text not null
);
create function public.treats(patient uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.patients p join public.practitioners s on s.clinic_id = p.clinic_id
        where p.id = patient and s.user_id = auth.uid() and s.role = 'doctor') $$;
revoke execute on function public.treats(uuid) from public, anon;
grant execute on function public.treats(uuid) to authenticated;
alter table public.clinics enable row level security;
alter table public.practitioners enable row level security;
alter table public.patients enable row level security;
create policy r on public.clinics for select to authenticated using (true);
create policy r on public.practitioners for select to authenticated using (user_id = (select auth.uid()));
create policy r on public.patients for select to authenticated using (public.treats(id));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""
SET_ACTIVE = """
create or replace function public.set_active(practitioner uuid, value boolean) returns void language plpgsql security definer set search_path = '' as $$
begin
    {};
    if not found then raise exception 'not allowed' using errcode = '42501'; end if;
end $$;
revoke execute on function public.set_active(uuid, boolean) from public, anon;
grant execute on function public.set_active(uuid, boolean) to authenticated;
"""
UPDATE = "update public.practitioners t set active = value where t.id = practitioner and t.user_id <> auth.uid()"
RIGHT = f"{UPDATE} and exists (select from public.practitioners me where me.clinic_id = t.clinic_id and me.user_id = auth.uid() and me.role = 'doctor')"
JOINED = f"{UPDATE.replace('where', 'from public.practitioners me where')} and me.user_id = auth.uid() and (t.clinic_id, 'doctor') = (me.clinic_id, me.role)"


def test_a_function_that_forgets_the_tenant_is_called_by_who_has_power_elsewhere(
    target: Target,
) -> None:
    held = hold(target, SCHEMA + SET_ACTIVE.format(RIGHT))
    assert held.after(SET_ACTIVE.format(JOINED)) == set()
    found = held.after(SET_ACTIVE.format(RIGHT.replace("me.clinic_id = t.clinic_id and ", "")))
    assert any(
        "role=doctor elsewhere" in sentence
        and "change other people's rows by calling public.set_active(uuid, boolean)" in sentence
        for sentence in found
    )


def test_a_helper_that_forgets_the_tenant_lets_in_who_has_power_elsewhere(target: Target) -> None:
    held = hold(target, SCHEMA)
    found = held.after("""
        create or replace function public.treats(patient uuid) returns boolean language sql stable security definer set search_path = '' as $$
            select exists (select from public.patients p, public.practitioners s
                where p.id = patient and s.user_id = auth.uid() and s.role = 'doctor') $$;""")
    assert any(
        "role=doctor elsewhere" in sentence and "can now read patients" in sentence
        for sentence in found
    )
