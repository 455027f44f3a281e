"""With whose rights a function runs, and whose names it means, is held to the contract."""

from __future__ import annotations

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run
from tests.integration.access.schemas import NOTES

MINE = """
create function public.mine() returns bigint language sql stable {} set search_path = ''
as $$ select count(*) from public.notes where user_id = (select auth.uid()) $$;
revoke execute on function public.mine() from public, anon;
grant execute on function public.mine() to authenticated;
"""
RIGHTS = "public.mine() now runs with the rights of"
CALLERS, OWNERS = "rights of its caller", "rights of postgres"


def test_a_function_that_takes_its_names_from_its_caller_is_a_leak(target: Target) -> None:
    held = hold(target, NOTES + MINE.format("security definer"))
    assert held.after("alter function public.mine() reset search_path") == {
        f"{RIGHTS} postgres and the search_path of its caller; the contract says {OWNERS}."
    }


def test_a_function_that_takes_names_from_its_caller_no_more_is_a_loss_to_state(
    target: Target,
) -> None:
    loose = MINE.format("security definer").replace("set search_path = ''", "")
    run(target, NOTES + loose)
    held = Held(target, render_of(target))
    assert held.errors() == set()
    assert held.after("alter function public.mine() set search_path = ''") == {
        f"{RIGHTS} postgres; the contract says {OWNERS} and the search_path of its caller."
    }


def test_a_function_that_gets_its_owners_rights_is_a_leak_and_one_that_loses_them_a_loss(
    target: Target,
) -> None:
    held = hold(target, NOTES + MINE.format(""))
    assert held.after("alter function public.mine() security definer") == {
        f"{RIGHTS} postgres; the contract says {CALLERS}."
    }
    assert held.after("alter function public.mine() security invoker") == set()
    definer = Held(target, held.text.replace(CALLERS, OWNERS))
    assert definer.errors() == {f"{RIGHTS} its caller; the contract says {OWNERS}."}


def test_another_volatility_is_no_difference(target: Target) -> None:
    held = hold(target, NOTES + MINE.format("security definer"))
    assert held.after("alter function public.mine() volatile parallel unsafe") == set()


def render_of(target: Target) -> str:
    """Return the contract of what is there, right or not."""
    return render(facts_of(observe(target)), accepted={})
