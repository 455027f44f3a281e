"""What is told of one table: its cells collapsed, and what the catalog says beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.frozen import frozen_columns
from prospectr_db.access.matrix.matrix import SIGN, Access, Cell, TableAccess, Verdict, collapse
from prospectr_db.access.matrix.once import keys_of
from prospectr_db.access.matrix.publications import published_words
from prospectr_db.access.matrix.row_classes import NOBODY
from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.secret_columns import is_secret
from prospectr_db.access.ownership.told_apart import implies_values
from prospectr_db.access.personas.personas import ANON, AUTHENTICATED, SERVICE_ROLE
from prospectr_db.access.policies.spelling import stated_policies
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.tables.circles import circle_of
from prospectr_db.access.tables.counters import counted_columns
from prospectr_db.access.writing.times import is_from_now
from prospectr_db.database.catalog import Catalog, Policy, Relation, quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["policy_text", "read_conditions", "spread", "sum_up"]

# The rows go, or let go, with what they refer to (pg_constraint.confdeltype).
_YIELDS = frozenset("cnd")

_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}


# Forms that are tried because they might get through where the plain ones do not.
_SPECIAL = frozenset({"merge", "on conflict", "transfer", "for update"})


def sum_up(observation: Observation, plan: Plan, cells: list[Cell]) -> TableAccess:
    """Return a table as observed: collapsed cells, owner path, privileges, policies."""
    relation, catalog = plan.relation, observation.catalog
    order = {column.name: column.number for column in relation.columns}
    owner = observation.ownership[plan.source.oid]
    accesses = collapse(spread(cells), order)
    return TableAccess(
        relation=relation.label,
        kind=_KINDS.get(relation.kind, relation.kind),
        owner_path=owner.path,
        owned=owner.owned,
        rls=relation.rls,
        accesses=accesses,
        frozen=frozen_columns(cells),
        guarded=owner.guarded,
        privileges={
            role: held for role, held in relation.privileges.items() if role in catalog.user_roles
        },
        keys=keys_of(relation, owner),
        members=owner.members,
        joined_by=owner.joined_by,
        least=tuple(f"{name}={value}" for name, value in sorted(owner.weakest.items()) if value),
        unbuildable=tuple(
            f"{problem.key}: {problem.reason}"
            for problem in observation.world.unbuildable
            if problem.relation == relation.label
        ),
        owner_columns=owner.deciding or _claimed(relation, owner),
        links=_links(observation, plan),
        standing=(
            *(s.column for s in observation.standings if s.relation == relation.oid),
            *observation.world.conditions.get(relation.oid, ()),
        ),
        membership=_is_below_membership(observation, relation),
        sharing=_is_sharing(observation, plan),
        silent=_is_silent(catalog, relation, owner),
        default_truncate=_is_truncate_given(catalog, relation),
        idle=_idle(relation, accesses, catalog.user_roles),
        columns=tuple(column.name for column in relation.columns),
        writable=tuple(column.name for column in relation.columns if column.is_writable),
        publications=tuple(published_words(one) for one in relation.publications),
        policies=tuple(policy_text(relation, policy) for policy in relation.policies),
        column_privileges=column_privileges(relation, catalog.user_roles),
        reads=read_conditions(relation),
        tried=frozenset(
            cell.rows.partition(" [")[2].rstrip("]") for cell in cells if " [" in cell.rows
        ),
        roster=relation.oid in observation.world.rosters,
        circle=circle_of(catalog, relation)
        if any(access.is_endless for access in accesses)
        else (),
        counted=counted_columns(catalog, relation),
        secrets=tuple(c.name for c in relation.columns if is_secret(relation, c, owner)),
        spellings=stated_policies(relation, observation.helpers),
        states=(
            {
                **_states(relation, owner),
                **owner.counted,
                **{found.name: () for found in observation.world.between.get(relation.oid, ())},
                **dict.fromkeys(_mixed_in_states(cells), ()),
            }
            if relation.is_table and not relation.is_partition
            else {}
        ),
    )


def _claimed(relation: Relation, owner: Ownership) -> tuple[str, ...]:
    """Return the columns that a claim owns and that are no key: an address, a tenant's id."""
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    return tuple(name for name in owner.claims if name not in linked)


def _links(observation: Observation, plan: Plan) -> dict[str, str]:
    users = observation.ownership[plan.source.oid].users
    return {
        ", ".join(name for name in fk.columns if name not in users): observation.catalog.by_oid[
            fk.target or 0
        ].label
        for fk in plan.links()
    }


def _states(relation: Relation, owner: Ownership) -> Mapping[str, tuple[str | None, ...]]:
    """Return the columns that were told apart; with their values where no type says which.

    That a list may be missing goes without saying where it may.
    """
    return {
        name: tuple(value for value in values if value and is_from_now(value))
        if implies_values(relation.by_name[name])
        else tuple(value for value in values if value is not None)
        for name, values in owner.told.items()
        if name not in owner.missing
    } | {f"{name}{NOBODY}": () for name in owner.missing}


def _mixed_in_states(cells: Iterable[Cell]) -> list[str]:
    """Return the rows of the owner's by one column that were tried in states, too."""
    found = {cell.rows.partition(" [")[0] for cell in cells if " [" in cell.rows}
    return sorted(rows for rows in found if rows.startswith("as "))


def _is_below_membership(observation: Observation, relation: Relation) -> bool:
    """Whether a row of it makes somebody a member of a table that it points to."""
    return any(
        relation.label in observation.ownership[fk.target or 0].members
        for fk in relation.foreign_keys
        if fk.target in observation.ownership
    )


def _is_sharing(observation: Observation, plan: Plan) -> bool:
    """Whether a row lets whoever it names reach the parent that it hangs under, or what is below.

    Then to name another is what its parent's owner is there for, and to be named raises nobody by
    his own doing.
    """
    catalog, relation = observation.catalog, plan.relation
    named = {(relation.oid, name) for name in observation.ownership[relation.oid].users}
    mine = {relation.oid, *(one.oid for one in catalog.referring.get(relation.oid, ()))}
    for fk in plan.links() if named else ():
        parent = catalog.by_oid[fk.target or 0]
        around = (parent, *catalog.referring.get(parent.oid, ()))
        if any(named & observation.ownership[r.oid].asked for r in around if r.oid not in mine):
            return True
    return False


def _is_silent(catalog: Catalog, relation: Relation, owner: Ownership) -> bool:
    """Whether a row changes nothing but what its own table's policies show of it.

    No trigger follows it, nothing hangs under it, no other policy, view or function names its
    table, what it refers to is deleted without asking it, and it takes no place from another's.
    """
    named = re.compile(rf"\b{re.escape(relation.name)}\b")
    own = {*owner.users, *relation.primary_key[: 1 if len(relation.primary_key) == 1 else 0]}
    return not (
        relation.triggers
        or catalog.referring.get(relation.oid)
        or any(relation.oid in other.sources for other in catalog.relations)
        or any(named.search(function.source) for function in catalog.functions)
        or any(fk.on_delete not in _YIELDS for fk in relation.foreign_keys)
        or any(not own & set(unique.columns) for unique in relation.uniques)
        or any(
            oid == relation.oid
            for other in catalog.relations
            if other.oid != relation.oid
            for policy in other.policies
            for oid, _ in policy.reads
        )
    )


def _is_truncate_given(catalog: Catalog, relation: Relation) -> bool:
    """Whether TRUNCATE comes with every new table of the schema."""
    return any(
        "D" in catalog.default_privileges.get((schema, "r", role), "")
        for schema in (relation.schema, None)
        for role in (ANON, AUTHENTICATED)
    )


def column_privileges(
    relation: Relation, roles: Iterable[str], *, readable: bool = False
) -> dict[str, tuple[str, ...]]:
    """Return the writable columns that a role may name, by role and command; or also read."""
    found: dict[str, tuple[str, ...]] = {}
    reading = (("r", "select"),) if readable else ()
    for role in roles:
        for letter, command in (*reading, ("a", "insert"), ("w", "update")):
            names = [c for c in relation.columns if letter in c.privileges.get(role, "")]
            if held := tuple(c.name for c in names if c.is_writable or command == "select"):
                found[f"{role} {command}"] = held
    return found


def policy_text(relation: Relation, policy: Policy) -> str:
    """Return a policy as a statement that makes it."""
    parts = [
        "create policy",
        quote_identifier(policy.name),
        "on",
        relation.sql_name,
        "" if policy.permissive else "as restrictive",
        "for",
        policy.command,
        "to",
        ", ".join(policy.roles),
        *(["using", f"({policy.using})"] if policy.using else []),
        *(["with check", f"({policy.check})"] if policy.check else []),
    ]
    return " ".join(part for part in parts if part)


def read_conditions(relation: Relation) -> dict[str, tuple[str, ...]]:
    """Return under which conditions of policies each API role reads a relation."""
    return {
        role: tuple(
            policy.using
            for policy in relation.policies
            if policy.using is not None
            and policy.command in ("select", "all")
            and policy.binds(role)
        )
        for role in (ANON, AUTHENTICATED)
    }


def _idle(
    relation: Relation, accesses: Iterable[Access], roles: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return the commands that policies open to users, but through which nobody came."""
    reached = {a.command for a in accesses if a.succeeds and a.persona != SERVICE_ROLE}
    reached |= {"update"} if SIGN in reached else set()
    found: dict[str, tuple[str, ...]] = {}
    for command in ("select", "insert", "update", "delete"):
        names = tuple(
            policy.name
            for policy in relation.policies
            if policy.command == command
            and policy.permissive
            and any(policy.binds(role) for role in roles)
            and policy.text not in ("false", "false false")
            and "service_role" not in policy.text
        )
        if names and command not in reached and relation.rls:
            found[command] = names
    return found


def spread(cells: Iterable[Cell], *, asked: bool = False) -> Iterator[Cell]:
    """Give each row class the columns that may be read: policies are about rows only.

    With ``asked`` those that were asked for, whatever the answer.
    """
    columns: dict[str, list[Cell]] = {}
    rest: list[Cell] = []
    for cell in cells:
        passed = cell.form == "transfer" and cell.passed
        if cell.form in _SPECIAL and cell.verdict is not Verdict.ALLOWED and not passed:
            continue
        if cell.command == "select" and cell.form == "column":
            columns.setdefault(cell.persona, []).append(cell)
        else:
            rest.append(cell)
    for cell in rest:
        yield cell
        if cell.command != "select" or cell.form != "where":
            continue
        if asked or cell.verdict is Verdict.ALLOWED:
            for column in columns.get(cell.persona, ()):
                yield _for_rows(column, cell.rows)


def _for_rows(cell: Cell, rows: str) -> Cell:
    return Cell(
        cell.persona,
        rows,
        cell.command,
        cell.form,
        cell.column,
        cell.verdict,
        cell.statement,
        cell.reason,
        cell.sqlstate,
    )
