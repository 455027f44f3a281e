"""What is applied, what is pending, and what does not agree: a look, without a change."""

from __future__ import annotations

from dataclasses import dataclass

from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target
from prospectr_db.migrations.apply import read_comparison
from prospectr_db.migrations.comparison import Entry, State
from prospectr_db.migrations.history import recorded_seeds
from prospectr_db.project import Project

__all__ = ["SeedStatus", "Status", "WayOut", "status"]


@dataclass(frozen=True, slots=True)
class SeedStatus:
    """One seed: ``state`` is applied, changed or pending."""

    path: str
    state: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """Something that does not agree, and what may be done about it."""

    problem: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Status:
    """How a project and a database relate."""

    target: str
    migrations: tuple[Entry, ...]
    seeds: tuple[SeedStatus, ...]
    problems: tuple[WayOut, ...]
    notes: tuple[str, ...]

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Return what `migrate` would be about."""
        states = {State.PENDING, State.OUT_OF_ORDER, State.UNFINISHED}
        return tuple(entry for entry in self.migrations if entry.state in states)

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is pending and nothing disagrees."""
        return not self.pending and not self.problems


def status(target: Target, project: Project) -> Status:
    """Compare a project with a database. Only reads."""
    with connect(target, autocommit=True) as connection:
        comparison, _ = read_comparison(connection, project)
        recorded = recorded_seeds(connection)
    seeds = tuple(
        SeedStatus(
            file.label,
            {None: "pending", file.sha256: "applied"}.get(recorded.get(file.label), "changed"),
        )
        for file in project.seeds
    )
    problems = tuple(way for entry in comparison.entries if (way := _way_out(entry)))
    return Status(target.name, comparison.entries, seeds, problems, project.notes)


def _way_out(entry: Entry) -> WayOut | None:
    version, name = entry.version, entry.name
    match entry.state:
        case State.EDITED:
            return WayOut(
                f"{entry.file} was edited after it was applied.",
                "Undo the edit and put the change into a new migration. `prospectr-db fetch "
                f"{version} --diff` shows what was applied; if the database was changed to match "
                f"by hand, `prospectr-db repair --status applied {version}` records the file.",
            )
        case State.RENAMED:
            return WayOut(
                f"{entry.file} was applied under the name {entry.recorded_name}.",
                f"Harmless. `prospectr-db repair --status applied {version}` records the new name.",
            )
        case State.MISSING_LOCALLY if entry.same_as:
            return WayOut(
                f"The database has {version}, which holds the same statements as your "
                f"{entry.same_as}.",
                "`prospectr-db reconcile` brings the two together.",
            )
        case State.MISSING_LOCALLY:
            named = f" ({name})" if name else ""
            return WayOut(
                f"The database has {version}{named}, which has no file here.",
                f"`prospectr-db fetch {version}` writes the file from the history; `prospectr-db "
                f"repair --status reverted {version}` takes it out of the history.",
            )
        case State.OUT_OF_ORDER:
            return WayOut(
                f"{entry.file} is older than the newest migration in the database.",
                "`prospectr-db migrate --include-all` runs it out of order; `prospectr-db restamp "
                f"{version}` gives it a version after the others.",
            )
        case State.UNFINISHED:
            return WayOut(
                f"{entry.file} was interrupted half-way.",
                "`prospectr-db migrate` goes on where it stopped.",
            )
        case _:
            return None
