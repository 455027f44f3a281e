"""What differs in a table itself: whether row-level security is on, which rows it keeps single."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.facts import Facts
from prospectr_db.access.matrix.finding import ROW_SECURITY, Finding, Kind
from prospectr_db.access.review.phrases import joined

__all__ = ["compare_once", "compare_row_security"]


def compare_row_security(
    relation: str, observed: Facts, wanted: Facts, *, by_contract: bool
) -> Iterator[Finding]:
    """Yield where row-level security is off, or on, and shall not be.

    Where a policy lets everybody read every row it makes no difference to anybody today, and the
    next grant or policy is written in the belief that it is on. A contract without a word says on,
    also one that was written when contracts had no word for it.
    """
    now, then = relation in observed.without_rls, relation in wanted.without_rls
    if now is then:
        return
    if now and by_contract:
        sentence = (
            f"Row-level security is off on {relation}, and the contract does not say so: no policy "
            "keeps anybody from a row. If that is meant, `prospectr-db access write` states it."
        )
    elif now:
        sentence = (
            f"Row-level security is now off on {relation}: no policy keeps anybody from a row."
        )
    else:
        what = "the contract says that it is off" if by_contract else "before it was off"
        sentence = f"Row-level security is now on for {relation}; {what}."
    kind: Kind = "leak" if now else "loss"
    yield Finding(kind, "error", relation, "", "", "", (), sentence, rule=ROW_SECURITY)


def compare_once(
    relation: str, observed: Facts, wanted: Facts, *, by_contract: bool
) -> Iterator[Finding]:
    """Yield the keys that are there no more, nor any narrower one."""
    there = [set(key.split(", ")) for key in observed.keys.get(relation, ())]
    for key in wanted.once.get(relation, ()):
        columns = key.split(", ")
        if any(one <= set(columns) for one in there):
            continue
        before = "the contract holds that one is all" if by_contract else "before one was all"
        sentence = f"Several rows of {relation} can now have the same {joined(columns)}; {before}."
        yield Finding("leak", "error", relation, "", "", "insert", (), sentence, rule="once")
