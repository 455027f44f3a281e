"""How a change in tables is noticed, and how rows are taken away to see what rests on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import GIVES
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import delete, equals, literal
from prospectr_db.database.catalog import Relation, quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation


__all__ = ["changed_rows", "owners_labels", "without_anybodys_rows", "without_owners_rows"]


def owners_labels(observation: Observation, relations: Sequence[Relation]) -> set[str]:
    """Return the labels of the owner's rows in some tables."""
    return {
        row.label
        for relation in relations
        if (row := observation.world.row(relation, OWNER)) is not None
    }


def without_owners_rows(observation: Observation, relations: Sequence[Relation]) -> str | None:
    """Return the statements that take the owner's rows away; None where there is none of them."""
    rows = [
        (relation, row)
        for relation in relations
        if observation.ownership[relation.oid].owned
        and relation is not observation.catalog.users
        and (row := observation.world.row(relation, OWNER)) is not None
    ]
    steps = [
        delete(r, equals(r, {n: row.values[n] for n in r.primary_key or row.values}))
        for r, row in rows
    ]
    return "; ".join(steps) or None


def without_anybodys_rows(
    observation: Observation, relations: Sequence[Relation], *, but: Sequence[str]
) -> str | None:
    """Return the statements that take away whatever belongs to anybody ``but`` some users."""
    steps = []
    for relation in relations:
        if not observation.ownership[relation.oid].owned or relation is observation.catalog.users:
            continue
        known = " ".join(
            (
                "delete from",
                relation.sql_name,
                "as t using prospectr_access.rows as r where r.relation =",
                str(relation.oid),
                "and",
                observation.plan(relation).joined_key(),
            )
        )
        spared = ", ".join(literal(f"{relation.label}:{key}") for key in but)
        steps.append("".join((known, " and r.label not in (", spared, ")")))
    return "; ".join(steps) or None


def changed_rows(
    observation: Observation, relations: Sequence[Relation], *, raised: bool = False
) -> str:
    """Return the question which known rows changed, or were added for the owner, in some tables.

    It is in parts, a JSON object with one for each table's oid: only what was written to is asked.

    A row added in his name is told as ``TABLE:new``, one below a row of his as ``TABLE:below``, and
    one that names the caller, too, as ``TABLE:new as COLUMN``: it is the caller's own in part. One
    that makes the caller more than the least is ``TABLE:new as COLUMN with TABLE.role=admin``, one
    that makes the owner a member of what is not his ``TABLE:new for COLUMN``.
    With ``raised``, a row by which its user may do more than before is told as ``LABEL:raised``.
    """
    asked: dict[str, str] = {}
    for relation in relations:
        if not relation.is_table:
            continue
        parts: list[str] = []
        plan = observation.plan(relation)
        told = "select array_agg(r.label order by r.label)"
        parts.append(plan.changed().replace(told, "select r.label", 1))
        if raised and (higher := _raised(observation, relation)):
            parts.append(f"{plan.known().replace(told, _RAISED, 1)} and ({higher})")
        known = " ".join(
            ("select 1 from prospectr_access.rows as r where r.relation =", str(relation.oid))
        )
        added = " ".join(
            (
                "not exists (",
                known,
                "and (r.partition, r.place) = (t.tableoid, t.ctid)) and not exists (",
                known,
                "and t.tableoid = r.partition and",
                plan.joined_key(),
                ") and not exists (select 1 from prospectr_access.strays as s where s.relation =",
                str(relation.oid),
                "and (s.partition, s.place) = (t.tableoid, t.ctid))",
            )
        )
        his = _is_the_owners(observation, relation)
        shared = _names_the_caller(observation, relation) if his else {}
        below = _below_the_owners(observation, relation)
        apart = f"{below} and not ({his})" if below and his else below
        alone = " and ".join((f"({his})", *(f"not {one}" for one in shared.values())))
        both = {f"new as {name}": f"({his}) and {one}" for name, one in shared.items()}
        more = _more_than_the_least(observation, relation, below) if below else {}
        new = {"new": his and alone}
        if his and _says_who_belongs(observation, relation):
            users = observation.ownership[relation.oid].users
            inside = _below_the_owners(observation, relation, but=users) or "(false)"
            new = {
                "new": f"{alone} and {inside}",
                f"new for {users[0]}": f"{alone} and not {inside}",
            }
        for mark, condition in {**new, **both, "below": apart, **more}.items():
            if condition:
                told = literal(f"{relation.label}:{mark}")
                parts.append(
                    " ".join(
                        ("select", told, "from", relation.sql_name, "as t where", f"({condition})")
                    )
                )
                parts[-1] += f" and {added}"
        asked[str(relation.oid)] = " union all ".join(parts)
    return json.dumps(asked)


def _says_who_belongs(observation: Observation, relation: Relation) -> bool:
    """Whether a table makes users members of what hangs below nobody's account, such as a chat."""
    owners = observation.ownership
    return bool(owners[relation.oid].users) and any(
        relation.label in owner.members and not owner.user_keyed for owner in owners.values()
    )


_RAISED = "select r.label || ':raised'"


def _raised(observation: Observation, relation: Relation) -> str:
    """Return the condition that a row gives its user more than it did; empty where none can.

    What policies ask about a user has another value; of amounts, also of those that only the server
    sets beside it, there is more: to spend some of one's own raises nobody.
    """
    asked = {s.column for s in observation.standings if s.relation == relation.oid}
    found = []
    for column in relation.columns if asked else ():
        is_closed = "w" not in column.privileges.get("authenticated", "")
        was = "".join(("r.image->>", literal(column.name)))
        now = "".join(("t.", quote_identifier(column.name)))
        if column.category == "N" and (column.name in asked or is_closed):
            found.append("".join((now, " > (", was, ")::numeric")))
        elif column.name in asked:
            found.append(
                "".join(("to_jsonb(t)->>", literal(column.name), " is distinct from ", was))
            )
    return "".join(("t.tableoid is not null and (", " or ".join(found), ")")) if found else ""


def _is_the_owners(observation: Observation, relation: Relation) -> str:
    """Return the condition that a row names the owner where users are named; empty where none is.

    Not in any text: whoever is called with an id as a title has nothing to do with that user.
    """
    owner = observation.world.actors[OWNER].id
    users = observation.ownership[relation.oid].users
    names = [c.name for c in relation.columns if c.base_name == "uuid" or c.name in users]
    held = (
        "".join(("t.", quote_identifier(n), "::text like ", literal(f"%{owner}%"))) for n in names
    )
    return " or ".join(held)


def _names_the_caller(observation: Observation, relation: Relation) -> dict[str, str]:
    """Return, by column, the condition that a row names in it who calls, and is not the owner."""
    owner = literal(observation.world.actors[OWNER].id)
    sub = "nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'"
    return {
        name: " ".join(
            (
                f"coalesce(({sub}) <> {owner} and position(({sub}) in",
                f"t.{quote_identifier(name)}::text) > 0, false)",
            )
        )
        for name in observation.ownership[relation.oid].users
    }


def _more_than_the_least(
    observation: Observation, relation: Relation, below: str
) -> dict[str, str]:
    """Return, by its mark, the condition that a row below the owner's gives the caller power."""
    least = observation.ownership[relation.oid].weakest
    return {
        f"new as {name}{GIVES}{relation.name}.{standing.column}={value}": " ".join(
            (
                f"{below} and {caller} and",
                f"t.{quote_identifier(standing.column)}::text = {literal(value)}",
            )
        )
        for standing in observation.standings
        if standing.relation == relation.oid and not standing.gone
        for name, caller in _names_the_caller(observation, relation).items()
        for value in standing.values
        if value is not None and value != least.get(standing.column)
    }


def _below_the_owners(
    observation: Observation, relation: Relation, *, but: Sequence[str] = ()
) -> str:
    """Return the condition that a row hangs below one of the owner's; empty where none can.

    ``but`` are columns by which it does not count: that they name his account makes it his.
    """
    row = observation.world.row(relation, OWNER)
    users = observation.catalog.users
    found = []
    for fk in relation.foreign_keys:
        target = observation.catalog.by_oid.get(fk.target or 0)
        if target is None or target is users or not observation.ownership[target.oid].owned:
            continue
        if set(fk.columns) & set(but):
            continue
        values = {name: row.values.get(name) for name in fk.columns} if row else {}
        if values and all(value is not None for value in values.values()):
            found.append(equals(relation, values))
    return "".join(("((", ") or (".join(found), "))")) if found else ""
