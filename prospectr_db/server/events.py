"""What a server tells while it is being started: the steps that take a noticeable time."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ContainerStarting",
    "Initialising",
    "InstallingPlatform",
    "Pulling",
    "Rebuilding",
    "Restarting",
    "Started",
]


@dataclass(frozen=True, slots=True)
class Pulling:
    """An image is being fetched."""

    image: str


@dataclass(frozen=True, slots=True)
class ContainerStarting:
    """A container is being started."""

    image: str


@dataclass(frozen=True, slots=True)
class Initialising:
    """A data directory is being made."""

    version: str


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """The data directory is thrown away and made anew, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Restarting:
    """The running server is being restarted, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class InstallingPlatform:
    """Supabase's side of the database is being installed into a template."""

    profile: str


@dataclass(frozen=True, slots=True)
class Started:
    """The server answers; ``seconds`` counts from the beginning of the start."""

    version: str
    seconds: float
