"""What became of one statement: how the server's answer is read as a verdict.

allowed: rows were read or changed. filtered: no error and no row, a policy hid them. rejected: a
policy's check refused the new row (42501, row-level security). denied: the role lacks the privilege
(42501). refused: a constraint or a trigger said no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from prospectr_db.access.matrix.matrix import Verdict

__all__ = ["Outcome", "classify", "verdict_of"]

_INSUFFICIENT_PRIVILEGE = "42501"
# Classes of SQLSTATE (PostgreSQL manual, appendix A) in which a constraint, a trigger or a type's
# own rules refuse a value. Anything else, such as an unknown column, is a mistake in the statement.
_REFUSALS = ("22", "23", "44", "P0")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and what it was read from.

    ``rows`` is how many rows were read or changed, None for a command that has no such number.
    ``returned`` holds them as dictionaries where the statement returned any.
    """

    verdict: Verdict
    rows: int | None = None
    returned: tuple[dict[str, Any], ...] = ()
    sqlstate: str | None = None
    message: str | None = None
    detail: str | None = None
    constraint: str | None = None

    @property
    def touches(self) -> bool:
        """Whether the statement went through and was about something."""
        return self.verdict is Verdict.ALLOWED

    def __str__(self) -> str:
        if self.message:
            return f"{self.verdict} ({self.sqlstate}: {self.message})"
        return f"{self.verdict} ({'no count' if self.rows is None else f'{self.rows} rows'})"


def verdict_of(error: psycopg.Error) -> Verdict | None:
    """Return the verdict that an error stands for, or None where it says nothing about access."""
    state = error.sqlstate or ""
    if state == _INSUFFICIENT_PRIVILEGE:
        # Where the error was raised does not depend on the server's language, as its text does.
        origin = error.diag.source_function or ""
        if origin == "exec_stmt_raise":
            return Verdict.REFUSED
        if origin == "ExecWithCheckOptions" or "row-level security" in str(error):
            return Verdict.REJECTED
        return Verdict.DENIED
    return Verdict.REFUSED if state.startswith(_REFUSALS) else None


def classify(
    answer: psycopg.Error | int, returned: tuple[dict[str, Any], ...] = ()
) -> Outcome | None:
    """Return the outcome of a statement from its error or its row count (-1: it has none).

    None where the error says nothing about access, such as a syntax error.
    """
    if isinstance(answer, int):
        if answer < 0:
            return Outcome(Verdict.ALLOWED)
        return Outcome(Verdict.ALLOWED if answer else Verdict.FILTERED, answer, returned)
    verdict = verdict_of(answer)
    if verdict is None:
        return None
    return Outcome(
        verdict,
        sqlstate=answer.sqlstate,
        message=answer.diag.message_primary,
        detail=answer.diag.message_detail,
        constraint=answer.diag.constraint_name,
    )
