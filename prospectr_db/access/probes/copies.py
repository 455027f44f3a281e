"""COPY, over the wire as a driver sends it, where it can do what INSERT cannot.

COPY FROM fires triggers and checks constraints, but no rules; where row-level security binds the
role, the server refuses it altogether (PostgreSQL manual, "COPY"). So it reaches further than
INSERT only where rules stand in the way of INSERT. COPY TO is rewritten to a SELECT, policies
included, and never shows more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import psycopg

from prospectr_db.access.matrix.matrix import COPY, Cell, Verdict
from prospectr_db.access.personas.impersonation import become
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.probes.insert import insert_classes
from prospectr_db.access.probes.probes import Plan
from prospectr_db.database.catalog import quote_identifier
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["copies"]


def copies(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> dict[int, list[Cell]]:
    """Return a cell for each kind of new row that gets in by COPY and by no INSERT."""
    tables = [oid for oid, plan in plans.items() if plan.relation.is_table]
    ruled = observation.connection.execute(
        sql_text("catalog/access/insert_rules.sql"), {"relations": tables}
    ).fetchall()
    found: dict[int, list[Cell]] = {}
    for (oid,) in ruled:
        plan = plans[oid]
        for knocker in personas:
            role = knocker.persona.role
            bound = plan.relation.rls and role not in observation.catalog.above_rls
            if bound or knocker.brief or not plan.relation.holds_any(role, "a"):
                continue
            inserted = {
                cell.rows
                for cell in cells[oid]
                if (cell.persona, cell.command) == (knocker.name, "insert") and cell.succeeds
            }
            for rows, values in insert_classes(plan, knocker):
                if rows not in inserted:
                    found.setdefault(oid, []).extend(
                        _copied(observation, plan, knocker, rows, values)
                    )
    return found


def _copied(
    observation: Observation,
    plan: Plan,
    knocker: Knocker,
    rows: str,
    values: Mapping[str, str | None],
) -> list[Cell]:
    """Send one row; return a cell per column where the server took it."""
    columns = ", ".join(map(quote_identifier, values))
    text = " ".join(("copy", plan.relation.sql_name, f"({columns})", "from stdin"))
    connection = observation.connection
    observation.probes += 1
    connection.execute("savepoint prospectr_copy")
    try:
        connection.execute(plan.make_room(values) or "select 1")
        connection.execute(become(knocker.persona))
        with connection.cursor() as cursor:
            with cursor.copy(text) as copy:
                copy.write_row(tuple(values.values()))
            taken = cursor.rowcount > 0
        if observation.settle:
            connection.execute("set constraints all immediate")
    except psycopg.Error:
        taken = False  # what refuses COPY leaves things as the INSERT cells tell them
    finally:
        connection.execute("rollback to savepoint prospectr_copy; release savepoint prospectr_copy")
    if not taken:
        return []
    line = "\t".join("\\N" if value is None else value for value in values.values())
    witness = "\n".join((f"{text};", line, "\\."))
    return [
        Cell(knocker.name, rows, "insert", COPY, name, Verdict.ALLOWED, witness) for name in values
    ]
