"""What can go wrong between a project's files and a database's history."""

from __future__ import annotations

from typing import ClassVar

from prospectr_db.errors import ProspectrError

__all__ = ["HistoryConflictError", "InterruptedMigrationError", "LockedError"]


class HistoryConflictError(ProspectrError):
    """The database's history and the project's files do not agree."""

    code: ClassVar[str] = "history_conflict"


class InterruptedMigrationError(ProspectrError):
    """A migration was interrupted half-way, and how to go on has to be decided by a person."""

    code: ClassVar[str] = "interrupted_migration"


class LockedError(ProspectrError):
    """Another session holds a lock that is needed."""

    code: ClassVar[str] = "locked"
