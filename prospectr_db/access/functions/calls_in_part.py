"""Calls for rows that name their caller in one of several columns only: an order's seller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from prospectr_db.access.functions.arguments import IDS, Accepted, calls
from prospectr_db.access.functions.calling import Seeing
from prospectr_db.access.functions.calls_in_states import StateCalls
from prospectr_db.access.functions.known_secrets import Knowledge, Secrets, called
from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.policies.reach import words_of_function
from prospectr_db.access.reached.function_states import apart_in, states_of_function
from prospectr_db.access.reached.view_states import Setting
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database.catalog import Function

__all__ = ["PartCalls", "calls_in_part"]

_MOST_TOGETHER = 24


@dataclass(frozen=True, slots=True)
class PartCalls:
    """The calls of one function with a row that is the owner's by one column."""

    in_states: StateCalls

    @property
    def rows(self) -> str:
        """Whose row it is."""
        return self.in_states.seeing.rows

    @property
    def states(self) -> set[str]:
        """The states in which the row was tried."""
        return {one.name for one in self.in_states.singles} | self.in_states.tried

    def cells(self, knocker: Knocker) -> Iterator[Cell]:
        """Yield what the owner reaches of it; whom the function lets in at all is told already."""
        if knocker.name != "owner":
            return
        given = self.in_states
        plain = list(called(given.seeing, given.knowledge, knocker, given.statements))
        for cell in (*plain, *given.cells(knocker, plain)):
            if cell.command in ("select", "update"):
                yield cell


def calls_in_part(
    seeing: Seeing,
    secrets: Secrets,
    function: Function,
    statements: Sequence[str],
    accepted: Accepted,
) -> Iterator[PartCalls]:
    """Yield the calls for each such row of a table that a function names.

    They are made up in a world in which that row is the owner's, and made in this one, with the
    arguments that are ``accepted`` unless these name rows.
    """
    observation = seeing.observation
    world = observation.world
    types = function.argument_types
    forms = {n: found for n, found in accepted.items() if types[n].removesuffix("[]") not in IDS}
    words = words_of_function(observation.catalog, function)
    for relation in observation.catalog.own_relations:
        users = observation.ownership[relation.oid].users
        whole = world.row(relation, OWNER)
        for name in users if relation.name in words and whole is not None else ():
            row = world.row(relation, f"{OWNER} as {name}")
            if row is None or whole is None or all(row.values[n] == whole.values[n] for n in users):
                continue  # his own row names him in this column alone
            rows = {**world.rows, (relation.oid, OWNER): row}
            there = replace(observation, world=replace(world, rows=rows))
            texts = [text for text in calls(there, function, forms) if text not in statements]
            if texts:
                mine = replace(seeing, labels={row.label}, columns=set(), rows=f"as {name}")
                singles = [Setting((state,)) for state in states_of_function(there, function)]
                knowledge = Knowledge(secrets, mine)
                written = apart_in(observation.catalog, function)
                given = StateCalls(mine, knowledge, singles, texts, written)
                yield PartCalls(replace(given, most_together=_MOST_TOGETHER))
