"""What is told while migrations and seeds run; nothing here is told before it was committed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AppliedElsewhere",
    "Blocker",
    "ExtraApplied",
    "MigrationApplied",
    "MigrationStarted",
    "Retrying",
    "RolledBack",
    "SeedApplied",
    "SeedProgress",
    "SeedStarted",
    "ServerNotice",
    "StepApplied",
    "WaitingForLock",
    "WaitingForRun",
]


@dataclass(frozen=True, slots=True)
class MigrationStarted:
    """A migration is about to run; ``index`` counts from 1."""

    version: str
    name: str
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class MigrationApplied:
    """A migration and its history row are committed."""

    version: str
    name: str
    seconds: float
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class StepApplied:
    """One step of a migration that cannot run in one transaction is committed."""

    version: str
    step: int
    steps: int
    command: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AppliedElsewhere:
    """Another run applied this migration in the meantime."""

    version: str
    name: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """Who holds what is waited for; ``seconds`` is the age of the holder's transaction."""

    wanted: str
    mode: str
    pid: int
    user: str | None
    application: str | None
    state: str | None
    seconds: float | None
    query: str | None

    def __str__(self) -> str:
        who = f"process {self.pid}"
        if self.user:
            who += f" ({self.user}{f', {self.application}' if self.application else ''})"
        age = f" for {self.seconds:.0f} s" if self.seconds is not None else ""
        doing = f", {self.state}" if self.state else ""
        query = f": {' '.join(self.query.split())}" if self.query else ""
        return f"{self.mode} on {self.wanted}, held{age} by {who}{doing}{query}"


@dataclass(frozen=True, slots=True)
class WaitingForLock:
    """A migration waits for a lock."""

    version: str
    blocker: Blocker


@dataclass(frozen=True, slots=True)
class WaitingForRun:
    """Another run is migrating this database; this one waits for it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Retrying:
    """A migration was rolled back and will be tried again after ``seconds``."""

    version: str
    attempt: int
    attempts: int
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class SeedStarted:
    """A seed is about to run; ``size`` in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class SeedProgress:
    """How much of a large seed has been sent, in bytes."""

    path: str
    sent: int
    size: int


@dataclass(frozen=True, slots=True)
class SeedApplied:
    """A seed and its record are committed."""

    path: str
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class ServerNotice:
    """The server said something (a NOTICE or WARNING) while this file ran."""

    file: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A migration was taken back and is no longer in the history."""

    version: str


@dataclass(frozen=True, slots=True)
class ExtraApplied:
    """A hook or a repeatable file was run and committed."""

    path: str
    seconds: float
