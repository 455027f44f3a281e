"""The statements that need no new value: SELECT, DELETE and TRUNCATE in their forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.rows.inhabitants import Row
from prospectr_db.access.writing.statements import delete, equals
from prospectr_db.database.catalog import quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["deletes", "selects", "truncate"]


def selects(
    plan: Plan, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
) -> Iterator[Probe]:
    """Yield reading each row, locking it, and naming each column."""
    role = knocker.persona.role
    readable = [c for c in plan.relation.columns if "r" in c.privileges.get(role, "")]
    shown = [c.name for c in readable] or [c.name for c in plan.relation.columns]
    names = plan.relation.primary_key or plan.source.primary_key or tuple(shown)
    columns = ", ".join(quote_identifier(name) for name in shown) or "1"
    for rows, row, preparation in targets:
        usable = [name for name in names if name in shown] or shown
        where = equals(plan.relation, {n: row.values[n] for n in usable if n in row.values})
        text = " ".join(("select", columns, "from", plan.relation.sql_name, "where", where))
        yield Probe(row.label, rows, "select", "where", None, text, preparation)
        if preparation is None and not knocker.brief:
            lock = " ".join((text, "for update"))
            yield Probe(row.label, rows, "select", "for update", None, lock)
    if not knocker.brief:
        for column in plan.relation.columns:
            text = " ".join(
                ("select", quote_identifier(column.name), "from", plan.relation.sql_name)
            )
            gate = plan.gate("column") if column in readable else None
            yield Probe(None, "", "select", "column", column.name, text, gate=gate)


def deletes(
    plan: Plan, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
) -> Iterator[Probe]:
    """Yield deleting each row, everything, and everything through MERGE."""
    question = plan.changed()
    yield Probe(None, "", "delete", "no where", None, delete(plan.relation), None, question)
    for rows, row, preparation in targets:
        yield Probe(
            row.label,
            rows,
            "delete",
            "where",
            None,
            delete(plan.relation, plan.where(row)),
            preparation,
            question,
        )
    if not knocker.brief and plan.relation.holds(knocker.persona.role, "d"):
        text = " ".join(
            (
                "merge into",
                plan.relation.sql_name,
                "as t using (select 1) as s on true",
                "when matched then delete",
            )
        )
        yield Probe(None, "", "delete", "merge", None, text, None, question)


def truncate(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield TRUNCATE, which no policy stops."""
    if (
        plan.relation.kind in "rp"
        and not knocker.brief
        and (knocker.persona.role not in plan.catalog.above_rls)
    ):
        text = " ".join(("truncate", plan.relation.sql_name, "cascade"))
        yield Probe(None, "", "truncate", "statement", None, text)
