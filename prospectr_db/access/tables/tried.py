"""Everything that is tried on tables as some personas, and how each statement ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.alongside import alongside
from prospectr_db.access.probes.columns_in_states import columns_in_states
from prospectr_db.access.probes.combined import combined
from prospectr_db.access.probes.frozen import frozen
from prospectr_db.access.probes.inserts_below import inserts_on_top
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.only_row import only_row
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.probes.signing import signings, unsigned
from prospectr_db.access.probes.two_columns import two_columns
from prospectr_db.access.probes.ways import Ways, find_ways, on_top
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.tables.redundant import Arrival, is_through
from prospectr_db.access.tables.truncation import Truncations
from prospectr_db.database.catalog import Relation

__all__ = ["Tried", "statements_on"]

Identity = tuple[str, str | None, str | None]
"""What makes two probes the same for the server: statement, preparation, question."""


class Tried:
    """The statements that are tried on some relations as some personas, and how they ended.

    ``cells`` and ``arrivals``, what got through where policies decide, are by relation.
    """

    def __init__(
        self, observation: Observation, plans: Mapping[int, Plan], personas: Sequence[Knocker]
    ) -> None:
        self._observation = observation
        self._plans = plans
        self._personas = personas
        self.cells: dict[int, list[Cell]] = {oid: [] for oid in plans}
        self.arrivals: dict[int, list[Arrival]] = {oid: [] for oid in plans}
        self.probes: list[Probe] = []

    def everything(self) -> Ways:
        """Try all there is: what single states have opened is tried once more in two at once.

        Where only several open anything, each further one on top, and where only a state may be
        changed, more with it.
        """
        self._run(lambda plan, knocker: plan.probes(knocker))
        ways = find_ways(self._observation, self._plans, self._personas, self.cells)
        self._run_each(combined, ways.probes, signings)
        self._run_each(
            *(on_top, inserts_on_top, alongside, unsigned),
            *(only_row, two_columns, columns_in_states, frozen),
        )
        return ways

    def _run_each(self, *more: Callable[[Plan, Knocker, Sequence[Cell]], Iterator[Probe]]) -> None:
        def following(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
            for trying in more:
                yield from trying(plan, knocker, self.cells[plan.relation.oid])

        self._run(following)

    def _run(self, trying: Callable[[Plan, Knocker], Iterator[Probe]]) -> None:
        """Run the probes of each persona, and judge them."""
        probes = {
            knocker.name: [
                (oid, probe) for oid, plan in self._plans.items() for probe in trying(plan, knocker)
            ]
            for knocker in self._personas
        }
        if not any(probes.values()):
            return
        self.probes += [probe for batch in probes.values() for _, probe in batch]
        observation = self._observation
        outcomes: dict[str, list[tuple[int, Probe, Outcome]]] = {}
        doubtful: dict[Identity, Probe] = {}
        proofs: dict[Identity, Outcome] = {}
        truncations = Truncations(observation.catalog)
        for knocker in self._personas:
            role = knocker.persona.role
            is_above = role in observation.catalog.above_rls
            batch = probes[knocker.name]
            found = run(observation, knocker.persona, truncations.unknown(role, batch))
            outcomes[knocker.name] = truncations.told(role, batch, found)
            for _, probe, outcome in outcomes[knocker.name]:
                if not _proves_itself(probe, outcome):
                    doubtful[_identity(probe)] = probe
                if _proves_for_all(probe, outcome, is_above=is_above):
                    proofs[_identity(probe)] = outcome
        left = [probe for identity, probe in doubtful.items() if identity not in proofs]
        control = {**_control(observation, left), **proofs}
        for knocker in self._personas:
            is_bound = knocker.persona.role not in observation.catalog.above_rls
            for oid, probe, outcome in outcomes[knocker.name]:
                plan = self._plans[oid]
                proof = control.get(_identity(probe), outcome)
                judged = judge_probe(plan, knocker, probe, outcome, proof)
                self.cells[oid] += judged
                if is_bound and plan.relation.rls and any(map(is_through, judged)):
                    self.arrivals[oid].append(Arrival(knocker, probe, outcome))


def statements_on(
    observation: Observation, relation: Relation, knocker: Knocker
) -> tuple[Probe, ...]:
    """Return every statement that is tried on one relation as one persona, by trying them."""
    tried = Tried(observation, {relation.oid: observation.plan(relation)}, [knocker])
    tried.everything()
    return tuple(tried.probes)


def _proves_itself(probe: Probe, outcome: Outcome) -> bool:
    """Whether no control is needed: it got through, or TRUNCATE, which needs no row."""
    if probe.command == "truncate":
        return True
    if outcome.state is not None:
        return False
    if probe.command == "select" and probe.form == "column":
        return True
    if probe.question is None:
        return outcome.touched > 0
    return probe.row is not None and probe.row in outcome.labels


def _proves_for_all(probe: Probe, outcome: Outcome, *, is_above: bool) -> bool:
    """Whether one persona's answer shows what the same statement can do, as a control would.

    ``is_above``: no policy binds the role, so that it reaches every row that a superuser does.
    """
    if outcome.state is None and outcome.touched > 0:
        return is_above or _proves_itself(probe, outcome)
    return is_above and bool(outcome.constraint) and not outcome.from_function


def _identity(probe: Probe) -> Identity:
    return probe.statement, probe.preparation, probe.question


def _control(observation: Observation, probes: Sequence[Probe]) -> dict[Identity, Outcome]:
    """Run the same statements as the superuser: a denial counts only where this touches a row.

    No policy or grant binds a superuser, so that mutants can share what was found once.
    """
    known = observation.controls if observation.controls is not None else {}
    probes = [probe for probe in probes if _identity(probe) not in known]
    outcomes = run(observation, observation.unbound(OWNER), probes)
    known.update(
        {_identity(probe): outcome for probe, outcome in zip(probes, outcomes, strict=True)}
    )
    return known
