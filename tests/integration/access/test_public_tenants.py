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


PATIENTS = """
create table public.clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table public.staff (
    clinic_id uuid not null references public.clinics (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    active boolean not null default true, primary key (clinic_id, user_id)
);
create table public.patients (
    id uuid primary key default gen_random_uuid(), name text not null,
    clinic_id uuid not null references public.clinics (id) on delete cascade,
    user_id uuid references auth.users (id) on delete set null
);
create table public.appointments (
    id uuid primary key default gen_random_uuid(), reason text,
    patient_id uuid not null references public.patients (id) on delete cascade,
    status text not null default 'requested' check (status in ('requested', 'done', 'cancelled'))
);
create function public.works_at(clinic uuid) returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.staff s where s.clinic_id = clinic and s.user_id = auth.uid() and s.active) $$;
create function public.is_patient(patient uuid) returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.patients p where p.id = patient and p.user_id = auth.uid()) $$;
create function public.treats(patient uuid) returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.patients p where p.id = patient and public.works_at(p.clinic_id)) $$;
alter table public.clinics enable row level security;
alter table public.staff enable row level security;
alter table public.patients enable row level security;
alter table public.appointments enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (status, reason) on public.appointments to authenticated;
create policy r on public.clinics for select to authenticated using (true);
create policy r on public.staff for select to authenticated using (public.works_at(clinic_id));
create policy r on public.patients for select to authenticated using (user_id = (select auth.uid()) or public.works_at(clinic_id));
create policy r on public.appointments for select to authenticated using (public.is_patient(patient_id) or public.treats(patient_id));
create policy cancel on public.appointments for update to authenticated using (public.is_patient(patient_id) and status = 'requested')
    with check (public.is_patient(patient_id) and status = 'cancelled');
create policy manage on public.appointments for update to authenticated using (public.treats(patient_id)) with check (public.treats(patient_id));
"""


def test_who_is_a_patient_and_no_member_of_staff_is_tried_on_what_is_his(target: Target) -> None:
    held = hold(target, PATIENTS)
    turned = "not (status <> 'cancelled' or not public.is_patient(patient_id))"
    assert held.after(f"alter policy cancel on public.appointments with check ({turned});") == set()
    found = held.after(
        "alter policy cancel on public.appointments with check (public.is_patient(patient_id));"
    )
    assert any(
        sentence.startswith("Owners can now update appointments.")
        and sentence.endswith("on their own rows where patients is theirs by user_id alone.")
        for sentence in found
    ), found


def test_in_which_states_such_a_patient_brings_his_appointment_is_told(target: Target) -> None:
    held = hold(target, PATIENTS.replace("grant update (status, reason)", "grant update (status)"))
    assert 'update = ["status=cancelled"]' in held.text
    found = held.after(
        "alter policy cancel on public.appointments with check (public.is_patient(patient_id));"
    )
    assert any(
        sentence.startswith("Owners can now update appointments.status=any value")
        and sentence.endswith("on their own rows where patients is theirs by user_id alone.")
        for sentence in found
    ), found
