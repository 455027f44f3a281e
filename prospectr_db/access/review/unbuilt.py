"""How it is said that a row, or a call, could not be made, and so nothing be observed of it."""

from __future__ import annotations

from prospectr_db.access.matrix.matrix import TableAccess
from prospectr_db.access.matrix.row_classes import in_words
from prospectr_db.access.review.phrases import who
from prospectr_db.access.rows.inhabitants import OTHER, OWNER

__all__ = ["unbuilt"]

_WHOSE = {
    OWNER: "a row of the owner's",
    OTHER: "a row of a stranger's",
    "orphan": "a row without an owner",
}


def unbuilt(table: TableAccess, problem: str) -> str:
    """Return a problem, whose row or which call and why not, as a sentence."""
    key, _, reason = problem.partition(": ")
    subject = f"{table.relation} could not be observed"
    if table.kind == "function":
        why = problem.removeprefix("call: ")
        what = f"could not be called: no arguments fit ({why}); the contract can give values"
        return f"{table.relation} {what}."
    base, _, state = key.partition(" [")
    if state:
        return f"{subject} where {in_words(state)}: the row takes no such value ({reason})."
    if not table.owned and base in (OWNER, OTHER):
        whose = "a row" if base == OWNER else "a second row"
    else:
        whose = _WHOSE.get(base) or f"a row of {who(base)}"
    return f"{subject}: {whose} could not be made ({reason})."
