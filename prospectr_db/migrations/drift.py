"""Where a live database differs from what its migrations produce, object by object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect
from prospectr_db.database.snapshot import Change, Facts, Key, difference, take
from prospectr_db.database.target import Target
from prospectr_db.migrations.plan import Copies
from prospectr_db.migrations.rebuild import recorded_project
from prospectr_db.project import Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Drift", "drift"]

_OBJECT_WORD = re.compile(r"(?:schema|table|sequence|function|type|column|view|index) ")


@dataclass(frozen=True, slots=True)
class Drift:
    """What was changed beside the migrations: ``changes`` lead from them to the database."""

    target: str
    changes: tuple[Change, ...]
    compared: int
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the database is what its migrations say."""
        return not self.changes


def drift(target: Target, project: Project, copies: Copies) -> Drift:
    """Compare a database with a copy rebuilt from its own history.

    On a server of ours everything is compared. On a hosted one the platform is another edition
    than ours: of its schemas only what projects add to them counts (policies and triggers that
    our platform does not have).
    """
    with connect(target, autocommit=True) as connection:
        state, notes = recorded_project(connection, project)
        live: Mapping[Key, Facts] = take(connection)
    with copies(state) as copy, connect(copy, autocommit=True) as connection:
        expected: Mapping[Key, Facts] = take(connection)
    if target.admin is None:
        with (
            copies(replace(state, migrations=(), roles=None)) as bare,
            connect(bare, autocommit=True) as connection,
        ):
            platform, schemas = take(connection), _schemas(connection)
        expected = _projects_own(expected, platform, schemas)
        live = _projects_own(live, platform, schemas)
    return Drift(target.name, difference(expected, live), len(expected), notes)


def _schemas(connection: Connection[Any]) -> frozenset[str]:
    rows = connection.execute("select nspname from pg_catalog.pg_namespace").fetchall()
    return frozenset(name for (name,) in rows) - {"public"}


def _projects_own(
    found: Mapping[Key, Facts], platform: Mapping[Key, Facts], schemas: frozenset[str]
) -> dict[Key, Facts]:
    """Return what belongs to the project: its own schemas, and what it added to the platform's."""
    return {
        key: facts
        for key, facts in found.items()
        if _schema_of(key) not in schemas
        or (key.kind in {"policies", "triggers"} and key not in platform)
    }


def _schema_of(key: Key) -> str:
    name = _OBJECT_WORD.sub("", key.name)
    return name.split(".", 1)[0].split(" ", 1)[0].strip('"')
