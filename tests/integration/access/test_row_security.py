"""Whether row-level security is on is a fact of its own, be it that it makes no difference yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.mutants import mutate
from prospectr_db.access.observe import observe, observing
from prospectr_db.access.verify import access_difference
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.server.templates import Template
from tests.integration.access.held import Run, red
from tests.integration.access.schemas import NOTES

COUNTRIES = """
create table public.countries (code text primary key, name text not null);
alter table public.countries enable row level security;
revoke all on public.countries from anon, authenticated;
grant select on public.countries to anon, authenticated;
create policy "everybody reads" on public.countries for select using (true);
"""
READINGS = """
create table public.readings (at date not null, value text not null) partition by range (at);
create table public.readings_2026 partition of public.readings
    for values from ('2026-01-01') to ('2027-01-01');
alter table public.readings enable row level security;
alter table public.readings_2026 enable row level security;
revoke all on public.readings, public.readings_2026 from anon, authenticated;
grant select on public.readings, public.readings_2026 to authenticated;
create policy "users read" on public.readings for select to authenticated using (true);
create policy "users read" on public.readings_2026 for select to authenticated using (true);
"""
OFF = (
    "Row-level security is off on {}, and the contract does not say so: no policy keeps anybody "
    "from a row. If that is meant, `prospectr-db access write` states it."
)
ON = "Row-level security is now on for {}; the contract says that it is off."


def text(target: Target) -> str:
    return render(facts_of(observe(target)), accepted={})


@pytest.mark.parametrize(
    ("schema", "table"),
    [(COUNTRIES, "countries"), (READINGS, "readings"), (READINGS, "readings_2026")],
)
def test_switching_it_off_is_a_leak_although_everybody_reads_everything(
    schema: str, table: str, target: Target, run: Run
) -> None:
    run(schema)
    written = text(target)
    assert "row_level_security" not in written
    assert red(target, parse_contract(written)) == {}
    run(f"alter table public.{table} disable row level security")
    assert red(target, parse_contract(written)) == {OFF.format(table): "leak"}


@pytest.mark.parametrize("table", ["countries", "readings_2026"])
def test_what_the_contract_says_is_off_is_kept_and_switching_it_on_is_told(
    table: str, target: Target, run: Run
) -> None:
    run(COUNTRIES + READINGS + f"alter table public.{table} disable row level security")
    written = text(target)
    assert written.count("row_level_security = false") == 1
    contract = parse_contract(written)
    assert red(target, contract) == {}
    run(f"alter table public.{table} enable row level security")
    assert red(target, contract) == {ON.format(table): "loss"}


def test_a_contract_from_before_there_was_a_word_for_it_says_how_to_go_on(
    target: Target, run: Run
) -> None:
    run(COUNTRIES + "alter table public.countries disable row level security")
    before = text(target).replace("row_level_security = false\n", "")
    assert red(target, parse_contract(before)) == {OFF.format("countries"): "leak"}
    assert red(target, parse_contract(text(target))) == {}


def test_a_plan_tells_it_of_what_is_pending(
    target: Target,
    run: Run,
    make_database: Callable[[Template], Target],
    platform_template: Template,
) -> None:
    run(COUNTRIES)
    after = make_database(platform_template)
    with connect_as_migrator(after) as connection:
        connection.execute(COUNTRIES)
        connection.execute("alter table public.countries disable row level security")
    told = {f.sentence for f in access_difference(target, after)}
    off = "Row-level security is now off on countries: no policy keeps anybody from a row."
    assert told == {off}


def test_a_mutant_that_makes_no_difference_is_killed_by_the_contract_only(
    target: Target, run: Run
) -> None:
    run(NOTES + COUNTRIES)
    contract = parse_contract(text(target))
    for given, outcome in ((contract, "killed"), (None, "equivalent")):
        with observing(target) as (observation, matrix):
            report = mutate(observation, matrix, given, only=("countries",))
        assert [m.outcome for m in report.mutants if m.kind == "rls"] == [outcome]
