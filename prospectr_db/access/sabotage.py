"""The check checks itself: one table is laid open on the clone, and that must be seen."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.findings import judge
from prospectr_db.access.matrix import AccessMatrix
from prospectr_db.access.observe import Observation, observe_tables
from prospectr_db.access.world import OWNER
from prospectr_db.database.catalog import Relation, reread
from prospectr_db.errors import ProspectrError

__all__ = ["SabotageNotSeenError", "sabotage"]


class SabotageNotSeenError(ProspectrError):
    """The check did not notice that a table was laid open: its answer means nothing."""

    code = "sabotage_not_seen"


def sabotage(observation: Observation, matrix: AccessMatrix) -> str:
    """Switch row-level security off on one table, look again, and undo it.

    Returns what was done and seen. Raises SabotageNotSeenError where nothing turned red.
    """
    relation = _victim(observation, matrix)
    if relation is None:
        return "nothing to sabotage: no table of the project has a row that is kept from others"
    before = {f.key for f in judge(matrix) if f.relation == relation.label}
    spoilt = observe_changed(
        observation,
        relation,
        " ".join(
            (
                "alter table",
                relation.sql_name,
                "disable row level security;",
                "grant select, update, delete on",
                relation.sql_name,
                "to authenticated",
            )
        ),
    )
    after = {f.key for f in judge(spoilt) if f.severity == "error"}
    if not after - before:
        raise SabotageNotSeenError(
            f"With row-level security off on {relation.label} the check saw no difference.",
            hint="This is a defect of the check, not of the project; please report it.",
        )
    return f"row-level security switched off on {relation.label}: {len(after - before)} leaks seen"


def _victim(observation: Observation, matrix: AccessMatrix) -> Relation | None:
    for relation in observation.relations:
        table = matrix.table(relation.label)
        if (
            table is not None
            and table.owned
            and relation.kind in "rp"
            and relation.rls
            and not relation.is_partition
            and observation.world.row(relation, OWNER) is not None
            and not any(
                a.succeeds for a in table.accesses if a.persona == "stranger" and a.rows == "other"
            )
        ):
            return relation
    return None


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
        catalog = reread(connection, observation.catalog, oids)
        connection.execute("set local search_path = public, extensions")
        changed = replace(observation, catalog=catalog)
        tables = observe_tables(changed, [catalog.by_oid[oid] for oid in oids])
    finally:
        connection.execute(
            "rollback to savepoint prospectr_change; release savepoint prospectr_change"
        )
    return AccessMatrix(tables, (), 0, 0.0)
