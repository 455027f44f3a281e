"""From a project to an answer: observe a clone of its state, hold it to the contract, write one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prospectr_db.access.check import CheckReport, can_be_stated, check, to_be_accepted
from prospectr_db.access.clones import possible
from prospectr_db.access.comparison.comparison import compare
from prospectr_db.access.contract.contract import Contract, given_by, parse_contract, read_contract
from prospectr_db.access.contract.file import read_text, write_text
from prospectr_db.access.contract.text import render
from prospectr_db.access.exposure import as_older
from prospectr_db.access.hosted import Hosted, hosted_findings
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.matrix.unobserved import UNBUILDABLE, is_unobserved, without_unseen
from prospectr_db.access.mutants import MutationReport, mutate
from prospectr_db.access.observation import Observation
from prospectr_db.access.observe import observe, observing
from prospectr_db.access.review.findings import judge
from prospectr_db.access.sabotage import sabotage
from prospectr_db.database.target import Target

if TYPE_CHECKING:
    from prospectr_db.project import Project

__all__ = [
    "Written",
    "access_difference",
    "check_target",
    "contract_path",
    "exposed_schemas",
    "mutate_target",
    "write_contract",
]

OnEvent = Callable[[object], None]

_MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Written:
    """What `access write` did.

    ``stated`` is what the contract says now and a careful reviewer would ask about; ``unreasoned``
    what it cannot say, and what needs a reason by hand. ``notes`` say which migrations were not
    run, so that nothing of them is in it, and what was taken for granted.
    """

    path: str
    tables: int
    changed: bool
    unreasoned: tuple[Finding, ...]
    stated: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def contract_path(project: Project) -> Path:
    """Return where a project's contract is, or would be."""
    return project.access_contract or project.supabase / "access.toml"


def exposed_schemas(project: Project | None) -> tuple[str, ...]:
    """Return the schemas that the API shows: config.toml's, and always public."""
    schemas = project.config.api_schemas if project else ()
    return tuple(dict.fromkeys([*(s for s in schemas if s != "graphql_public"), "public"]))


def check_target(
    target: Target,
    *,
    project: Project | None = None,
    contract: Contract | None = None,
    hosted: Hosted | None = None,
    older: bool = False,
    on_event: OnEvent | None = None,
) -> CheckReport:
    """Observe a disposable database, judge it, and sabotage it once to see that it turns red.

    ``hosted`` says of which project's schema the database is a copy, and what to say about that;
    ``older`` that new tables were granted in it although the project's files do not say so.
    """
    started = time.perf_counter()
    if contract is None and project is not None:
        contract = read_contract(contract_path(project))
    with _observing(target, project, contract, on_event) as (observation, matrix):
        first = (as_older(contract),) if older else ()
        findings = (*first, *check(matrix, contract), *_nothing(observation, matrix))
        if hosted is not None:
            about = hosted_findings(hosted, observation.catalog, exposed=exposed_schemas(project))
            findings = (*findings, *about)
        elif project is not None:
            findings = (*findings, *map(_skipped, project.skipped))
        spoilt = sabotage(observation, matrix)
    return CheckReport(
        ok=not any(finding.severity == "error" for finding in findings),
        findings=findings,
        matrix=matrix,
        contract=str(contract.path) if contract and contract.path else None,
        accepted=tuple(contract.accepted) if contract else (),
        sabotage=spoilt,
        seconds=time.perf_counter() - started,
        source=f"a copy of {hosted.source}, {hosted.compared} objects" if hosted else None,
    )


def _observing(
    target: Target,
    project: Project | None,
    contract: Contract | None,
    on_event: OnEvent | None = None,
    connections: int | None = None,
) -> AbstractContextManager[tuple[Observation, AccessMatrix]]:
    """Observe with what the contract supplies: values, owners and further personas."""
    return observing(
        target,
        exposed=exposed_schemas(project),
        given=contract.given if contract else NOTHING,
        on_event=on_event,
        connections=connections,
    )


def _nothing(observation: Observation, matrix: AccessMatrix) -> tuple[Finding, ...]:
    """An empty database is not a safe one: nothing was looked at."""
    if matrix.tables or observation.catalog.own_relations:
        return ()
    return (
        Finding(
            "vacuous", "error", "", "", "", "", (), "There is no table to observe.", rule="empty"
        ),
    )


def _skipped(note: str) -> Finding:
    """What is in a migration that was not run is in no answer."""
    return Finding("vacuous", "warning", "", "", "", "", (), f"The file {note}", rule="skipped")


def mutate_target(
    target: Target,
    *,
    project: Project | None = None,
    contract: Contract | None = None,
    only: tuple[str, ...] = (),
    on_event: OnEvent | None = None,
) -> MutationReport:
    """Weaken a disposable database in every way, one at a time, and see which are noticed."""
    if contract is None and project is not None:
        contract = read_contract(contract_path(project))
    number = None if only else possible(target)
    with _observing(target, project, contract, connections=number) as (observation, matrix):
        return mutate(observation, matrix, contract, only=only, on_event=on_event)


def _kept(matrix: AccessMatrix, given: Given) -> Given:
    """Return what an observation tells apart, with what was supplied to it."""
    return given_by(
        facts_of(matrix), values=given.values, owners=given.owners, personas=given.personas
    )


def access_difference(
    before: Target, after: Target, *, project: Project | None = None
) -> tuple[Finding, ...]:
    """Return in sentences what changes for whom between two disposable databases.

    Meant for pending migrations: the state that is there against the state that they lead to. A
    relation that is new or gone is told as such, and what is open in a new one as leaks.
    """
    contract = read_contract(contract_path(project)) if project is not None else None
    given = contract.given if contract else NOTHING
    was = observe(before, exposed=exposed_schemas(project), given=given)
    # What was told apart before is tried after, too: that is how a lost condition shows. And what
    # is tried after must have been tried before, or all that it tells would be new.
    kept = _kept(was, given)
    if kept != given:
        was = observe(before, exposed=exposed_schemas(project), given=kept)
        kept = _kept(was, given)
    old = facts_of(was)
    seen = observe(after, exposed=exposed_schemas(project), given=kept)
    new = facts_of(seen)
    added = set(new.relations) - set(old.relations)
    judged = [f for f in judge(seen) if f.severity == "error"]
    told = {f.relation for f in judged if f.rule == UNBUILDABLE}
    told -= {table.relation for table in was.tables if is_unobserved(table)}
    fresh = [f for f in judged if f.relation in added or f.rule == UNBUILDABLE]
    fresh = [f for f in fresh if f.relation in added or f.relation in told]
    found = compare(new, old, seen, expected="before it was")
    return (*without_unseen(found, seen, judged), *fresh)


def write_contract(
    target: Target, project: Project, *, older: bool = False, on_event: OnEvent | None = None
) -> Written:
    """Observe, and write the contract; comments and reasons given by hand are kept.

    What a contract tells apart is tried wherever it can make a difference, so that the first one
    tells more apart than was tried for it: observed as the check will, until nothing is new.
    """
    path = contract_path(project)
    previous = read_text(path) or ""
    old = read_contract(path)
    known = old
    for _ in range(_MOST_ROUNDS):
        with _observing(target, project, known, on_event) as (_, matrix):
            found = judge(matrix)
        accepted = to_be_accepted(found)
        if old:
            given = {key: reason for key, reason in old.accepted.items() if reason}
            keys = {f.key for f in found}
            accepted |= {key: reason for key, reason in given.items() if key in keys}
        text = render(facts_of(matrix), accepted=accepted, previous=previous, extras=old)
        told = parse_contract(text, path=path)
        if known is not None and told.given == known.given:
            break
        known = told
    if text != previous:
        write_text(path, text)
    errors = [f for f in found if f.severity == "error"]
    return Written(
        str(path),
        len(matrix.tables),
        text != previous,
        tuple(f for f in errors if not can_be_stated(f) and not accepted.get(f.key)),
        tuple(f for f in errors if can_be_stated(f) and f.key not in accepted),
        (*([as_older(old).sentence] if older else []), *project.skipped),
    )
