"""What a careful reviewer objects to in who can empty a table with TRUNCATE."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.finding import Finding, Severity
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess
from prospectr_db.access.personas.personas import ANON, AUTHENTICATED
from prospectr_db.access.personas.role_names import is_in_role
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.phrases import phrase
from prospectr_db.database.catalog import PLATFORM_SCHEMAS

__all__ = ["review_truncate"]

_HOW_TO_TRUNCATE = (
    "the Data API has no TRUNCATE, so that takes an SQL connection, or a function that sends it "
    "with its caller's rights"
)


def review_truncate(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objection to whoever can empty a table, if he finds a way to say so.

    By default both roles have it on every new table, and the Data API has no way: that is a note,
    and none where nothing else is granted. On a table that stands out somebody granted it.
    """
    severity = "warning" if is_in_role(access.persona) else _truncate_severity(matrix, table)
    if severity == "note" and not any(map(_is_granted, matrix.tables)):
        return
    sentence = f"{phrase(table, access)}; {_HOW_TO_TRUNCATE}"
    yield objection(table, access, "truncate", severity, sentence=sentence)


def _is_granted(table: TableAccess) -> bool:
    """Whether visitors or users hold a privilege that the Data API has a use for."""
    held = any(set(letters) & set("rawd") for letters in table.privileges.values())
    own = table.kind == "table" and table.relation.partition(".")[0] not in PLATFORM_SCHEMAS
    return own and (held or any(table.column_privileges.values()))


def _truncate_severity(matrix: AccessMatrix, table: TableAccess) -> Severity:
    others = [
        other
        for other in matrix.tables
        if other.kind == "table"
        and other.relation != table.relation
        and other.default_truncate
        and other.relation.partition(".")[0] not in PLATFORM_SCHEMAS
    ]
    # Where everything was taken away nobody weighed one privilege against another.
    given = [t for t in others if any(t.privileges.values()) or any(t.column_privileges.values())]
    careful = any(not any("D" in held for held in t.privileges.values()) for t in given)
    if careful or not table.default_truncate:
        return "error"
    both = all("D" in table.privileges.get(role, "") for role in (ANON, AUTHENTICATED))
    return "note" if both else "warning"
