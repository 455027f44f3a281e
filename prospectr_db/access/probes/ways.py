"""The states in which a policy lets somebody in only together: of a row, and of what is around it.

Each condition that the policy joins by AND is asked by itself, as the user himself, in the states
that it can see. What opens each of them opens the row together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.matrix.row_classes import columns_of, state_name, states_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.sight import Condition, Sight
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.rows import deletes, selects
from prospectr_db.access.probes.running import run
from prospectr_db.access.probes.update import updates
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import as_row
from prospectr_db.database.catalog import PRIVILEGES

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["Ways", "find_ways", "on_top"]

_COMMANDS = ("select", "update", "delete")
_MOST_TOGETHER = 3
"""States in which one condition is asked at once."""
_MOST_FOR_CALLER = 2
"""The same of one condition that asks for its caller."""
_MOST = 60
"""Sets of states that one condition is asked in."""
_MOST_FOUND = 12
"""Sets of states in which a row is tried for each side of a policy."""

States = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """By relation and persona the states to be in at once, with the commands that they may open."""

    found: Mapping[tuple[int, str], Mapping[States, Collection[str]]]

    def probes(self, plan: Plan, knocker: Knocker, _: Iterable[Cell]) -> Iterator[Probe]:
        """Yield the statements on the owner's row in such states."""
        for states, commands in self.found.get((plan.relation.oid, knocker.name), {}).items():
            yield from _in_several(plan, knocker, states, commands)

    def rows(
        self, plan: Plan, knocker: Knocker
    ) -> Iterator[tuple[Mapping[str, str | None], str | None]]:
        """Yield the owner's row as it is in such states, each with what brings it there."""
        for states in self.found.get((plan.relation.oid, knocker.name), ()):
            yield _values_in(plan, states), _made(plan, knocker, states)


@dataclass(slots=True)
class _Search:
    """What opens one side of a policy to a user, by the conditions of it."""

    plan: Plan
    knocker: Knocker
    commands: Collection[str]
    found: dict[Condition, list[States]]


def find_ways(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> Ways:
    """Find the states that open the owner's row only together, to whom it is closed without any."""
    ways: dict[tuple[int, str], dict[States, set[str]]] = {}
    sight = Sight(observation.catalog)
    for knocker in personas:
        searches = [
            search
            for oid, plan in plans.items()
            for search in _searches(plan, knocker, cells[oid], sight)
        ]
        for size in range(-1, _MOST_TOGETHER + 1):
            searches = _looked(observation, knocker, searches, size)
        for search in searches:
            there = ways.setdefault((search.plan.relation.oid, knocker.name), {})
            for states in _together(search):
                there.setdefault(states, set()).update(search.commands)
    return Ways(ways)


def on_top(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield each further state on top of several that only together open the owner's row."""
    if OWNER not in plan.targets or plan.slot is not None:
        return
    base = plan.row_class(knocker, OWNER)
    opened: dict[str, dict[States, None]] = {}
    for cell in cells:
        if (cell.persona, cell.rows.partition(" [")[0]) == (knocker.name, base) and cell.succeeds:
            opened.setdefault(cell.command, {})[states_of(cell.rows)] = None
    states = dict(plan.variants(knocker=knocker))
    wanted: dict[States, set[str]] = {}
    for command in _COMMANDS:
        there = opened.get(command, {})
        for some in there:
            if len(some) < 2 or any(set(less) < set(some) for less in there):
                continue
            for state in states:
                if not _columns(some) & columns_of(state) and set(some) <= states.keys():
                    wanted.setdefault((*some, state), set()).add(command)
    for some, commands in wanted.items():
        yield from _in_several(plan, knocker, some, commands)


def _columns(states: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*map(columns_of, states))


def _in_several(
    plan: Plan, knocker: Knocker, states: States, commands: Collection[str]
) -> Iterator[Probe]:
    rows = f"{plan.row_class(knocker, OWNER)} [{', '.join(states)}]"
    row = plan.in_state(plan.targets[OWNER], *states)
    target: list[tuple[str, Row, str | None]] = [(rows, row, _made(plan, knocker, states))]
    for command, trying in zip(_COMMANDS, (selects, updates, deletes), strict=True):
        for probe in trying(plan, knocker, target) if command in commands else ():
            if (probe.rows, probe.command) == (rows, command):
                yield probe


def _made(plan: Plan, knocker: Knocker, states: States) -> str | None:
    known = dict(plan.variants(knocker=knocker)) if states else {}
    return "; ".join(known[state] for state in states) or None


def _searches(
    plan: Plan, knocker: Knocker, cells: Iterable[Cell], sight: Sight
) -> Iterator[_Search]:
    """Yield the sides of policies worth a search: they see states of two columns and more."""
    role, relation = knocker.persona.role, plan.relation
    known = knocker.only is None or plan.source.oid in knocker.only
    if not known or OWNER not in plan.targets or plan.slot is not None or not relation.rls:
        return
    states = [name for name, _ in plan.variants(knocker=knocker)]
    if role in plan.catalog.above_rls or len(_columns(states)) < 2:
        return
    base = plan.row_class(knocker, OWNER)
    through = {
        cell.command
        for cell in cells
        if (cell.persona, cell.rows) == (knocker.name, base) and cell.succeeds
    }
    wanted = [c for c in _COMMANDS if relation.holds_any(role, PRIVILEGES[c]) and c not in through]
    for policy in relation.policies:
        commands = [c for c in wanted if policy.command in (c, "all")]
        if policy.permissive and commands and plan.catalog.binds(policy, role):
            for side in sight.sides_of(policy, states):
                if len(_columns(state for one in side for state in one.states)) > 1:
                    yield _Search(plan, knocker, commands, {one: [] for one in side})


def _looked(
    observation: Observation, knocker: Knocker, searches: Sequence[_Search], size: int
) -> list[_Search]:
    """Ask what was not true yet in so many states at once; return what is worth going on with.

    What sees no state is asked before anything else: whom it keeps out no state lets in.
    """
    tried = [
        (search, one, states)
        for search in searches
        for one, found in search.found.items()
        if not found and bool(one.states) == (size >= 0) and size <= _most(one)
        for states in _sets(one, max(size, 0))
    ]
    # Several policies on a table ask the same.
    asked = {
        (search.plan.relation.oid, one, states): _question(search, one, states)
        for search, one, states in tried
    }
    outcomes = run(observation, knocker.persona, list(asked.values()))
    true = {
        question
        for question, outcome in zip(asked, outcomes, strict=True)
        if outcome.state is None and outcome.touched > 0
    }
    for search, one, states in tried:
        if (search.plan.relation.oid, one, states) in true:
            search.found[one].append(states)
    return [
        search
        for search in searches
        if all(
            found or max(size, 0) < min(_most(one), len(_columns(one.states)))
            for one, found in search.found.items()
        )
    ]


def _most(condition: Condition) -> int:
    return _MOST_FOR_CALLER if condition.for_caller else _MOST_TOGETHER


def _sets(condition: Condition, size: int) -> Iterator[States]:
    """Yield the sets of so many states of different columns that a condition can see."""
    found = (
        some
        for some in combinations(condition.states, size)
        if len(_columns(some)) == sum(len(columns_of(state)) for state in some)
    )
    return islice(found, _MOST)


def _question(search: _Search, condition: Condition, states: States) -> Probe:
    """Return a query that has a row where a condition holds for the owner's row in some states."""
    row = as_row(search.plan.relation, _values_in(search.plan, states))
    text = " ".join(("select 1 from", row, "where", "".join(("(", condition.text, ")"))))
    made = _made(search.plan, search.knocker, states)
    return Probe(None, "", "call", "holds", None, text, made)


def _values_in(plan: Plan, states: States) -> dict[str, str | None]:
    """Return the owner's row with what it holds in some states, of its own and of others."""
    values = dict(plan.targets[OWNER].values)
    for (oid, name, value), changed in plan.world.states.items() if states else ():
        if oid == plan.relation.oid and state_name(name, value) in states:
            values |= changed
    return values


def _together(search: _Search) -> Iterator[States]:
    """Yield the sets that make all conditions of a side true, where that takes several states."""
    order = [name for name, _ in search.plan.variants(knocker=search.knocker)]
    sets: dict[States, None] = {}
    for each in islice(product(*search.found.values()), _MOST):
        some = {state for states in each for state in states}
        if len(some) > 1 and len(_columns(some)) == sum(len(columns_of(s)) for s in some):
            sets[tuple(sorted(some, key=order.index))] = None
    return islice(sets, _MOST_FOUND)
