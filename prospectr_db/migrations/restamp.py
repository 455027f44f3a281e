"""How files get other versions: after all others, or those under which a database knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError
from prospectr_db.migrations.apply import read_comparison
from prospectr_db.migrations.comparison import Comparison, Entry, State
from prospectr_db.migrations.new import timestamp
from prospectr_db.project import Migration, Project

__all__ = ["Proposal", "Reconciled", "Restamped", "reconcile", "restamp"]


@dataclass(frozen=True, slots=True)
class Renamed:
    """One file, before and after; paths are relative to the project."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Restamped:
    """Which files were given new versions."""

    target: str
    files: tuple[Renamed, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would bring one disagreement together; ``done`` where it was carried out.

    ``kind``: rename (same statements under another version), compare (same name, other
    statements), or fetch (only the database has it).
    """

    kind: str
    version: str
    what: str
    command: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Every disagreement between files and history that a person may resolve."""

    target: str
    proposals: tuple[Proposal, ...]


def restamp(
    target: Target, project: Project, versions: Sequence[str], *, now: datetime
) -> Restamped:
    """Rename files (and their rollbacks) to versions after all others, keeping their order.

    Without ``versions``, those that are older than the newest applied one. Raises UsageError for
    one that is applied: the database knows it by its version.
    """
    with connect(target, autocommit=True) as connection:
        comparison, _ = read_comparison(connection, project)
    entries = {entry.version: entry for entry in comparison.entries}
    chosen = list(versions) or [entry.version for entry in comparison.of(State.OUT_OF_ORDER)]
    free = {State.PENDING, State.OUT_OF_ORDER}
    for version in chosen:
        entry = entries.get(version)
        if entry is None or entry.file is None:
            raise UsageError(
                f"There is no file with version {version}.",
                hint="`prospectr-db status` lists them.",
            )
        if entry.state not in free:
            raise UsageError(
                f"{entry.file} is {entry.state.value} on {target.name}: it keeps its version.",
                hint="Only what has not been applied can be restamped.",
            )
    files = {migration.version: migration for migration in project.migrations}
    renamed = []
    # What a database has and the project has not also counts: go after it as well.
    newest = max((entry.version for entry in comparison.entries), default="")
    current = project
    for version in sorted(chosen):
        fresh = timestamp(_aware_of(current, newest), now)
        renamed += _rename(project, files[version], fresh)
        moved = replace(files[version], version=fresh)
        current = replace(current, migrations=(*current.migrations, moved))
    return Restamped(target.name, tuple(renamed))


def reconcile(target: Target, project: Project, *, apply: bool = False) -> Reconciled:
    """Propose how to bring diverged histories together; with ``apply``, rename what is certain.

    Certain is only a file whose statements the database has recorded under another version: the
    file is given that version. The database is never changed.
    """
    with connect(target, autocommit=True) as connection:
        comparison, _ = read_comparison(connection, project)
    files = {migration.version: migration for migration in project.migrations}
    proposals = []
    for entry in comparison.of(State.MISSING_LOCALLY):
        proposal = _propose(entry, comparison)
        if apply and proposal.kind == "rename" and entry.same_as:
            _rename(project, files[entry.same_as], entry.version)
            proposal = replace(proposal, done=True)
        proposals.append(proposal)
    return Reconciled(target.name, tuple(proposals))


def _propose(entry: Entry, comparison: Comparison) -> Proposal:
    if entry.same_as:
        return Proposal(
            "rename",
            entry.version,
            f"The database applied your {entry.same_as} as {entry.version}: the statements are the "
            "same.",
            "prospectr-db reconcile --apply",
        )
    waiting = comparison.of(State.PENDING, State.OUT_OF_ORDER)
    namesake = next((other for other in waiting if entry.name and other.name == entry.name), None)
    if namesake:
        return Proposal(
            "compare",
            entry.version,
            f"{namesake.file} has the name of the database's {entry.version}, but other "
            "statements.",
            f"prospectr-db fetch {entry.version} --diff",
        )
    return Proposal(
        "fetch",
        entry.version,
        f"Only the database has {entry.version}{f' ({entry.name})' if entry.name else ''}.",
        f"prospectr-db fetch {entry.version}",
    )


def _aware_of(project: Project, newest: str) -> Project:
    if len(newest) != 14 or any(m.version == newest for m in project.migrations):
        return project
    ghost = Migration(Path(newest), newest, "", "", newest, "")
    return replace(project, migrations=(*project.migrations, ghost))


def _rename(project: Project, migration: Migration, version: str) -> list[Renamed]:
    """Move a migration, and the rollback that belongs to it, to another version."""
    rollbacks = [file for file in project.rollbacks if file.version == migration.version]
    renamed = []
    for file in (migration, *rollbacks):
        place = file.path.with_name(f"{version}_{file.name}.sql")
        if place.exists():
            raise UsageError(
                f"{place.name} exists already.", hint="Rename or remove one of the two first."
            )
        file.path.rename(place)
        renamed.append(Renamed(file.label, place.relative_to(project.root).as_posix()))
    return renamed
