# ruff: noqa: E501 - schemas read better in long lines
"""Rows that are the owner's by one of several columns, in the states that policies tell apart."""

from __future__ import annotations

import re

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.holding import hold, run

LEAVE = """
create table public.leave_requests (
    id uuid primary key default gen_random_uuid(),
    requester_id uuid not null references auth.users (id), approver_id uuid not null references auth.users (id),
    status text not null default 'pending' check (status in ('pending', 'approved', 'denied')), reason text);
alter table public.leave_requests enable row level security;
revoke all on public.leave_requests from anon, authenticated, service_role;
grant select, update (status, reason), delete on public.leave_requests to authenticated;
grant select, insert, update, delete on public.leave_requests to service_role;
create policy see on public.leave_requests for select to authenticated
    using ((select auth.uid()) in (requester_id, approver_id));
create policy decide on public.leave_requests for update to authenticated
    using (approver_id = (select auth.uid()) and requester_id <> (select auth.uid()) and status = 'pending')
    with check (approver_id = (select auth.uid()) and requester_id <> (select auth.uid()));
create policy withdraw on public.leave_requests for delete to authenticated
    using (requester_id = (select auth.uid()) and status = 'pending');
"""
REOPENED = """
alter policy decide on public.leave_requests
    using (approver_id = (select auth.uid()) and requester_id <> (select auth.uid()));
"""
SHUT = """
alter policy decide on public.leave_requests
    using (approver_id = (select auth.uid()) and requester_id <> (select auth.uid()) and status = 'approved');
"""
RESPELLED = """
alter policy decide on public.leave_requests
    using (status in ('pending') and approver_id = (select auth.uid()) and not requester_id = approver_id);
"""


def test_an_approver_is_held_to_the_state_in_which_he_may_decide(target: Target) -> None:
    found = hold(target, LEAVE)(REOPENED)
    assert len(found) == len(("approved", "denied"))
    for status in ("approved", "denied"):
        said = f"can now update .* name them in approver_id only where status={status}"
        assert any(re.search(said, sentence) for sentence in found), found


def test_a_state_that_shuts_an_approver_out_is_a_loss_and_one_that_opens_a_leak(
    target: Target,
) -> None:
    found = hold(target, LEAVE)(SHUT)
    less = "no longer update .* name them in approver_id only"
    assert any(re.search(less, sentence) for sentence in found)
    assert any("can now update" in s and "status=approved" in s for s in found), found


def test_another_spelling_changes_nothing(target: Target) -> None:
    assert hold(target, LEAVE)(RESPELLED) == set()


def test_a_contract_that_does_not_know_such_states_is_kept_by_the_same_schema(
    target: Target,
) -> None:
    run(target, LEAVE)
    text = render(facts_of(observe(target)), accepted={})
    kept = [part for part in text.split("\n\n") if not re.search(r'"as \w+ \[', part)]
    old = re.sub(r'"as \w+" = true(, )?', "", "\n\n".join(kept))
    assert old != text
    contract = parse_contract(old)
    found = check(observe(target, given=contract.given), contract)
    assert [f.sentence for f in found if f.severity == "error"] == []
