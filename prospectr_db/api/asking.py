"""What the database answers, by impersonation, to every cell that a request expresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.given import NOTHING
from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation, knockers, open_observer, prepare
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.spelling import stated_policies
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.api.requests import Request, express
from prospectr_db.database.target import Target

if TYPE_CHECKING:
    from prospectr_db.access.contract.contract import Contract

__all__ = ["Asked", "Compared", "ask_database", "verdict_of"]

_ROW_SECURITY = "row-level security policy"


@dataclass(frozen=True, slots=True)
class Compared:
    """What was asked in one cell, and how the database answered by impersonation.

    ``control`` is what the same statement does to a superuser.
    """

    plan: Plan
    knocker: Knocker
    probe: Probe
    request: Request
    outcome: Outcome
    control: Outcome

    @property
    def relation(self) -> str:
        """The relation's label."""
        return self.plan.relation.label

    @property
    def verdict(self) -> str:
        """How the statement ended."""
        return verdict_of(self.outcome.state, self.outcome.message, self.outcome.touched)


@dataclass(frozen=True, slots=True)
class Asked:
    """The world that was built, every cell that a request expresses, and who asks.

    ``omitted`` counts the probes that no request expresses, by command and form; ``otherwise`` is
    what the database lets through by them.
    """

    observation: Observation
    cells: Sequence[Compared]
    knockers: Sequence[Knocker]
    omitted: Mapping[str, int]
    otherwise: Sequence[tuple[str, Cell]] = ()


def verdict_of(code: str | None, message: str | None, rows: int) -> str:
    """Name how a statement or request ended, by the same rule for both ways."""
    if code is None:
        return Verdict.ALLOWED if rows else Verdict.FILTERED
    if code == "42501":
        return Verdict.REJECTED if _ROW_SECURITY in (message or "") else Verdict.DENIED
    if len(code) == 5 and not code.startswith("PGRST"):
        return f"{Verdict.REFUSED} {code}"
    return f"not understood ({code})"


def ask_database(target: Target, exposed: Sequence[str], contract: Contract | None = None) -> Asked:
    """Build the world, ask the database for every expressible cell, and commit the world."""
    cells: list[Compared] = []
    omitted: Counter[str] = Counter()
    otherwise: list[tuple[str, Cell]] = []
    with open_observer(target) as connection:
        observation = prepare(
            connection,
            exposed=exposed,
            given=contract.given if contract else NOTHING,
        )
        # Whoever is another in the database as well cannot be one beside himself over HTTP.
        changed = observation.world.changes
        people = [k for k in knockers(observation) if k.name not in changed]
        everybody = [k for k in people if k.persona.payload]
        for relation in observation.relations:
            if relation.schema in exposed:
                plan = observation.plan(relation)
                for knocker in everybody:
                    found = _ask_as(observation, plan, knocker)
                    cells += [cell for cell in found if isinstance(cell, Compared)]
                    rest = [cell for cell in found if not isinstance(cell, Compared)]
                    omitted.update(f"{probe.command} {probe.form}" for probe, _ in rest)
                    otherwise += _let_through(plan, knocker, rest)
                # What helpers say is known from now on: it is told when nobody can be asked.
                stated_policies(relation, observation.helpers)
        connection.commit()
    return Asked(observation, cells, everybody, omitted, otherwise)


def _ask_as(
    observation: Observation, plan: Plan, knocker: Knocker
) -> list[Compared | tuple[Probe, Outcome]]:
    """Return what one persona is told about one relation, and what a superuser would be.

    A probe that no request expresses comes with its outcome alone.
    """
    wanted = [(probe, express(plan, knocker, probe)) for probe in plan.probes(knocker)]
    probes = [
        probe if request is None else replace(probe, preparation=None) for probe, request in wanted
    ]
    controlled = [p for p, (_, request) in zip(probes, wanted, strict=True) if request is not None]
    controls = iter(run(observation, observation.unbound(OWNER), controlled))
    outcomes = run(observation, knocker.persona, probes)
    return [
        (probe, outcome)
        if request is None
        else Compared(plan, knocker, probe, request, outcome, next(controls))
        for (probe, request), outcome in zip(wanted, outcomes, strict=True)
    ]


def _let_through(
    plan: Plan, knocker: Knocker, rest: Iterable[tuple[Probe, Outcome]]
) -> Iterator[tuple[str, Cell]]:
    """Yield what gets through in a way that no request expresses."""
    for probe, outcome in rest:
        # Only what is denied needs a control, and that does not get through.
        for cell in judge_probe(plan, knocker, probe, outcome, outcome):
            if cell.verdict is Verdict.ALLOWED or cell.passed:
                yield plan.relation.label, cell
