"""One thing that somebody should look at, and what a contract accepts it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "IDLE_GRANT",
    "IDLE_POLICY",
    "ORACLE",
    "OUTSIDE",
    "RECURSION",
    "ROW_SECURITY",
    "SEARCH_PATH",
    "UNEXPOSED",
    "Finding",
    "Kind",
    "Severity",
]

IDLE_GRANT = "idle-grant"
"""The rule of a grant that no policy lets anybody use: it lets nobody in."""
IDLE_POLICY = "idle-policy"
"""The rule of a policy that says that users may, where none can."""
RECURSION = "recursion"
"""The rule of statements that fail because policies ask for each other's tables without end."""
ROW_SECURITY = "row-level-security"
"""The rule of a table whose row-level security is not as it shall be; a cause of what follows."""
UNEXPOSED = "unexposed"
"""The rule of a project that grants its users nothing."""
SEARCH_PATH = "search-path"
"""The rule of functions with their owner's rights whose names mean what their caller decides."""
ORACLE = "oracle"
"""The rule of a refusal that tells what somebody may not read."""
OUTSIDE = "outside-policies"
"""The rule of a privilege that policies do not govern."""

Kind = Literal["leak", "loss", "vacuous", "surprise", "oracle", "unmentioned", "gone", "drift"]
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at; ``key`` is stable and names it in the contract.

    ``cause`` is the rule of what it follows from, where that is known: it is told with the cause.
    """

    kind: Kind
    severity: Severity
    relation: str
    persona: str
    rows: str
    command: str
    columns: tuple[str, ...]
    sentence: str
    statement: str = ""
    rule: str = ""
    cause: str = ""

    @property
    def key(self) -> str:
        """What a contract accepts it by."""
        rows = self.rows.replace(" ", "-").replace("'", "")
        return "/".join(part for part in (self.relation, self.persona, self.command, rows) if part)
