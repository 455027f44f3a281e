"""What differs about files and buckets without being news: what the backend may with a new one."""

from __future__ import annotations

from prospectr_db.access.matrix.facts import Entry, Facts
from prospectr_db.access.matrix.row_classes import FILES
from prospectr_db.access.personas.personas import SERVICE_ROLE

__all__ = ["SHARED", "is_backends_share"]

SHARED = frozenset({FILES, "storage.buckets"})
"""Tables of the platform: whoever a contract does not name there may do nothing, as ever."""


def is_backends_share(entry: Entry, observed: Facts, wanted: Facts) -> bool:
    """Whether an entry only says that the backend handles a bucket which is new, or gone.

    No policy binds the service role: the bucket itself is told, and who else can use it.
    """
    relation, persona, rows, _ = entry
    if relation not in SHARED or persona != SERVICE_ROLE:
        return False
    if not (relation in observed.relations and relation in wanted.relations):
        return True
    bucket = rows.partition(" in ")[2].partition("/")[0]
    if not bucket:
        return False
    return not all(
        any(e[0] == relation and e[2].partition(" in ")[2].startswith(f"{bucket}/") for e in facts)
        for facts in (observed.allowed, wanted.allowed)
    )
