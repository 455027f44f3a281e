"""States that open a row only together, wherever they are asked for: in it, above, by a helper."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import hold, red, run, written

MARKET = """
create table public.shops (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id),
    is_open boolean not null default false,
    suspended_at timestamptz
);
create table public.products (
    id uuid primary key default gen_random_uuid(),
    shop_id uuid not null references public.shops (id) on delete cascade,
    title text not null,
    published boolean not null default false
);
create function public.is_live(of_shop uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.shops as s
        where s.id = of_shop and s.is_open and s.suspended_at is null)
$$;
alter table public.shops enable row level security;
alter table public.products enable row level security;
create policy live on public.shops for select using (is_open and suspended_at is null);
create policy own on public.shops for select to authenticated
    using (owner_id = (select auth.uid()));
create policy live on public.products for select
    using (published and public.is_live(shop_id));
create policy own on public.products for select to authenticated
    using (shop_id in (select s.id from public.shops as s where s.owner_id = auth.uid()));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to anon, authenticated;
"""
LIVE = """
create or replace function public.is_live(of_shop uuid) returns boolean
language {} stable security definer set search_path = '' as $$ {} $$
"""
STEP_BY_STEP = LIVE.format(
    "plpgsql",
    """declare one public.shops;
    begin
        select * into one from public.shops as s where s.id = of_shop;
        if not found or one.suspended_at is not null then return false; end if;
        return one.is_open;
    end""",
)
INLINE = """
alter policy live on public.products using (published and shop_id in (
    select s.id from public.shops as s where s.is_open and s.suspended_at is null))
"""
READ = "Visitors without a login can now read products (every column) on other people's rows"
SHOP = "select exists (select from public.shops as s where s.id = of_shop and {})"


def test_they_are_found_in_a_row_and_behind_a_helper(target: Target) -> None:
    held = hold(target, MARKET)
    opened = 'anon."other [published=true, shops.is_open=true'
    assert f'[tables.products.{opened}]"]\nselect = "*"' in held.text
    assert f'[tables.products.{opened}, shops.suspended_at=2020-01-01]"]' in held.text
    assert not held.contract.facts.unseen
    assert held.after(STEP_BY_STEP) == set()
    assert held.after(INLINE) == set()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (
            LIVE.format("sql", SHOP.format("s.is_open")),
            "published=true, shops.is_open=true, shops.suspended_at=2020-01-01",
        ),
        (LIVE.format("sql", SHOP.format("s.suspended_at is null")), "published=true"),
        (
            "alter policy live on public.products using (public.is_live(shop_id))",
            "shops.is_open=true",
        ),
    ],
)
def test_each_of_their_conditions_is_held(change: str, where: str, target: Target) -> None:
    assert f"{READ} where {where}." in hold(target, MARKET).after(change)


POSTS = """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id),
    status text not null default 'draft' check (status in ('draft', 'live')),
    approved boolean not null default false,
    pinned boolean not null default false,
    note text
);
alter table public.posts enable row level security;
create policy own on public.posts for select to authenticated using (author_id = auth.uid());
create policy live on public.posts for select to authenticated using (status = 'live' and approved);
create policy pins on public.posts for update to authenticated
    using (not pinned and (status = 'live' and approved));
create policy authors on public.posts for update to authenticated
    using (author_id = auth.uid()) with check (author_id = auth.uid());
revoke all on public.posts from anon, authenticated, service_role;
grant select, update (note) on public.posts to authenticated;
"""


def test_they_are_found_for_changes_too(target: Target) -> None:
    run(target, POSTS)
    contract = written(target)
    live = "other [status=live, approved=true]"
    assert contract.facts.allowed["posts", "stranger", live, "update"] == ("note",)
    assert not contract.facts.unseen
    said = "alter policy pins on public.posts using ({})"
    run(target, said.format("not (pinned or not approved or status <> 'live')"))
    assert red(target, contract) == {}
    run(target, said.format("status = 'live' and approved"))
    assert any("status=live, approved=true, pinned=true" in told for told in red(target, contract))


SCHOOL = """
create table public.guardians (
    guardian_id uuid not null references auth.users (id) on delete cascade,
    student_id uuid not null references auth.users (id) on delete cascade,
    verified boolean not null default false,
    primary key (guardian_id, student_id),
    check (guardian_id <> student_id)
);
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    teacher_id uuid not null references auth.users (id)
);
create table public.papers (
    id uuid primary key default gen_random_uuid(),
    task_id uuid not null references public.tasks (id) on delete cascade,
    student_id uuid not null references auth.users (id) on delete cascade,
    draft boolean not null default true
);
create table public.grades (
    paper_id uuid primary key references public.papers (id) on delete cascade,
    score integer not null,
    released boolean not null default false
);
create function public.guards(student uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.guardians as g where g.student_id = student
        and g.guardian_id = (select auth.uid()) and g.verified)
$$;
create function public.teaches(task uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.tasks as t
        where t.id = task and t.teacher_id = (select auth.uid()))
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
alter table public.guardians enable row level security;
alter table public.tasks enable row level security;
alter table public.papers enable row level security;
alter table public.grades enable row level security;
create policy own on public.guardians for select to authenticated
    using ((select auth.uid()) in (guardian_id, student_id));
create policy readers on public.papers for select to authenticated
    using (student_id = (select auth.uid()) or public.teaches(task_id)
        or (public.guards(student_id) and not draft));
create policy teachers on public.grades for select to authenticated
    using (exists (select from public.papers as p
        where p.id = paper_id and public.teaches(p.task_id)));
create policy students on public.grades for select to authenticated
    using (released and exists (select from public.papers as p where p.id = paper_id
        and (p.student_id = (select auth.uid()) or public.guards(p.student_id))));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated;
"""
STUDENTS = """
alter policy students on public.grades using (released and paper_id in (
    select p.id from public.papers as p where {}))
"""
MINE = "p.student_id = auth.uid()"
GUARDED = """p.student_id in (select g.student_id from public.guardians as g
    where g.verified and g.guardian_id = auth.uid())"""


def test_a_row_that_is_its_users_by_its_parent_alone_is_tried_in_its_states(
    target: Target,
) -> None:
    held = hold(target, SCHOOL)
    assert not held.contract.facts.unseen
    assert held.after(STUDENTS.format(f"{MINE} or {GUARDED}")) == set()
    alone = "on their own rows where papers is theirs by student_id alone"
    told = held.after("alter policy students on public.grades using (released)")
    assert any(s.startswith("Authenticated strangers can now read grades") for s in told)
    told = held.after(STUDENTS.format(GUARDED))
    assert f"Owners can no longer read grades (every column) {alone}, released=true." in {
        s.split(":")[0].rstrip(".") + "." for s in told
    }


def test_whoever_is_related_to_its_user_is_tried_in_them_too(target: Target) -> None:
    told = hold(target, SCHOOL).after(STUDENTS.format(MINE))
    where = "on other people's rows where released=true, papers.draft=false"
    assert {s for s in told if "guardian_id to the owner in guardians, verified=true" in s}
    assert {s for s in told if "can no longer read grades" in s and where in s}


TASKS = """
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    teacher_id uuid not null references auth.users (id),
    published boolean not null default false,
    closed boolean not null default false
);
create table public.members (
    task_id uuid not null references public.tasks (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    active boolean not null default false,
    primary key (task_id, user_id)
);
create table public.papers (
    task_id uuid not null references public.tasks (id) on delete cascade,
    student_id uuid not null references auth.users (id) on delete cascade,
    primary key (task_id, student_id)
);
create function public.may_hand_in(task uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.members as m join public.tasks as t on t.id = m.task_id
        where m.task_id = task and m.user_id = (select auth.uid()) and m.active
        and t.published and not t.closed)
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
alter table public.tasks enable row level security;
alter table public.members enable row level security;
alter table public.papers enable row level security;
create policy own on public.papers for select to authenticated
    using (student_id = (select auth.uid()));
create policy students on public.papers for insert to authenticated
    with check (student_id = (select auth.uid()) and public.may_hand_in(task_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert on public.papers to authenticated;
"""
HAND_IN = """
create or replace function public.may_hand_in(task uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.members as m join public.tasks as t on t.id = m.task_id
        where m.task_id = task and m.user_id = auth.uid() and (m.active and t.published) {})
$$
"""


def test_each_further_state_is_tried_on_top_of_the_one_in_which_new_rows_get_in(
    target: Target,
) -> None:
    held = hold(target, TASKS)
    assert '[tasks.published=true, tasks.closed=true]"]\ninsert = false' in held.text
    assert held.after(HAND_IN.format("and t.closed is not true")) == set()
    told = held.after(HAND_IN.format(""))
    assert {s for s in told if "where tasks.published=true, tasks.closed=true" in s}
