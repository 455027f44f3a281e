"""Policies that ask for each other's tables without end: one sentence, with all that suffers."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.review.telling import tell
from prospectr_db.database import Target
from tests.integration.access.held import run

FAMILIES = """
create table public.families (
    id uuid primary key default gen_random_uuid(),
    name text not null
);
create table public.relatives (
    family_id uuid not null references public.families (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (family_id, user_id)
);
create table public.diaries (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null
);
alter table public.families enable row level security;
alter table public.relatives enable row level security;
alter table public.diaries enable row level security;
create policy "relatives" on public.families for select to authenticated
using (exists (
    select from public.relatives as r where r.family_id = id and r.user_id = (select auth.uid())
));
create policy "own" on public.diaries for select to authenticated
using (user_id = (select auth.uid()));
revoke all on public.families, public.relatives, public.diaries
from anon, authenticated, service_role;
grant select on public.families, public.relatives, public.diaries to authenticated;
"""
ITSELF = """
create policy "each other" on public.relatives for select to authenticated
using (exists (
    select from public.relatives as r
    where r.family_id = relatives.family_id and r.user_id = (select auth.uid())
));
"""
EACH_OTHER = """
create policy "through families" on public.relatives for select to authenticated
using (exists (select from public.families as f where f.id = family_id));
"""
THROUGH_A_FUNCTION = """
create function public.is_relative(family uuid) returns boolean
language plpgsql stable set search_path = ''
as $$ begin return exists (
    select from public.relatives as r
    where r.family_id = family and r.user_id = (select auth.uid())
); end $$;
create policy "by a helper" on public.relatives for select to authenticated
using ((select public.is_relative(family_id)));
"""
RIGHT = """
alter function public.is_relative(uuid) security definer;
revoke execute on function public.is_relative(uuid) from public, anon;
grant execute on function public.is_relative(uuid) to authenticated;
"""


def errors(target: Target) -> list[str]:
    found = [f for f in judge(observe(target)) if f.severity == "error"]
    return [one.sentence for one in tell(found)]


def test_a_policy_that_asks_its_own_table_is_told_once(target: Target) -> None:
    run(target, FAMILIES + ITSELF)
    assert errors(target) == [
        (
            "The policy 'each other' on relatives asks relatives again, without end: "
            "statements on families and relatives fail."
        )
    ]


def test_policies_that_ask_each_others_tables_are_both_named(target: Target) -> None:
    run(target, FAMILIES + EACH_OTHER)
    assert errors(target) == [
        (
            "The policies 'relatives' on families and 'through families' on relatives ask each "
            "other's tables again, without end: statements on families and relatives fail."
        )
    ]


def test_a_helper_with_the_rights_of_its_caller_asks_again(target: Target) -> None:
    run(target, FAMILIES + THROUGH_A_FUNCTION)
    assert errors(target) == [
        (
            "The policy 'by a helper' on relatives asks relatives again, without end: "
            "statements on families and relatives fail."
        )
    ]
    run(target, RIGHT)
    assert errors(target) == []
