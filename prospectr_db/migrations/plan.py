"""What pending migrations will do, told before they do it: tried on a copy of the target."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect, connect_as_migrator
from prospectr_db.database.snapshot import Change, difference, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.access_change import (
    OLDER,
    AccessChange,
    access_changes,
    relies_on_grants,
)
from prospectr_db.migrations.apply import read_comparison
from prospectr_db.migrations.comparison import select_pending
from prospectr_db.migrations.execution import Session
from prospectr_db.migrations.rebuild import Copies, Rebuild, State, recorded_project, state_of
from prospectr_db.migrations.rehearsal import RehearsedMigration, rehearse
from prospectr_db.migrations.row_questions import RowQuestion, ask
from prospectr_db.migrations.row_rules import RowRules
from prospectr_db.project import Migration, Project
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Copies", "Finding", "Plan", "plan"]

_SQUAWK_SECONDS = 60
# `migrate` sets a lock_timeout for every transaction, and a statement_timeout when asked.
_EXCLUDED = "--exclude=require-lock-timeout,require-statement-timeout"
_LARGE_ROWS = 10_000
_NO_ROWS = "The copy has no rows: what depends on data was not seen."
_ROWS_ASKED = "The copy has no rows: new rules were put to the target's, nothing else was."


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the linter squawk."""

    file: str
    line: int
    rule: str
    level: str
    message: str
    help: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What `migrate` would do to a database. Nothing of it was done.

    ``access`` is None where it was not looked at, or could not be: then ``access_error`` says why.
    ``rows`` are the rules that existing rows must keep, and the values that are thrown away.
    """

    target: str
    migrations: tuple[RehearsedMigration, ...]
    changes: tuple[Change, ...]
    access: tuple[AccessChange, ...] | None
    findings: tuple[Finding, ...]
    dangers: tuple[str, ...]
    notes: tuple[str, ...]
    access_error: str | None = None
    rows: tuple[RowQuestion, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every migration ran on the copy, and none is dangerous to the target or leaks."""
        return (
            not self.dangers
            and not self.leaks
            and self.access_error is None
            and all(item.error is None for item in self.migrations)
        )

    @property
    def leaks(self) -> tuple[AccessChange, ...]:
        """Return what somebody would reach who should not."""
        return tuple(change for change in self.access or () if change.kind == "leak")


def plan(
    target: Target,
    project: Project,
    copies: Copies,
    *,
    to: str | None = None,
    include_all: bool = False,
    squawk: str | None = "squawk",
    access: bool = True,
    rows: bool = True,
    accept_loss: bool = False,
    rebuild: Rebuild | None = None,
) -> Plan:
    """Apply the pending migrations to a copy of the target's state, and tell what they do.

    The target is only read: its history, the sizes of its tables, and, with ``rows``, whether any
    row breaks a new rule or holds a value that is dropped. ``accept_loss`` says that such values
    may go. ``squawk`` is the linter's command, None for none; ``access`` is whether who may do what
    is observed, before and after. ``rebuild`` copies the target's schema, where its history does
    not lead to what it is.
    Raises HistoryConflictError as `migrate` would.
    """
    with connect(target, autocommit=True) as connection:
        comparison, _ = read_comparison(connection, project)
        pending = select_pending(project, comparison, to=to, include_all=include_all)
        state, notes = recorded_project(connection, project)
        sizes = _sizes(connection) if pending else {}
    if not pending:
        return Plan(target.name, (), (), None, (), (), (*project.notes, *notes))
    with state_of(target, state, notes, copies, rebuild) as base:
        rehearsed, changes, questions = _rehearse(base.copy, pending, sizes)
        # The copy now holds what the migrations lead to; the state before them is another one.
        ran = [m for m, tried in zip(pending, rehearsed, strict=False) if tried.error is None]
        granted = _as_granted(base, project, state, ran, copies) if access else None
        seen, unseen = _access(base, project, granted, copies) if access else (None, None)
        notes = (*base.notes, *([OLDER] if granted else []))
    if rows and questions:
        with connect(target, autocommit=True) as connection:
            questions = ask(connection, questions)
    findings, more = _lint(pending, squawk)
    skipped = len(pending) - len(rehearsed)
    if skipped:
        more = (*more, f"{skipped} migrations after the one that fails were not tried.")
    return Plan(
        target.name,
        rehearsed,
        changes,
        seen,
        findings,
        (*_dangers(rehearsed), *_row_dangers(questions, accept_loss=accept_loss)),
        (*project.notes, *notes, *more, _ROWS_ASKED if rows else _NO_ROWS),
        unseen,
        questions,
    )


def _rehearse(
    copy: Target, pending: Sequence[Migration], sizes: Mapping[str, tuple[int, int]]
) -> tuple[tuple[RehearsedMigration, ...], tuple[Change, ...], tuple[RowQuestion, ...]]:
    """Run the migrations on the copy, up to the first that fails; what each does, and all do."""
    with connect_as_migrator(copy, autocommit=True) as connection:
        before = take(connection)
        session = Session.on(connection, on_event=lambda _event: None)
        rules, rehearsed = RowRules(connection), []
        for migration in pending:
            rehearsed.append(rehearse(session, migration, sizes, rules=rules))
            if rehearsed[-1].error is not None:
                break
        changes = difference(before, take(connection))
        return tuple(rehearsed), changes, tuple(rules.questions)


def _access(
    base: State, project: Project, granted: tuple[Project, Project] | None, copies: Copies
) -> tuple[tuple[AccessChange, ...] | None, str | None]:
    """Return who gains or loses what; or why a state could not be observed.

    ``granted`` are the states before and after to observe instead, where neither grants anything.
    """
    try:
        if granted is not None:
            with copies(granted[0]) as before, copies(granted[1]) as after:
                return access_changes(before, after, project), None
        with base.another() as before:
            return access_changes(before, base.copy, project), None
    except ProspectrError as error:
        return None, error.message


def _as_granted(
    base: State, project: Project, state: Project, ran: Sequence[Migration], copies: Copies
) -> tuple[Project, Project] | None:
    """Return an older project's states, before and after, with the grants that it relied on.

    None where the project is none, or where the target's own schema is what was copied. What
    fails is left out of the state after: ``ran`` are the pending migrations that did not.
    """
    if base.notes:
        return None
    config = replace(project.config, auto_expose_new_tables=True)
    before = replace(state, config=config)
    after = replace(before, migrations=(*state.migrations, *ran))
    states = before, after
    return states if relies_on_grants(base.copy, project, map(copies, states)) else None


def _sizes(connection: Connection[Any]) -> dict[str, tuple[int, int]]:
    rows = connection.execute(sql_text("migrations/sizes.sql")).fetchall()
    return {name: (count, size) for name, count, size in rows}


def _dangers(rehearsed: Sequence[RehearsedMigration]) -> list[str]:
    """Return, in words, what would make others wait for long on tables of some size."""
    dangers = []
    for migration in rehearsed:
        for statement in migration.statements:
            for effect in statement.effects:
                slow = effect.rewrites or effect.scans
                if slow and effect.blocks and (effect.rows or 0) >= _LARGE_ROWS:
                    does = "rewrites" if effect.rewrites else "reads all of"
                    dangers.append(
                        f"{migration.file}:{statement.line} {does} {effect.table} (about "
                        f"{effect.rows} rows) while {effect.blocks} wait."
                    )
    return dangers


def _row_dangers(questions: Sequence[RowQuestion], *, accept_loss: bool) -> Iterator[str]:
    """Return, in words, what will fail on the rows that are there, and what will be lost."""
    for question in questions:
        if question.found and question.is_loss and not accept_loss:
            yield f"{question.file}:{question.line} {question.sentence}."
        elif question.found and not question.is_loss and not question.changed_before:
            yield f"{question.file}:{question.line} fails: {question.sentence}."


def _lint(
    pending: Sequence[Migration], squawk: str | None
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    if squawk is None:
        return (), ()
    labels = {str(migration.path): migration.label for migration in pending}
    command = [squawk, "--reporter", "json", "--assume-in-transaction", _EXCLUDED, *labels]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SQUAWK_SECONDS, check=False
        )
        remarks = json.loads(done.stdout or "[]")
    except FileNotFoundError:
        return (), ("squawk is not installed; prospectr-db[lint] brings it.",)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        return (), (f"squawk gave no answer ({type(error).__name__}); its remarks are missing.",)
    return tuple(_finding(remark, labels) for remark in remarks), ()


def _finding(remark: dict[str, Any], labels: dict[str, str]) -> Finding:
    return Finding(
        file=labels.get(remark.get("file", ""), remark.get("file", "")),
        line=int(remark.get("line", 0)) + 1,
        rule=str(remark.get("rule_name", "")),
        level=str(remark.get("level", "")).lower(),
        message=str(remark.get("message", "")),
        help=remark.get("help"),
    )
