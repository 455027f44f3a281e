"""What the Data API lets through, held to the access contract as far as requests can express it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prospectr_db.access.check import CheckReport
from prospectr_db.access.comparison.comparison import compare as compare_facts
from prospectr_db.access.exposure import as_older
from prospectr_db.access.matrix.facts import Entry, Facts, expand, facts_of
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AccessMatrix, Cell
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.running import Outcome
from prospectr_db.access.review.phrases import people
from prospectr_db.access.review.review import review_access
from prospectr_db.access.tables.summing_up import spread, sum_up

if TYPE_CHECKING:
    from prospectr_db.access.contract.contract import Contract
    from prospectr_db.access.observation import Observation
    from prospectr_db.access.personas.knocks import Knocker, Probe
    from prospectr_db.access.probes.probes import Plan
    from prospectr_db.api.requests import Answer

__all__ = ["Held", "Seen", "hold", "outcome_over_http"]

_DIFFERS = "api-differs"
_PLAIN = frozenset({"where", "values"})
"""The statement forms that a request has; what only another form reaches is not asked."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One cell as both ways saw it; ``control`` is what the same statement does to a superuser."""

    plan: Plan
    knocker: Knocker
    probe: Probe
    request: str
    control: Outcome
    by_api: Outcome
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What became of the contract.

    ``entries`` of it were asked over HTTP and so were ``forbidden``, which it does not mention;
    ``left_out`` counts its entries that no request expresses, by command.
    """

    check: CheckReport
    entries: int
    forbidden: int
    left_out: Mapping[str, int]


def hold(
    observation: Observation,
    cells: Sequence[Seen],
    contract: Contract | None,
    *,
    otherwise: Iterable[tuple[str, Cell]] = (),
    sabotage: str,
    seconds: float,
    older: bool = False,
) -> Held:
    """Hold what requests got to a contract; without one, to what a careful reviewer asks.

    ``older``: new tables were granted although the project's files do not say so, which is told.
    What only statements reach that no request expresses, ``otherwise``, is no loss over HTTP.
    """
    matrix, asked = _matrix(observation, cells, seconds)
    left_out: Counter[str] = Counter()
    known: set[Entry] = set()
    if contract is None:
        findings = list(_reviewed(matrix))
    else:
        aside = {((label, c.persona, c.rows, c.command), _name(c)) for label, c in otherwise}
        wanted, known = _restricted(contract.facts, asked, matrix, aside)
        findings = compare_facts(_seen_facts(facts_of(matrix), asked, known), wanted, matrix)
        left_out.update(entry[3] for entry in set(contract.facts.allowed) - known)
    findings = [
        replace(f, sentence=f"{f.sentence.removesuffix('.')}, over HTTP.") for f in findings
    ]
    findings += _differing(cells, {_place(f) for f in findings})
    findings = [*([as_older(contract)] if older else []), *findings]
    check = CheckReport(
        ok=bool(cells) and not any(f.severity == "error" for f in findings),
        findings=tuple(findings),
        matrix=matrix,
        contract=str(contract.path) if contract and contract.path else None,
        accepted=tuple(contract.accepted) if contract else (),
        sabotage=sabotage,
        seconds=seconds,
    )
    stated = set(contract.facts.allowed) & known if contract else set()
    return Held(check, len(stated), len(set(asked) - stated), dict(sorted(left_out.items())))


def outcome_over_http(answer: Answer, row: str | None) -> Outcome:
    """Return an answer as what a statement ends with; ``row`` is the label of the one it reached.

    Where both ways agree the database's own outcome says more: the constraint, what raised it.
    """
    named = re.search(r'constraint "([^"]+)"', answer.message or "")
    constraint = named[1] if named else None
    labels = (row,) if row is not None else ()
    return Outcome(answer.code, answer.message, None, constraint, None, answer.rows, labels)


def _matrix(
    observation: Observation, cells: Sequence[Seen], seconds: float
) -> tuple[AccessMatrix, dict[Entry, set[str]]]:
    """Return what requests got as a matrix, and which entries and columns were asked."""
    judged: dict[str, list[Cell]] = {}
    plans: dict[str, Plan] = {}
    for seen in cells:
        if seen.probe.preparation is not None:
            continue  # about rows as they are not: a request cannot make room for its own
        label = seen.plan.relation.label
        plans[label] = seen.plan
        judged.setdefault(label, []).extend(
            replace(cell, statement=seen.request)
            for cell in judge_probe(seen.plan, seen.knocker, seen.probe, seen.by_api, seen.control)
        )
    asked: dict[Entry, set[str]] = {}
    for label, found in judged.items():
        for cell in spread(found, asked=True):
            columns = asked.setdefault((label, cell.persona, cell.rows, cell.command), set())
            if cell.column is not None:
                columns.add(cell.column.partition("=")[0])
    tables = tuple(sum_up(observation, plans[label], found) for label, found in judged.items())
    personas = tuple(dict.fromkeys(seen.knocker.name for seen in cells))
    return AccessMatrix(tables, personas, len(cells), seconds), asked


def _reviewed(matrix: AccessMatrix) -> Iterator[Finding]:
    for table in matrix.tables:
        for access in table.accesses:
            if access.persona != "service_role" and access.succeeds:
                yield from review_access(matrix, table, access)


def _restricted(
    wanted: Facts,
    asked: Mapping[Entry, set[str]],
    matrix: AccessMatrix,
    aside: set[tuple[Entry, str | None]],
) -> tuple[Facts, set[Entry]]:
    """Return the part of a contract that was asked, and the entries that could be held."""
    tables = {table.relation: table for table in matrix.tables}
    allowed: dict[Entry, tuple[str, ...]] = {}
    known: set[Entry] = set()
    for entry, columns in asked.items():
        relation, persona, rows, command = entry
        then, forms = wanted.allowed.get(entry), wanted.forms.get(entry, ())
        access = tables[relation].find(persona, rows, command)
        got = {name.partition("=")[0] for name in access.columns} if access else set()
        if forms and not _PLAIN & set(forms):
            continue
        if then is None:
            known.add(entry)
            continue
        full = expand(then, tables[relation].columns_for(command))
        kept = tuple(
            name
            for name in full
            if (bare := name.partition("=")[0]) in columns
            and (bare in got or (entry, bare) not in aside)
        )
        through = access is not None and access.succeeds
        if (full and columns and not kept) or (not kept and not through and (entry, None) in aside):
            continue  # nothing of it was asked, or it is open in another way only
        known.add(entry)
        allowed[entry] = kept
    relations = {name: kind for name, kind in wanted.relations.items() if name in tables}
    return _bare(replace(wanted, relations=relations, allowed=allowed)), known


def _seen_facts(observed: Facts, asked: Mapping[Entry, set[str]], known: set[Entry]) -> Facts:
    """Return what was seen as far as it can be held: only what was asked."""
    allowed = {
        entry: tuple(
            name
            for name in expand(columns, observed.columns_for(entry[0], entry[3]))
            if name.partition("=")[0] in asked[entry]
        )
        for entry, columns in observed.allowed.items()
        if entry in known
    }
    return _bare(replace(observed, allowed=allowed))


def _bare(facts: Facts) -> Facts:
    """Return the facts without forms, grants, states and surroundings: no request is about them."""
    return replace(
        facts,
        forms={},
        idle={},
        outside={},
        database=None,
        buckets=None,
        shut=frozenset(),
        frozen={},
        thawed={},
        states={},
        standing={},
        without_rls=frozenset(),
        unseen={},
    )


def _name(cell: Cell) -> str | None:
    return None if cell.column is None else cell.column.partition("=")[0]


def _place(finding: Finding) -> tuple[str, str, str, str]:
    return finding.relation, finding.persona, finding.rows, finding.command


def _differing(cells: Iterable[Seen], told: set[tuple[str, str, str, str]]) -> Iterator[Finding]:
    """Yield one finding for each entry in which the two ways disagree and that is not told yet."""
    for seen in cells:
        place = (seen.plan.relation.label, seen.knocker.name, seen.probe.rows, seen.probe.command)
        if not seen.differs or place in told:
            continue
        told.add(place)
        relation, persona, rows, command = place
        whose = f" ({rows} rows)" if rows else ""
        sentence = (
            f"{people(persona)} get another answer to {command} on {relation}{whose}: "
            f"{seen.differs}."
        )
        yield Finding(
            "drift",
            "error",
            relation,
            persona,
            rows,
            command,
            (),
            sentence,
            seen.request,
            _DIFFERS,
        )
