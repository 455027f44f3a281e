"""What a doctor says: each finding with what it is, why it matters, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DoctorReport", "Finding", "Severity"]

Severity = Literal["problem", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. A problem makes the answer no; a note is only worth knowing."""

    check: str
    severity: Severity
    what: str
    why: str
    todo: str
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What `examine` found.

    ``url`` is without its password; ``route`` is direct, session pooler, transaction pooler or
    local; ``facts`` are what was measured, in order; ``compared`` is false where there was no
    local database to hold the project to.
    """

    name: str
    url: str
    route: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    read_only: bool
    compared: bool

    @property
    def ok(self) -> bool:
        """Whether nothing is a problem; something was always examined."""
        return self.read_only and not any(f.severity == "problem" for f in self.findings)
