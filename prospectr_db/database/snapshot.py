"""What counts as a database's shape, and how two shapes differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prospectr_db.resources import sql_files, sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "CLUSTER_KINDS",
    "HOUSEKEEPING",
    "Change",
    "Key",
    "Snapshot",
    "difference",
    "kinds",
    "take",
]

Facts = Mapping[str, Any]

HOUSEKEEPING = ("supabase_migrations",)
"""Schemas in which migration tools keep their own records: not part of a project's shape."""

CLUSTER_KINDS = frozenset({"roles", "database"})
"""Kinds that belong to the cluster or to the database as a whole; taken only when asked for."""

_FOLDER = "catalog/snapshot"


class Key(NamedTuple):
    """Which object: its kind, such as ``policies``, and its name within the kind."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{_SINGULAR.get(self.kind, self.kind)} {self.name}"


@dataclass(frozen=True, slots=True)
class Snapshot(Mapping[Key, Facts]):
    """Every object of a database with the facts that make it what it is, in order of the keys."""

    objects: Mapping[Key, Facts]

    def __getitem__(self, key: Key) -> Facts:
        return self.objects[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    def of(self, kind: str) -> dict[str, Facts]:
        """Return one kind's objects by name."""
        return {key.name: facts for key, facts in self.objects.items() if key.kind == kind}


@dataclass(frozen=True, slots=True)
class Change:
    """One object that was added, removed or changed.

    ``before`` and ``after`` hold the facts that differ: all of them for a removed or an added
    object, and None where there is no such object.
    """

    action: Literal["added", "removed", "changed"]
    key: Key
    before: Facts | None
    after: Facts | None

    @property
    def object(self) -> str:
        """The object in words, such as ``policy public.profiles.Users can view their own.``."""
        return str(self.key)

    @property
    def what(self) -> tuple[str, ...]:
        """The names of the facts that differ."""
        return tuple(sorted({*(self.before or {}), *(self.after or {})}))

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON shows it."""
        return {
            "action": self.action,
            "kind": self.key.kind,
            "name": self.key.name,
            "before": None if self.before is None else dict(self.before),
            "after": None if self.after is None else dict(self.after),
        }


@cache
def kinds() -> tuple[str, ...]:
    """Return every kind of object that a snapshot can tell of."""
    return tuple(path.stem for path in sql_files(_FOLDER))


def take(
    connection: Connection[Any],
    *,
    schemas: Iterable[str] | None = None,
    include: Iterable[str] | None = None,
    extension_members: bool = False,
    exclude: Iterable[str] = HOUSEKEEPING,
) -> Snapshot:
    """Read the shape of a database; changes nothing.

    ``schemas`` restricts to these schemas; ``exclude`` leaves some out. ``include`` names the
    kinds wanted: all but CLUSTER_KINDS by default. What an extension brought is told only with
    ``extension_members``. Raises psycopg.Error.
    """
    wanted = [kind for kind in kinds() if kind not in CLUSTER_KINDS]
    if include is not None:
        wanted = sorted(set(include))
        unknown = set(wanted) - set(kinds())
        if unknown:
            raise ValueError(f"no such kind: {', '.join(sorted(unknown))}")
    parameters = {
        "schemas": None if schemas is None else sorted(schemas),
        "excluded": sorted(exclude),
        "members": extension_members,
    }
    objects: dict[Key, Facts] = {}
    # Names are deparsed as the search_path asks; the rollback puts the caller's back.
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('search_path', '', true)")
        for kind in wanted:
            rows = connection.execute(sql_text(f"{_FOLDER}/{kind}.sql"), parameters)
            for name, facts in rows:
                objects[Key(kind, name)] = facts
    return Snapshot(dict(sorted(objects.items())))


def difference(before: Mapping[Key, Facts], after: Mapping[Key, Facts]) -> tuple[Change, ...]:
    """Return what leads from one snapshot to the other, ordered by kind and name."""
    changes: list[Change] = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if old is None or new is None:
            changes.append(Change("added" if old is None else "removed", key, old, new))
            continue
        names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        changes.append(
            Change(
                "changed",
                key,
                {name: old.get(name) for name in names},
                {name: new.get(name) for name in names},
            )
        )
    return tuple(changes)


_SINGULAR = {
    "column_grants": "grant on",
    "columns": "column",
    "comments": "comment on",
    "constraints": "constraint",
    "database": "the",
    "default_privileges": "default privilege:",
    "event_triggers": "event trigger",
    "extensions": "extension",
    "functions": "function",
    "grants": "grant on",
    "indexes": "index",
    "policies": "policy",
    "publications": "publication",
    "roles": "role",
    "rules": "rule",
    "schemas": "schema",
    "sequences": "sequence",
    "tables": "table",
    "triggers": "trigger",
    "types": "type",
    "views": "view",
}
