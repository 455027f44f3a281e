"""What a check adds about a hosted project: whether its copy may be believed, and what drifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.observation import look, open_observer
from prospectr_db.database.catalog import API_ROLES, Catalog, Function, Relation
from prospectr_db.database.target import Target

if TYPE_CHECKING:
    from prospectr_db.access.matrix.finding import Severity

__all__ = ["Hosted", "differences", "hosted_findings"]


@dataclass(frozen=True, slots=True)
class Hosted:
    """A project whose schema was rebuilt on the disposable database that is observed.

    ``problems`` say where the copy is not what the project is, ``notes`` what belongs to another
    edition of the platform. ``migrated`` lends a database in the state of the migrations beside
    it; None where there are none.
    """

    source: str
    compared: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    migrated: Callable[[], AbstractContextManager[Target]] | None = None


def hosted_findings(
    hosted: Hosted, catalog: Catalog, *, exposed: Sequence[str] = ("public",)
) -> tuple[Finding, ...]:
    """Return what is to be said besides the answer.

    An answer about a copy that differs is none: that is an error. What is in the project but in no
    migration is a warning: the answer is about the project as it is.
    """
    found = [
        *(_finding("copy", "error", "", sentence) for sentence in hosted.problems),
        *(_finding("edition", "note", "", sentence) for sentence in hosted.notes),
    ]
    if hosted.migrated is not None:
        with hosted.migrated() as copy, open_observer(copy) as connection:
            found += differences(catalog, look(connection, exposed=exposed))
            connection.rollback()
    return tuple(found)


def _finding(rule: str, severity: Severity, relation: str, sentence: str) -> Finding:
    return Finding("drift", severity, relation, "", "", "", (), sentence, rule=rule)


def differences(hosted: Catalog, local: Catalog) -> tuple[Finding, ...]:
    """Return where a project's access rests on something else than its migrations make."""
    found = [*_relations(hosted, local), *_functions(hosted, local)]
    return tuple(_finding("drift", "warning", name, f"{sentence}.") for name, sentence in found)


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
