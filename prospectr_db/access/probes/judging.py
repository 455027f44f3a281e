"""What one outcome means: the verdict that it and its control stand for."""

from __future__ import annotations

import re

from prospectr_db.access.matrix.matrix import SIGN, Cell, Verdict
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome

__all__ = ["judge_probe", "plain_verdict"]

_NOTHING = re.compile(r"\breturn\s+null\b", re.IGNORECASE)


def judge_probe(
    plan: Plan, knocker: Knocker, probe: Probe, outcome: Outcome, control: Outcome
) -> list[Cell]:
    """Turn one outcome into cells: one, or one per known row where the statement had no WHERE."""
    if probe.row is None and probe.command in ("update", "delete"):
        cells = []
        for key, row in plan.targets_of(knocker).items():
            verdict = _verdict(outcome, control, row.label)
            if _says_nothing(plan, knocker, outcome):
                continue
            cells.append(
                _cell(plan, plan.row_class(knocker, key), knocker, probe, outcome, verdict)
            )
        return cells
    if probe.form == "column" and probe.command == "select":
        # Which rows is another question: here only whether the column may be named.
        allowed = outcome.state is None
        verdict = Verdict.ALLOWED if allowed else _verdict(outcome, control, None)
        return [_cell(plan, "", knocker, probe, outcome, verdict)]
    if probe.command == "truncate":
        verdict = Verdict.ALLOWED if outcome.state is None else plain_verdict(outcome, None)
        return [_cell(plan, "all", knocker, probe, outcome, verdict)]
    if probe.form == "no where" and outcome.constraint:
        return []  # it may have failed on any row there is
    label = probe.row if probe.question else None
    verdict = _verdict(outcome, control, label)
    crossed = probe.rows.startswith(("own under other's", "for another"))
    crossed = crossed or (probe.command == "update" and control.state == "23503")
    if verdict is Verdict.UNPROVEN and (
        (crossed and control.constraint) or _is_left_alone(plan, probe, control)
    ):
        # The link cannot exist for anybody, because a key forbids it; or a trigger keeps the row.
        verdict = plain_verdict(outcome, label)
    return [_cell(plan, probe.rows, knocker, probe, outcome, verdict)]


def _says_nothing(plan: Plan, knocker: Knocker, outcome: Outcome) -> bool:
    """Whether a statement without WHERE may have failed on the persona's own row.

    Of all constraints only a unique one tells more: the value was new, so two rows were reached;
    unless he has several of his own, in different tenants or because triggers made some.
    """
    if not outcome.constraint or outcome.from_function:
        return False
    if knocker.actor in plan.world.affiliates:
        return True
    place = plan.source.oid, knocker.actor or ""
    his = int(place in plan.world.rows) + plan.world.strays.get(place, 0)
    his += sum(1 for key in plan.targets if key.startswith(f"{knocker.actor} as "))
    return his > int(outcome.state == "23505")


def _cell(
    plan: Plan, rows: str, knocker: Knocker, probe: Probe, outcome: Outcome, verdict: Verdict
) -> Cell:
    keys = {fk.name for fk in plan.relation.foreign_keys if probe.command != "delete"}
    passed = (
        verdict is Verdict.REFUSED
        and bool(outcome.constraint)
        and not outcome.from_function
        # A foreign key of the row itself is there to refuse: that is protection, not bad luck.
        and (outcome.constraint not in keys or outcome.relation != plan.relation.name)
        and not _is_of_the_value(plan, probe, outcome)
    )
    return Cell(
        persona=knocker.name,
        rows=rows,
        command=SIGN if probe.form == SIGN else probe.command,
        form=probe.form,
        column=probe.column,
        verdict=verdict,
        statement=probe.statement,
        reason=outcome.message,
        sqlstate=outcome.state,
        constraint=outcome.constraint,
        passed=passed,
    )


def _is_left_alone(plan: Plan, probe: Probe, control: Outcome) -> bool:
    """Whether a trigger lets nobody write a row in a state, and says nothing.

    A new row is there or is not; one that is written to may have been missing.
    """
    if " [" not in probe.rows or control.state is not None:
        return False
    said = _NOTHING.search(trigger_source(plan.catalog, plan.relation))
    return said is not None or (probe.command == "insert" and bool(plan.relation.triggers))


def _is_of_the_value(plan: Plan, probe: Probe, outcome: Outcome) -> bool:
    """Whether a column's own check refuses the very value that is told of it."""
    name, said, _ = (probe.column or "").partition("=")
    return bool(said) and any(
        check.name == outcome.constraint and check.columns == (name,)
        for check in plan.relation.checks
    )


def _verdict(outcome: Outcome, control: Outcome, label: str | None) -> Verdict:
    verdict = plain_verdict(outcome, label)
    if verdict in (Verdict.ALLOWED, Verdict.REFUSED) or _proves(control):
        return verdict
    if control.state is not None and control.from_function:
        # Nobody gets past the trigger; that the persona was stopped earlier changes nothing.
        return verdict
    if verdict is Verdict.DENIED and control.constraint:
        return verdict
    if control.state == "23502":
        # A required column is left out because the role may not write it: no value would help.
        return verdict
    return Verdict.UNPROVEN


def _proves(control: Outcome) -> bool:
    # A trigger that puts the old value back leaves no label, for anybody: that is proof as well.
    # So is a constraint: it looks only at rows that were reached.
    reached = control.state is None and control.touched > 0
    return reached or (bool(control.constraint) and not control.from_function)


def plain_verdict(outcome: Outcome, label: str | None) -> Verdict:
    """Return the verdict without a control; ``label`` is the row that must have changed."""
    if outcome.state is None:
        touched = outcome.touched > 0 if label is None else label in outcome.labels
        return Verdict.ALLOWED if touched else Verdict.FILTERED
    if outcome.state == "42501":
        if "row-level security" in (outcome.message or ""):
            return Verdict.REJECTED
        if not outcome.from_function or (outcome.message or "").startswith("permission denied"):
            return Verdict.DENIED
    return Verdict.REFUSED
