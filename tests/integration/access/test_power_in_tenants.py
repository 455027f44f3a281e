# ruff: noqa: E501, S608 - schemas read better in long lines
"""Power by a claim within a tenant: with one factor only, and on rows of one's own below others'."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

MINE = "tenant_id = (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid"
ROLE = "auth.jwt() -> 'app_metadata' ->> 'role'"
FACTORS = "auth.jwt() ->> 'aal' = 'aal2'"
TENANT = MINE.replace("tenant_id =", "id =", 1)
SCHEMA = f"""
create table public.schools (id uuid primary key default gen_random_uuid(), name text not null);
create table public.pupils (
    id uuid primary key default gen_random_uuid(), tenant_id uuid not null references public.schools (id) on delete cascade,
    user_id uuid references auth.users (id) on delete set null, unique (tenant_id, id)
);
create table public.lessons (
    id uuid primary key default gen_random_uuid(), tenant_id uuid not null, pupil_id uuid not null,
    coach_id uuid not null references auth.users (id) on delete cascade, place text not null,
    foreign key (tenant_id, pupil_id) references public.pupils (tenant_id, id) on delete cascade
);
create function public.is_me(pupil uuid) returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.pupils p where p.id = pupil and p.user_id = auth.uid()) $$;
alter table public.schools enable row level security;
alter table public.pupils enable row level security;
alter table public.lessons enable row level security;
create policy r on public.schools for select to authenticated using ({TENANT});
create policy u on public.schools for update to authenticated using ({TENANT} and {ROLE} = 'head' and {FACTORS});
create policy r on public.pupils for select to authenticated using ({MINE} and user_id = auth.uid());
create policy wall on public.lessons as restrictive to authenticated using ({MINE});
create policy office on public.lessons for select to authenticated using ({ROLE} = 'head');
create policy coaches on public.lessons for select to authenticated using ({ROLE} = 'coach' and coach_id = auth.uid());
create policy pupils on public.lessons for select to authenticated using (public.is_me(pupil_id));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (name) on public.schools to authenticated;
"""


def test_who_has_power_in_a_tenant_by_a_claim_needs_a_second_factor(target: Target) -> None:
    held = hold(target, SCHEMA)
    other = "'aal2' = any (array[auth.jwt() ->> 'aal'])"
    assert (
        held.after(
            f"alter policy u on public.schools using ({other} and {ROLE} = 'head' and {TENANT});"
        )
        == set()
    )
    assert held.after(
        f"alter policy u on public.schools using ({TENANT} and {ROLE} = 'head');"
    ) == {
        "Users with app_metadata.role=head without a second factor can now update schools.name on other people's rows."
    }


def test_who_has_a_role_and_a_row_of_his_own_loses_it_below_somebody_elses(target: Target) -> None:
    held = hold(target, SCHEMA)
    merged = f"(coach_id = auth.uid() and {ROLE} = 'coach') or public.is_me(pupil_id)"
    assert (
        held.after(
            "drop policy pupils on public.lessons;"
            f"alter policy coaches on public.lessons using ({merged});"
        )
        == set()
    )
    lost = "alter policy coaches on public.lessons using (public.is_me(pupil_id));"
    assert held.after(lost) == {
        "Owners with app_metadata.role=coach can no longer read lessons (every column) on their own rows under somebody else's pupil_id."
    }
    every = f"alter policy coaches on public.lessons using ({ROLE} = 'coach' or public.is_me(pupil_id));"
    assert (
        "Users with app_metadata.role=coach can now read lessons (every column) on other people's rows."
        in held.after(every)
    )


ASKED = f"""{SCHEMA}
alter table public.lessons add state text not null default 'asked' check (state in ('asked', 'agreed', 'off'));
create policy ask on public.lessons for insert to authenticated with check (public.is_me(pupil_id) and state = 'asked');
create policy call_off on public.lessons for update to authenticated using (public.is_me(pupil_id) and state <> 'off') with check (state = 'off');
grant insert, update (coach_id, state) on public.lessons to authenticated;
"""


def named(target: Target) -> set[str]:
    found = judge(observe(target))
    return {f.rule for f in found if f.severity == "error" and f.relation == "lessons"}


def test_who_asks_for_something_may_name_whom_he_asks(target: Target) -> None:
    hold(target, ASKED)
    run(target, "alter policy ask on public.lessons with check (public.is_me(pupil_id));")
    assert named(target) == {"insert-under-other-name"}


def test_who_owns_a_row_by_being_named_in_it_is_not_to_be_named_by_others(target: Target) -> None:
    run(target, f"{ASKED} alter policy coaches on public.lessons using (coach_id = auth.uid());")
    assert named(target) == {"insert-under-other-name", "transfer"}
