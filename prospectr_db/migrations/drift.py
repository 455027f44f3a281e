"""Where a live database differs from what its migrations produce, object by object."""

from __future__ import annotations

from dataclasses import dataclass

from prospectr_db.database.connection import connect
from prospectr_db.database.snapshot import Change
from prospectr_db.database.target import Target
from prospectr_db.migrations.rebuild import Copies, beside_history, recorded_project
from prospectr_db.project import Project

__all__ = ["Drift", "drift"]


@dataclass(frozen=True, slots=True)
class Drift:
    """What was changed beside the migrations: ``changes`` lead from them to the database."""

    target: str
    changes: tuple[Change, ...]
    compared: int
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the database is what its migrations say."""
        return not self.changes


def drift(target: Target, project: Project, copies: Copies) -> Drift:
    """Compare a database with a copy rebuilt from its own history."""
    with connect(target, autocommit=True) as connection:
        state, notes = recorded_project(connection, project)
    with copies(state) as copy:
        changes, compared = beside_history(target, state, copies, copy)
    return Drift(target.name, changes, compared, notes)
