# ruff: noqa: E501 - schemas read better in long lines
"""Users related to a row's owner: followers, and whom he has blocked."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access.held import hold

FOLLOWER = "follower_id to the owner in follows, accepted=true"
ASKED = "follower_id to the owner in follows"
BLOCKED = "blocked_id to the owner in blocks"
BLOCKER = "blocker_id to the owner in blocks"
FOLLOWERS, PRIVATE = "other [visibility=followers]", "other [visibility=private]"

POSTS = """
create table public.follows (
    follower_id uuid not null references auth.users (id) on delete cascade,
    followed_id uuid not null references auth.users (id) on delete cascade,
    accepted boolean not null default false, primary key (follower_id, followed_id));
create table public.blocks (
    blocker_id uuid not null references auth.users (id) on delete cascade,
    blocked_id uuid not null references auth.users (id) on delete cascade, primary key (blocker_id, blocked_id));
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade, body text not null,
    visibility text not null default 'public' check (visibility in ('public', 'followers', 'private')));
create schema private;
grant usage on schema private to authenticated;
create function private.blocked_by(author uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.blocks as b where b.blocker_id = author and b.blocked_id = (select auth.uid())) $$;
alter table public.follows enable row level security;
alter table public.blocks enable row level security;
alter table public.posts enable row level security;
create policy mine on public.follows for select to authenticated using ((select auth.uid()) in (follower_id, followed_id));
create policy mine on public.blocks for select to authenticated using ((select auth.uid()) = blocker_id);
create policy own on public.posts for select to authenticated using (author_id = (select auth.uid()));
create policy everybody on public.posts for select to authenticated
    using (visibility = 'public' and not private.blocked_by(author_id));
create policy followers on public.posts for select to authenticated using (visibility = 'followers' and exists (
    select 1 from public.follows as f where f.follower_id = (select auth.uid()) and f.followed_id = author_id and f.accepted));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""

CHANGES = {
    "requests count": (
        """alter policy followers on public.posts using (visibility = 'followers' and exists (
    select 1 from public.follows as f where f.follower_id = (select auth.uid()) and f.followed_id = author_id));""",
        {("leak", ASKED, FOLLOWERS)},
    ),
    "followers lose": (
        "drop policy followers on public.posts;",
        {("loss", FOLLOWER, FOLLOWERS)},
    ),
    "whoever follows anybody": (
        """alter policy followers on public.posts using (visibility = 'followers' and exists (
    select 1 from public.follows as f where f.follower_id = (select auth.uid()) and f.followed_id = f.followed_id and f.accepted));""",
        {("leak", "follower_id to others in follows", FOLLOWERS)},
    ),
    "private ones": (
        """alter policy followers on public.posts using (exists (
    select 1 from public.follows as f where f.follower_id = (select auth.uid()) and f.followed_id = author_id and f.accepted));""",
        {("leak", FOLLOWER, PRIVATE), ("leak", f"{FOLLOWER} and {BLOCKED}", "other")},
    ),
    "everybody counts as a follower": (
        "alter policy followers on public.posts using (visibility = 'followers');",
        {("leak", "stranger", FOLLOWERS)},
    ),
    "blocks do nothing": (
        "alter policy everybody on public.posts using (visibility = 'public');",
        {("leak", BLOCKED, "other")},
    ),
    "blocks turned round": (
        """create or replace function private.blocked_by(author uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.blocks as b where b.blocked_id = author and b.blocker_id = (select auth.uid())) $$;""",
        {("leak", BLOCKED, "other"), ("loss", BLOCKER, "other")},
    ),
}


@pytest.fixture(scope="module")
def contract_text() -> list[str]:
    """The contract of the right schema, written once by whichever test is first."""
    return []


def _build(target: Target, sql: str) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(sql)  # type: ignore[call-overload]


def test_what_followers_may_more_and_the_blocked_less_is_in_the_contract(target: Target) -> None:
    _build(target, POSTS)
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    facts = facts_of(matrix)
    told = {entry for entry in facts.allowed if " to the owner " in entry[1]}
    # That he blocks them makes no difference where only followers are asked for.
    both = [f"{FOLLOWER} and {other}" for other in (BLOCKED, BLOCKER)]
    assert told == {("posts", who, FOLLOWERS, "select") for who in (FOLLOWER, *both)}
    assert ("posts", BLOCKED, "other", "select") in facts.shut
    assert not [entry for entry in facts.allowed if " to others " in entry[1]]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_it_is_told_of_the_right_people(
    change: str, target: Target, contract_text: list[str]
) -> None:
    _build(target, POSTS)
    if not contract_text:
        contract_text.append(render(facts_of(observe(target)), accepted={}))
    contract = parse_contract(contract_text[0])
    sql, expected = CHANGES[change]
    _build(target, sql)
    found = check(observe(target, given=contract.given), contract)
    told = {(f.kind, f.persona, f.rows) for f in found if f.severity == "error"}
    assert expected <= told
    everybody = {"stranger", "newcomer"}
    assert {persona for _, persona, _ in told} - everybody == {
        persona for _, persona, _ in expected
    } - everybody


def test_nobody_is_related_to_anybody_by_a_table_that_no_policy_asks(target: Target) -> None:
    _build(target, POSTS + "drop policy followers on public.posts; drop table public.follows;")
    assert not [name for name in observe(target).personas if "follow" in name]


def test_a_state_that_keeps_even_followers_out_is_held(target: Target) -> None:
    _build(target, POSTS.replace("default 'public'", "default 'followers'"))
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    facts = facts_of(matrix)
    assert ("posts", FOLLOWER, "other", "select") in facts.allowed
    assert ("posts", FOLLOWER, PRIVATE, "select") in facts.shut
    text = render(facts, accepted={})
    contract = parse_contract(text)
    assert not [f for f in check(matrix, contract) if f.severity == "error"]
    _build(target, CHANGES["private ones"][0])
    again = observe(target, given=contract.given)
    told = {(f.kind, f.persona, f.rows) for f in check(again, contract) if f.severity == "error"}
    # Whom he blocked reads as a follower what the other policy keeps from him.
    public = ("leak", f"{FOLLOWER} and {BLOCKED}", "other [visibility=public]")
    assert told == {("leak", FOLLOWER, PRIVATE), public}


def test_a_contract_that_does_not_know_of_such_a_state_is_kept(target: Target) -> None:
    _build(target, POSTS.replace("default 'public'", "default 'followers'"))
    matrix = observe(target)
    text = render(facts_of(matrix), accepted={})
    head = f'[tables.posts."{FOLLOWER}"."{PRIVATE}"]'
    assert head in text
    old = "\n\n".join(part for part in text.split("\n\n") if not part.startswith(head))
    assert not [f for f in check(matrix, parse_contract(old)) if f.severity == "error"]


ORDERS = """
create table public.listings (
    id uuid primary key default gen_random_uuid(), seller_id uuid not null references auth.users (id)
);
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    listing_id uuid not null references public.listings (id),
    buyer_id uuid not null references auth.users (id),
    seller_id uuid not null references auth.users (id)
);
create table public.payouts (
    id uuid primary key default gen_random_uuid(),
    seller_id uuid not null references auth.users (id), cents int not null
);
alter table public.listings enable row level security;
alter table public.orders enable row level security;
alter table public.payouts enable row level security;
revoke all on public.listings, public.orders, public.payouts from anon, authenticated;
grant select on public.listings, public.orders, public.payouts to authenticated;
create policy r on public.listings for select to authenticated using (seller_id = auth.uid());
create policy r on public.orders for select to authenticated
    using (auth.uid() in (buyer_id, seller_id));
create policy r on public.payouts for select to authenticated using (seller_id = auth.uid());
"""


@pytest.mark.parametrize(
    "condition",
    [
        (
            "exists (select from public.orders o where o.seller_id = payouts.seller_id"
            " and auth.uid() in (o.buyer_id, o.seller_id))"
        ),
        "seller_id in (select o.seller_id from public.orders o where o.buyer_id = auth.uid())",
    ],
)
def test_who_stands_beside_somebody_in_a_row_below_others_may_see_no_more_of_him(
    condition: str, target: Target
) -> None:
    held = hold(target, ORDERS)
    widened = f"alter policy r on public.payouts using (seller_id = auth.uid() or {condition});"
    read = (
        "Users who are buyer_id to the owner in orders can now read payouts on other people's rows."
    )
    assert held.after(widened) == {read}


VISITS = """
create table public.visits (
    doctor_id uuid not null references auth.users (id), patient_id uuid not null references auth.users (id),
    status text not null default 'booked' check (status in ('booked', 'cancelled')), primary key (doctor_id, patient_id));
create table public.records (
    id uuid primary key default gen_random_uuid(), patient_id uuid not null references auth.users (id));
alter table public.visits enable row level security;
alter table public.records enable row level security;
create policy mine on public.visits for select to authenticated using (auth.uid() in (doctor_id, patient_id));
create policy own on public.records for select to authenticated using (patient_id = auth.uid());
create policy doctors on public.records for select to authenticated using (exists (
    select from public.visits v where v.patient_id = records.patient_id and v.doctor_id = auth.uid() and v.status <> 'cancelled'));
revoke all on public.visits, public.records from anon, authenticated;
grant select on public.visits, public.records to authenticated;
"""


def test_who_is_let_in_by_another_state_than_the_usual_one_is_no_old_acquaintance(
    target: Target,
) -> None:
    held = hold(target, VISITS)
    told = held.after(
        """alter policy doctors on public.records using (exists (
    select from public.visits v where v.patient_id = records.patient_id and v.doctor_id = auth.uid()));"""
    )
    cancelled = "doctor_id to the owner in visits, status=cancelled"
    assert f"Users who are {cancelled} can now read records on other people's rows." in told


def test_who_is_accepted_by_a_trigger_is_made_to_wait_as_well(target: Target) -> None:
    accepting = """
    create function public.accept_at_once() returns trigger language plpgsql set search_path = '' as $$
    begin new.accepted := true; return new; end $$;
    create trigger accept_at_once before insert on public.follows
    for each row execute function public.accept_at_once();
    """
    held = hold(target, POSTS + accepting)
    found = held.after(
        "alter policy followers on public.posts using (visibility = 'followers' and exists ("
        " select 1 from public.follows as f where f.follower_id = (select auth.uid())"
        " and f.followed_id = author_id))"
    )
    assert found
