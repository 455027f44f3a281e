"""Whether a hosted project is what was observed: its catalog against that of the local clone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from prospectr_db.access.findings import Finding
from prospectr_db.database.catalog import API_ROLES, Catalog, Function, Relation, read_catalog
from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["differences", "hosted_catalog"]


def hosted_catalog(target: Target, *, exposed: Sequence[str] = ("public",)) -> Catalog:
    """Read the catalog of a project in a read-only transaction; no row of a table is read."""
    with connect(target) as connection:
        connection.execute("set transaction read only")
        return _catalog(connection, exposed)


def _catalog(connection: Connection[Any], exposed: Sequence[str]) -> Catalog:
    connection.execute("set local search_path = ''")
    return read_catalog(connection, exposed=exposed)


def differences(hosted: Catalog, local: Catalog) -> tuple[Finding, ...]:
    """Return where the hosted project's access rests on something else than the clone's.

    What was observed on the clone holds for the project only where this is empty.
    """
    found = [
        *_relations(hosted, local),
        *_functions(hosted, local),
    ]
    return tuple(
        Finding("drift", "error", name, "", "", "", (), f"{sentence}.", rule="drift")
        for name, sentence in found
    )


def _relations(hosted: Catalog, local: Catalog) -> Iterator[tuple[str, str]]:
    there = {relation.label: relation for relation in hosted.own_relations}
    here = {relation.label: relation for relation in local.own_relations}
    for label in sorted(set(there) ^ set(here)):
        place = "in the project but in no migration" if label in there else "not in the project"
        yield label, f"{label} is {place}"
    for label in sorted(set(there) & set(here)):
        yield from _relation(label, there[label], here[label])


def _relation(label: str, there: Relation, here: Relation) -> Iterator[tuple[str, str]]:
    if there.rls != here.rls:
        state = "on" if there.rls else "off"
        yield (
            label,
            f"Row-level security is {state} on the project's {label}, unlike the migrations",
        )
    if there.definition != here.definition or there.security_invoker != here.security_invoker:
        yield label, f"The project's view {label} is not the one that the migrations make"
    remote = {policy.name: policy for policy in there.policies}
    clone = {policy.name: policy for policy in here.policies}
    for name in sorted(set(remote) | set(clone)):
        one, other = remote.get(name), clone.get(name)
        if one is None or other is None:
            place = "is missing from the project" if one is None else "is in no migration"
            yield label, f'The policy "{name}" on {label} {place}'
        elif (one.command, one.permissive, set(one.roles), one.using, one.check) != (
            other.command, other.permissive, set(other.roles), other.using, other.check
        ):  # fmt: skip
            yield label, f'The policy "{name}" on {label} is not the one that the migrations make'
    for role in API_ROLES:
        if _held(there, role) != _held(here, role):
            yield label, f"The privileges of {role} on {label} differ from those of the migrations"


def _held(relation: Relation, role: str) -> tuple[object, ...]:
    columns = {c.name: c.privileges.get(role, "") for c in relation.columns}
    # MAINTAIN is known from PostgreSQL 17 on, and the two servers may differ in version.
    return relation.privileges.get(role, "").replace("m", ""), tuple(sorted(columns.items()))


def _functions(hosted: Catalog, local: Catalog) -> Iterator[tuple[str, str]]:
    there = {function.label: function for function in hosted.functions}
    here = {function.label: function for function in local.functions}
    for label in sorted(set(there) | set(here)):
        one, other = there.get(label), here.get(label)
        if one is None or other is None:
            place = "is missing from the project" if one is None else "is in no migration"
            yield label, f"The function {label} {place}"
        elif _rights(one) != _rights(other):
            yield label, f"The function {label} is not the one that the migrations make"


def _rights(function: Function) -> tuple[object, ...]:
    return function.definer, function.source.strip(), function.callable_by, function.settings
