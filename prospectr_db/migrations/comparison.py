"""How a project's files and a database's history relate, and what may be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from prospectr_db.database.statements import split
from prospectr_db.errors import MigrationFileError
from prospectr_db.migrations.errors import HistoryConflictError
from prospectr_db.migrations.history import Recorded, digest
from prospectr_db.migrations.script import recorded_statements
from prospectr_db.project import Migration, Project

__all__ = ["Comparison", "Entry", "State", "compare", "file_digests", "select_pending"]


class State(Enum):
    """What a version is to a project and its database."""

    APPLIED = "applied"
    EDITED = "edited"
    RENAMED = "renamed"
    PENDING = "pending"
    OUT_OF_ORDER = "out of order"
    MISSING_LOCALLY = "missing locally"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Entry:
    """One version. ``name`` is the file's, or the recorded one where there is no file.

    ``same_as`` is the version on the other side whose statements are the same, where a migration
    seems to have been given another number.
    """

    version: str
    name: str
    state: State
    file: str | None
    recorded_name: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every version of either side, in order."""

    entries: tuple[Entry, ...]

    def of(self, *states: State) -> tuple[Entry, ...]:
        """Return the entries in any of some states."""
        return tuple(entry for entry in self.entries if entry.state in states)


def file_digests(migration: Migration) -> frozenset[str]:
    """Return the digests under which this file may have been recorded, by us or by the CLI."""
    plain = digest(piece.text for piece in split(migration.text))
    if "stdin" not in migration.text.lower():
        return frozenset({plain})
    try:
        return frozenset({plain, digest(recorded_statements(migration))})
    except MigrationFileError:
        return frozenset({plain})


def compare(
    project: Project, recorded: Sequence[Recorded], unfinished: Sequence[str] = ()
) -> Comparison:
    """Compare files with history; versions are compared as strings, as the Supabase CLI does."""
    rows = {row.version: row for row in recorded}
    files = {migration.version: migration for migration in project.migrations}
    newest = max(rows, default="")
    entries = []
    for version in sorted(rows.keys() | files.keys()):
        row, migration = rows.get(version), files.get(version)
        if migration is None:
            assert row is not None  # noqa: S101 - the version came from one of the two
            entries.append(Entry(version, row.name, State.MISSING_LOCALLY, None, row.name))
        elif row is None:
            state = State.OUT_OF_ORDER if version < newest else State.PENDING
            state = State.UNFINISHED if version in unfinished else state
            entries.append(Entry(version, migration.name, state, migration.label))
        else:
            state = _state_of_applied(migration, row)
            entries.append(Entry(version, migration.name, state, migration.label, row.name))
    return Comparison(tuple(_matched(entries, rows, files)))


def _state_of_applied(migration: Migration, row: Recorded) -> State:
    if row.digest is not None and row.digest not in file_digests(migration):
        return State.EDITED
    # Older tools stored no name; an empty one is not a different one.
    return State.RENAMED if row.name and row.name != migration.name else State.APPLIED


def _matched(
    entries: Sequence[Entry], rows: dict[str, Recorded], files: dict[str, Migration]
) -> list[Entry]:
    """Note which missing and pending versions hold the same statements."""
    missing = [entry for entry in entries if entry.state is State.MISSING_LOCALLY]
    if not missing:
        return list(entries)
    waiting = {State.PENDING, State.OUT_OF_ORDER}
    by_digest = {
        found: entry.version
        for entry in entries
        if entry.state in waiting and split(files[entry.version].text)
        for found in file_digests(files[entry.version])
    }
    pairs = {
        entry.version: by_digest[digest_]
        for entry in missing
        if (digest_ := rows[entry.version].digest) in by_digest and digest_ is not None
    }
    pairs |= {local: remote for remote, local in pairs.items()}
    return [
        Entry(
            entry.version,
            entry.name,
            entry.state,
            entry.file,
            entry.recorded_name,
            pairs.get(entry.version),
        )
        for entry in entries
    ]


def select_pending(
    project: Project, comparison: Comparison, *, to: str | None, include_all: bool
) -> tuple[Migration, ...]:
    """Return what is to be run, in order.

    Raises HistoryConflictError in the two cases in which the Supabase CLI refuses as well: a
    recorded version without a file, and (unless ``include_all``) a file older than the newest
    recorded version.
    """
    missing = comparison.of(State.MISSING_LOCALLY)
    if missing:
        raise _missing_locally(missing)
    late = comparison.of(State.OUT_OF_ORDER)
    if to is not None:
        late = tuple(entry for entry in late if entry.version <= to)
    if late and not include_all:
        raise _out_of_order(late, comparison)
    wanted = {
        entry.version
        for entry in comparison.of(State.PENDING, State.OUT_OF_ORDER, State.UNFINISHED)
        if to is None or entry.version <= to
    }
    return tuple(m for m in project.migrations if m.version in wanted)


def _missing_locally(missing: Sequence[Entry]) -> HistoryConflictError:
    versions = [entry.version for entry in missing]
    renumbered = [entry for entry in missing if entry.same_as]
    listing = ", ".join(
        f"{entry.version}{f' ({entry.name})' if entry.name else ''}" for entry in missing[:10]
    )
    more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
    if renumbered:
        first = renumbered[0]
        hint = (
            f"{first.version} holds the same statements as your {first.same_as}: "
            "`prospectr-db reconcile` shows how to bring them together."
        )
    else:
        hint = (
            "Get the files with `prospectr-db fetch` or from the branch that applied them. If a "
            "version must go from the history: `prospectr-db repair --status reverted "
            f"{' '.join(versions[:3])}`."
        )
    return HistoryConflictError(
        f"The database has {len(missing)} migrations that supabase/migrations does not: "
        f"{listing}{more}. Nothing was run."
        if len(missing) > 1
        else f"The database has a migration that supabase/migrations does not: {listing}. "
        "Nothing was run.",
        hint=hint,
        versions=versions,
    )


def _out_of_order(late: Sequence[Entry], comparison: Comparison) -> HistoryConflictError:
    applied = comparison.of(State.APPLIED, State.EDITED, State.RENAMED)
    newest = applied[-1].version if applied else ""
    listing = ", ".join(str(entry.file) for entry in late[:10])
    return HistoryConflictError(
        f"Older than the newest migration in the database ({newest}), and not applied: {listing}. "
        "Nothing was run.",
        hint="Run them now, out of order, with --include-all; or give them a new version after "
        "the others with `prospectr-db restamp`.",
        versions=[entry.version for entry in late],
    )
