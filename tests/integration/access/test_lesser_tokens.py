"""A token with one claim less: what it is kept from is told, and stays so."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.held import Run, red, written
from tests.integration.access.schemas import NOTES, TEAMS, TREE
from tests.integration.access.tokens import (
    AAL,
    DROPPED,
    OPTED_IN,
    PRIVATE,
    RESTRICTIONS,
    Restriction,
    restrict,
)


@pytest.mark.parametrize("case", RESTRICTIONS, ids=lambda case: case.name)
def test_a_restriction_on_the_token_is_right_and_its_loss_is_a_leak(
    case: Restriction, target: Target, run: Run
) -> None:
    run(case.schema)
    assert red(target, None) == {}
    contract = written(target)
    assert red(target, contract) == {}
    run(case.dropped)
    told = red(target, contract)
    assert told.get(case.says) == "leak", told
    assert set(told.values()) == {"leak"}


HELPERS = (
    PRIVATE
    + """
create function private.level() returns text language sql stable set search_path = ''
    as $$ select auth.jwt() ->> 'aal' $$;
create function private.is_guest() returns boolean language sql stable set search_path = ''
    as $$ select coalesce((auth.jwt() ->> 'is_anonymous')::boolean, true) $$;
create function private.plan() returns text language sql stable set search_path = ''
    as $$ select auth.jwt() -> 'app_metadata' ->> 'plan' $$;
"""
)
IS_ANONYMOUS = "(select auth.jwt() ->> 'is_anonymous')::boolean"
PLAN = "(select auth.jwt() -> 'app_metadata' ->> 'plan')"


@pytest.mark.parametrize(
    ("written_as", "spelling"),
    [
        (
            f"{AAL}",
            "(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aal') = 'aal2'",
        ),
        (f"{AAL}", "(select private.level()) = 'aal2'"),
        (f"{AAL}", "coalesce((select auth.jwt() #>> '{aal}'), 'none') in ('aal2', 'aal3')"),
        (
            f"{IS_ANONYMOUS} is false",
            "(auth.jwt() ->> 'is_anonymous') is not distinct from 'false'",
        ),
        (f"{IS_ANONYMOUS} is false", f"{IS_ANONYMOUS} is distinct from true"),
        (f"{IS_ANONYMOUS} is false", "not private.is_guest()"),
        (f"{PLAN} = 'pro'", f"{PLAN} in ('pro')"),
        (f"{PLAN} = 'pro'", "private.plan() = 'pro'"),
        ("(select auth.email()) like '%@acme.com'", "(auth.jwt() ->> 'email') ~ '@acme\\.com$'"),
        (
            "(select auth.email()) like '%@acme.com'",
            "split_part(auth.email(), '@', 2) = 'acme.com'",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["restrictive", "ordinary"])
def test_another_spelling_of_a_restriction_keeps_the_contract(
    kind: str, written_as: str, spelling: str, target: Target, run: Run
) -> None:
    def spelt(condition: str) -> str:
        if kind == "restrictive":
            return "drop policy if exists gate on public.notes;" + restrict(condition)
        return (
            'alter policy "see own" on public.notes'
            f" using ((select auth.uid()) = user_id and {condition});"
        )

    run(NOTES + HELPERS + spelt(written_as))
    contract = written(target)
    run(spelt(spelling))
    assert red(target, contract) == {}


@pytest.mark.parametrize("as_before", [True, False], ids=["restrictive", "ordinary"])
def test_a_restriction_may_move_between_kinds_of_policies(
    as_before: bool, target: Target, run: Run
) -> None:
    ordinary = f'alter policy "see own" on public.notes using (user_id = auth.uid() and {AAL});'
    kinds = [restrict(AAL, command="select"), ordinary]
    first, second = kinds if as_before else reversed(kinds)
    run(NOTES + first)
    contract = written(target)
    run(
        f'drop policy if exists gate on public.notes; alter policy "see own" on public.notes'
        f" using (user_id = auth.uid()); {second}"
    )
    assert red(target, contract) == {}


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (
            AAL,
            (
                "Owners without a second factor cannot delete notes on their own rows, "
                "and the contract says nothing of them."
            ),
        ),
        (
            f"{IS_ANONYMOUS} is false",
            (
                "Owners signed in anonymously cannot delete notes on their own rows, "
                "and the contract says nothing of them."
            ),
        ),
    ],
)
def test_a_restriction_that_is_new_is_told(
    condition: str, says: str, target: Target, run: Run
) -> None:
    run(NOTES)
    contract = written(target)
    run(restrict(condition))
    told = red(target, contract)
    assert told.get(says) == "loss", told
    assert set(told.values()) == {"loss"}


def test_a_restriction_on_one_more_table_is_a_loss(target: Target, run: Run) -> None:
    run(NOTES + TREE + restrict(AAL))
    contract = written(target)
    run(
        "create policy gate on public.lists as restrictive for delete to authenticated"
        f" using ({AAL});"
    )
    assert red(target, contract) == {
        ("Owners without a second factor can no longer delete lists on their own rows."): "loss"
    }


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            f"{PLAN} = 'pro'",
            f"{PLAN} in ('pro', 'free')",
            "Owners with app_metadata.plan=free can now read notes (every column).",
        ),
        (
            f"{PLAN} in ('pro', 'team')",
            f"{PLAN} = 'pro'",
            (
                "Owners with app_metadata.plan=team can no longer read notes (every column) "
                "on their own rows."
            ),
        ),
        (
            "(select auth.email()) like '%@acme.com'",
            "(select auth.email()) like any (array['%@acme.com', '%@gmail.com'])",
            "Owners with an e-mail at gmail.com can now read notes (every column).",
        ),
        (
            "(select auth.jwt() -> 'amr') @> '[{\"method\": \"totp\"}]'",
            (
                "((select auth.jwt() -> 'amr') @> '[{\"method\": \"totp\"}]'"
                " or (select auth.jwt() -> 'amr') @> '[{\"method\": \"otp\"}]')"
            ),
            "Owners with amr=otp can now read notes (every column) on their own rows.",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["restrictive", "ordinary"])
def test_another_value_of_a_claim_that_is_let_in_is_told(
    kind: str, was: str, now: str, says: str, target: Target, run: Run
) -> None:
    change = 'alter policy "see own" on public.notes using ((select auth.uid()) = user_id and {});'
    if kind == "restrictive":
        change = "alter policy gate on public.notes using ({});"
    run(NOTES + restrict("true") + change.replace("{}", was))
    contract = written(target)
    run(change.replace("{}", now))
    told = red(target, contract)
    assert any(sentence.startswith(says[:-1]) for sentence in told), told


def test_whoever_never_enrolled_is_told_apart_from_who_did_not_use_it(
    target: Target, run: Run
) -> None:
    strong = "create or replace function private.is_strong() returns boolean language sql stable"
    strong += f" security definer set search_path = '' as $$ select {OPTED_IN} $$;"
    run(NOTES + PRIVATE + strong + restrict("(select private.is_strong())"))
    contract = written(target)
    run(strong.replace("array['aal1', 'aal2']", "array['aal2']"))
    told = red(target, contract)
    assert told.get(
        "Owners who enrolled no second factor cannot delete notes on their own rows, "
        "and the contract says nothing of them."
    ), told


def test_nobody_is_told_apart_where_nothing_asks_for_a_claim(target: Target, run: Run) -> None:
    run(NOTES + TREE + TEAMS)
    assert not [name for name in observe(target).personas if is_lesser(name)]


def test_whoever_has_an_address_of_the_companys_and_reads_everything_is_told(
    target: Target, run: Run
) -> None:
    run(NOTES)
    contract = written(target)
    run(
        "create policy staff on public.notes for select to authenticated"
        " using ((select auth.jwt() ->> 'email') like '%@acme.com');"
    )
    says = (
        "Authenticated users with an e-mail at acme.com can now read notes (every column) "
        "on other people's rows."
    )
    assert red(target, contract) == {says: "leak"}
    assert red(target, None) == {}
    assert red(target, written(target)) == {}


def test_another_address_says_nothing_of_rows_that_belong_to_an_address(
    target: Target, run: Run
) -> None:
    run(
        NOTES
        + restrict("(select auth.email()) like '%@acme.com'")
        + """
create table public.tickets (
    id uuid primary key default gen_random_uuid(), email text not null, title text not null);
alter table public.tickets enable row level security;
grant select on public.tickets to authenticated;
create policy own on public.tickets for select to authenticated
    using (email = (select auth.jwt() ->> 'email'));
"""
    )
    table = observe(target).table("tickets")
    assert table is not None
    assert not [access for access in table.accesses if is_lesser(access.persona)]


@pytest.mark.parametrize(
    "condition",
    [
        "coalesce((select auth.jwt() ->> 'aal'), 'aal2') = 'aal2'",
        "((select auth.jwt() ->> 'aal') = 'aal2') is not false",
    ],
)
def test_a_token_that_says_no_level_is_none_of_the_second(
    condition: str, target: Target, run: Run
) -> None:
    run(NOTES + restrict(AAL))
    contract = written(target)
    assert not any("no aal" in entry[1] for entry in contract.facts.allowed)
    run(f"alter policy gate on public.notes using ({condition});")
    told = red(target, contract)
    says = "Owners whose token says no aal can now read notes on their own rows."
    assert told.get(says) == "leak", told
    assert set(told.values()) == {"leak"}
    assert red(target, written(target)) == {}


@pytest.mark.parametrize(
    ("condition", "claim"),
    [
        (f"{PLAN} = 'pro'", "app_metadata.plan=pro"),
        ("(select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin'", "app_metadata.role=admin"),
        ("(select auth.email()) like '%@acme.com'", "email=*@acme.com"),
    ],
)
def test_what_one_table_of_several_asks_for_is_not_given_to_everybody(
    condition: str, claim: str, target: Target, run: Run
) -> None:
    run(NOTES + TREE + restrict(condition))
    assert red(target, None) == {}
    contract = written(target)
    owner = ("notes", f"owner with {claim}", "own", "select")
    assert contract.facts.allowed[owner] == ("*",)
    assert ("notes", "owner", "own", "select") not in contract.facts.allowed
    assert red(target, contract) == {}
    run(DROPPED)
    told = red(target, contract)
    assert told["Owners can now read notes (every column) on their own rows."] == "leak"
    assert not [sentence for sentence in told if "no longer read" in sentence]


def test_what_everybody_with_an_address_of_the_companys_reads_is_told_once(
    target: Target, run: Run
) -> None:
    run(
        NOTES
        + TREE
        + 'alter policy "see own" on public.notes using (true);'
        + restrict("(select auth.email()) like '%@acme.com'", command="select")
    )
    facts = written(target).facts
    told = [entry for entry in facts.allowed if "acme.com" in entry[1]]
    assert told == [("notes", "newcomer with email=*@acme.com", "other", "select")]
