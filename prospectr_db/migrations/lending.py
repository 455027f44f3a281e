"""Throwaway databases: copies of a project's state that are lent, and dropped or kept afterwards.

A copy costs a file for each of its relations, and so does dropping it. Whoever undoes what he does
gives back what he was lent, and the next one who wants that state is lent the same copy.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.target import Target
from prospectr_db.migrations.states import LOCK, reach
from prospectr_db.project import Project
from prospectr_db.server.processes import is_alive
from prospectr_db.server.project_server import ProjectServer
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["clone", "disposable", "drop", "drop_leftovers"]

OnEvent = Callable[[object], None]

_NUMBERS = itertools.count()
# What was rolled back still takes room in the files, until somebody vacuums them or makes new ones.
_MOST_LOANS = 25
_PATIENCE_SECONDS = 0.5


def clone(server: ProjectServer, template: Template, database: str) -> Target:
    """Make a new database from a template, in some 40 ms, and return it."""
    with server.memory() as memory:
        Templates(memory).copy(template, database)
    server.freshen(template, database)
    return server.target(database)


def drop(server: ProjectServer, database: str) -> None:
    """Drop a database made by `clone`, whoever is connected to it."""
    with server.memory() as memory:
        _drop(memory, database)


def drop_leftovers(server: ProjectServer) -> None:
    """Drop the copies that killed processes left: their names hold a process that is gone."""
    with server.memory() as memory:
        _drop_leftovers(memory)


@contextmanager
def disposable(
    server: ProjectServer,
    project: Project,
    *,
    seed: bool = True,
    to: str | None = None,
    undone: bool = False,
    on_event: OnEvent = lambda _event: None,
) -> Iterator[Target]:
    """Lend a copy of a project's state that may be written to; it is dropped afterwards.

    ``undone`` is the borrower's promise to roll back whatever he does, and to put sequences back,
    which no rollback does: then the copy is kept for the next one, unless an error ends the loan.
    """
    name = f"copy_{os.getpid()}_{next(_NUMBERS)}"
    with server.memory() as memory:
        memory.execute("select pg_advisory_lock(%s)", (LOCK,))
        prepared, _ = reach(server, memory, project, seed=seed, to=to, on_event=on_event)
        template = prepared.template
        # Roles are the cluster's: what other files granted them is not part of this state.
        Templates(memory).restore_globals(template)
        memory.execute("select pg_advisory_unlock(%s)", (LOCK,))
        _drop_leftovers(memory)
        loans = _take(memory, template, name) if undone else None
        if loans is None:
            Templates(memory).copy(template, name)
    try:
        server.freshen(template, name)
        yield server.target(name)
    except BaseException:
        drop(server, name)
        raise
    with server.memory() as memory:
        if not (undone and _give_back(memory, template, name, (loans or 0) + 1)):
            _drop(memory, name)


def _take(memory: Connection[Any], template: Template, name: str) -> int | None:
    """Rename a copy that was kept, so that it is nobody else's; return how often it was lent."""
    for kept, loans in _kept(memory, template):
        try:
            _rename(memory, kept, name)
        except psycopg.Error:
            continue  # somebody else was quicker
        return loans
    return None


def _give_back(memory: Connection[Any], template: Template, name: str, loans: int) -> bool:
    """Keep a copy for the next borrower; one of each state, and of no state but this."""
    others = memory.execute(
        "select datname from pg_catalog.pg_database where starts_with(datname, 'kept_')"
        " and not starts_with(datname, %s) order by datname",
        (f"kept_{template.key}_",),
    ).fetchall()
    for (other,) in others:
        _drop(memory, other)
    if loans >= _MOST_LOANS or _kept(memory, template) or not _is_alone(memory, name):
        return False
    try:
        _rename(memory, name, f"kept_{template.key}_{loans}")
    except psycopg.Error:
        return False  # somebody else gave his back at the same moment
    return True


def _kept(memory: Connection[Any], template: Template) -> list[tuple[str, int]]:
    rows = memory.execute(
        "select datname, split_part(datname, '_', -1)::integer from pg_catalog.pg_database"
        " where starts_with(datname, %s) order by datname",
        (f"kept_{template.key}_",),
    ).fetchall()
    return [(name, loans) for name, loans in rows]


def _is_alone(memory: Connection[Any], database: str) -> bool:
    """Wait a moment for the connections that were just closed: renaming would wait far longer."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while memory.execute(
        "select 1 from pg_catalog.pg_stat_activity where datname = %s limit 1", (database,)
    ).fetchone():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def _rename(memory: Connection[Any], old: str, new: str) -> None:
    memory.execute(
        sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
    )


def _drop(memory: Connection[Any], database: str) -> None:
    memory.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
    )


def _drop_leftovers(memory: Connection[Any]) -> None:
    rows = memory.execute(
        "select datname, split_part(datname, '_', 2)::int from pg_catalog.pg_database"
        " where datname ~ '^(copy|pytest|world)_[0-9]+(_[0-9]+)?$' order by datname"
    ).fetchall()
    for name, process in rows:
        if not is_alive(process):
            _drop(memory, name)
