"""Many migrations made one file, which is proven to build the same database.

Every statement is kept, in order: data, storage buckets, cron jobs, triggers on auth and policies
on storage are in no schema dump. What goes are the files, and the transaction control inside them.
Nothing is merged: a statement that looks superseded may have been read by one in between.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from prospectr_db.database.snapshot import Change, difference, take
from prospectr_db.database.statements import split
from prospectr_db.errors import MigrationFileError, UsageError
from prospectr_db.migrations.contents import Difference, compare_contents, read_contents, reader
from prospectr_db.migrations.fetch import joined
from prospectr_db.migrations.plan import Copies
from prospectr_db.migrations.script import Action, Step, script
from prospectr_db.project import Migration, Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Squashed", "squash"]


@dataclass(frozen=True, slots=True)
class Squashed:
    """What was squashed, and the proof: ``changes`` and ``rows`` are empty where it holds.

    ``rows`` are tables and sequences that hold something else than before. ``unproven`` are
    columns that are never the same twice (clocks, random identifiers): they were not compared.
    ``commands`` bring the history of a database that has the old files in line.
    """

    path: str
    removed: tuple[str, ...]
    statements: int
    changes: tuple[Change, ...]
    rows: tuple[Difference, ...]
    unproven: tuple[str, ...]
    written: bool
    commands: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the one file builds what the many built."""
        return not self.changes and not self.rows


def squash(
    project: Project, copies: Copies, *, to: str | None = None, name: str = "squashed"
) -> Squashed:
    """Replace every migration up to ``to`` (the newest) by one file of that version.

    Files are only touched when the proof holds. Raises UsageError, or MigrationFileError for a
    file that needs more than one transaction: that one has to stay by itself.
    """
    versions = [migration.version for migration in project.migrations]
    if to is not None and to not in versions:
        raise UsageError(
            f"There is no migration with version {to}.", hint="`prospectr-db status` lists them."
        )
    old = [item for item in project.migrations if to is None or item.version <= to]
    if len(old) < 2:
        raise UsageError(
            "There is nothing to squash: fewer than two migrations.",
            hint="--to VERSION names the newest one that is squashed.",
        )
    text = _text(old)
    last = old[-1]
    path = project.migrations_folder / f"{last.version}_{name}.sql"
    label = path.relative_to(project.root).as_posix()
    one = Migration(path, label, text, "squashed", last.version, name)
    one = replace(one, sha256=_digest(text))
    before = replace(project, migrations=tuple(old), repeatable=(), seeds=())
    after = replace(before, migrations=(one,))
    proof = _proof(copies, before, after)
    if proof.holds:
        _replace(old, one)
    gone = [item.version for item in old[:-1]]
    return Squashed(
        path=label,
        removed=tuple(item.label for item in old),
        statements=len(split(text)),
        changes=proof.changes,
        rows=proof.rows,
        unproven=proof.unproven,
        written=proof.holds,
        commands=(
            f"prospectr-db repair --status reverted {' '.join(gone)}",
            f"prospectr-db repair --status applied {last.version}",
        ),
    )


def _text(old: Sequence[Migration]) -> str:
    parts = []
    for migration in old:
        statements = [step.recorded for step in _kept(migration)]
        # The settings of a file end with it; in one file they have to be ended by hand.
        if any(step.command.startswith("SET ") for step in _kept(migration)):
            statements.append("reset all")
        if statements:
            parts += [f"-- From {migration.filename}\n{statements[0]}", *statements[1:]]
    return joined(parts)


def _kept(migration: Migration) -> Iterator[Step]:
    plan = script(migration)
    for group in plan.groups:
        for step in group.steps:
            if group.alone or step.action is Action.UNDO_BLOCK:
                raise MigrationFileError(
                    f"{migration.label} cannot be squashed: {step.command} does not fit into one "
                    "transaction. Nothing was changed.",
                    hint="Squash up to the migration before it, with --to.",
                    file=migration.label,
                )
            if step.recorded and step.action not in {Action.OPEN_BLOCK, Action.CLOSE_BLOCK}:
                yield step


@dataclass(frozen=True, slots=True)
class _Proof:
    changes: tuple[Change, ...]
    rows: tuple[Difference, ...]
    unproven: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.changes and not self.rows


def _proof(copies: Copies, before: Project, after: Project) -> _Proof:
    """Build both, and compare their catalogs and what their tables hold."""
    with ExitStack() as stack:

        def build(project: Project) -> Connection[Any]:
            return stack.enter_context(reader(stack.enter_context(copies(project))))

        many, single = build(before), build(after)
        rows, unproven = compare_contents(
            (many, read_contents(many)),
            (single, read_contents(single)),
            lambda: build(_anew(before)),
        )
        return _Proof(difference(take(many), take(single)), rows, unproven)


def _anew(project: Project) -> Project:
    """Return the same project under another name, so that it is built and not copied."""
    first, *others = project.migrations
    mark = secrets.token_hex(8)
    return replace(project, migrations=(replace(first, sha256=f"{first.sha256} {mark}"), *others))


def _replace(old: Sequence[Migration], one: Migration) -> None:
    """Write the new file first: whatever happens in between, no statement is lost."""
    draft = one.path.with_suffix(".sql.new")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        stream.write(one.text)
    for migration in old:
        migration.path.unlink()
    draft.rename(one.path)


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
