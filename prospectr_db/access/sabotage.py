"""The check checks itself: one table is laid open on the clone, and that must be seen."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess
from prospectr_db.access.observation import Observation
from prospectr_db.access.observe import observe_tables
from prospectr_db.access.ownership.implied import keep_implied
from prospectr_db.access.review.findings import judge
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database.catalog import Relation, reread
from prospectr_db.errors import ProspectrError

__all__ = ["SabotageNotSeenError", "sabotage"]


_MOST_TRIED = 5
_LAID_OPEN = ("select", "update", "delete")


class SabotageNotSeenError(ProspectrError):
    """The check did not notice that a table was laid open: its answer means nothing."""

    code = "sabotage_not_seen"


def sabotage(observation: Observation, matrix: AccessMatrix) -> str:
    """Switch row-level security off on one table, look again, and undo it.

    Returns what was done and seen. Raises SabotageNotSeenError where nothing turned red.
    """
    for relation, is_whole in _victims(observation, matrix)[:_MOST_TRIED]:
        leaks = _leaks(observation, matrix, relation)
        if leaks:
            return f"row-level security switched off on {relation.label}: {leaks} leaks seen"
        # What is kept only in part may be kept by a trigger or a key as well: try another table.
        if is_whole:
            raise SabotageNotSeenError(
                f"With row-level security off on {relation.label} the check saw no difference.",
                hint="This is a defect of the check, not of the project; please report it.",
            )
    return "nothing to sabotage: no table of the project has a row that is kept from others"


def _leaks(observation: Observation, matrix: AccessMatrix, relation: Relation) -> int:
    """Return how many leaks are seen with row-level security off that were not there before."""
    before = {f.key for f in judge(matrix) if f.relation == relation.label}
    spoilt = observe_changed(
        observation,
        relation,
        " ".join(
            (
                "alter table",
                relation.sql_name,
                "disable row level security; grant",
                ", ".join(_LAID_OPEN),
                "on",
                relation.sql_name,
                "to authenticated",
            )
        ),
    )
    return len({f.key for f in judge(spoilt) if f.severity == "error"} - before)


def _victims(observation: Observation, matrix: AccessMatrix) -> list[tuple[Relation, bool]]:
    """Return the tables that keep something from strangers; first those that keep everything."""
    found: list[tuple[Relation, bool]] = []
    for relation in observation.relations:
        table = matrix.table(relation.label)
        if (
            table is not None
            and relation.kind in "rp"
            and relation.rls
            and not relation.is_partition
            and observation.world.row(relation, OWNER) is not None
            and (kept := _kept(table))
        ):
            found.append((relation, table.owned and len(kept) == len(_LAID_OPEN)))
    return sorted(found, key=lambda victim: not victim[1])


def _kept(table: TableAccess) -> list[str]:
    """Return the commands that strangers are kept from, of those that will be laid open."""
    rows = "other" if table.owned else "any"
    reached = {
        access.command
        for access in table.accesses
        if access.persona == "stranger" and access.rows == rows and access.succeeds
    }
    # Rows without owners are for everybody to read: only a write is a leak.
    return [c for c in _LAID_OPEN if c not in reached and (table.owned or c != "select")]


def observe_changed(
    observation: Observation, relation: Relation, statement: str, *others: Relation
) -> AccessMatrix:
    """Return what would be observed about some relations after a statement, and undo it."""
    connection = observation.connection
    connection.execute("savepoint prospectr_change")
    try:
        connection.execute("set local search_path = ''")
        connection.execute(statement)
        oids = [relation.oid, *(other.oid for other in others)]
        catalog = keep_implied(observation.catalog, reread(connection, observation.catalog, oids))
        connection.execute("set local search_path = public, extensions")
        changed = replace(observation, catalog=catalog)
        tables = observe_tables(changed, [catalog.by_oid[oid] for oid in oids])
    finally:
        connection.execute(
            "rollback to savepoint prospectr_change; release savepoint prospectr_change"
        )
    return AccessMatrix(tables, (), 0, 0.0)
