"""Rows that everybody reads in some states only: somebody decided so (published, shared)."""

from __future__ import annotations

from prospectr_db.access.matrix.baselines import is_related
from prospectr_db.access.matrix.facts import VIEWS
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import Access, TableAccess
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.phrases import joined, phrase

__all__ = ["is_conditional", "review_conditional"]


def is_conditional(table: TableAccess, access: Access) -> bool:
    """Whether somebody reads others' rows in some states only.

    So it is where only some are kept out by a row beside their user's, such as those whom he has
    blocked. Of a view nothing but its conditions decides, and one on what is deleted makes nobody's
    rows public.
    """
    base, _, state = access.rows.partition(" [")
    plain = table.find(access.persona, base, "select")
    # Rows that are somebody's by one of several columns are tried in no state of their own.
    tried = "other" if base.startswith("other's as ") else base
    states = [
        other
        for other in table.accesses
        if (other.persona, other.command) == (access.persona, "select")
        and other.rows.startswith((f"{base} [", f"{tried} ["))
    ]
    blocked = [
        other
        for other in table.accesses
        if (other.rows, other.command) == (base, "select") and is_related(other.persona)
    ]
    is_view = table.kind in VIEWS
    if state:
        return plain is not None and (is_view or not plain.succeeds)
    return not is_view and any(not other.succeeds for other in [*states, *blocked])


def review_conditional(table: TableAccess, access: Access) -> Finding:
    """Return the note about such rows; a warning where they hold what opens something.

    That a code is not used up yet is what makes it worth reading, and not what makes it public.
    Whoever owns nothing is not asked column by column.
    """
    secrets = [name for name in table.secrets if name in access.columns or not access.columns]
    if not secrets:
        return objection(table, access, "conditional-read", "note", kind="surprise")
    sentence = f"{phrase(table, access)}: {joined(secrets)} may open something to whoever knows it"
    return objection(table, access, "open-secret", "warning", kind="surprise", sentence=sentence)
