"""How a local database is brought to a project's state, in place of whatever was there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prospectr_db.database.target import Target
from prospectr_db.migrations.lending import clone, disposable, drop, drop_leftovers
from prospectr_db.migrations.states import LOCK, Prepared, migrations_of, prepare, reach
from prospectr_db.project import Project
from prospectr_db.server.project_server import DATABASE, ProjectServer
from prospectr_db.server.templates import Templates

__all__ = [
    "Prepared",
    "Reset",
    "borrowed",
    "clone",
    "disposable",
    "drop",
    "drop_leftovers",
    "prepare",
    "reset",
]

OnEvent = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Reset:
    """What a reset did. ``replayed`` names the files that ran; the others came with the copy."""

    database: str
    migrations: int
    seeds: int
    replayed: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...]


def reset(
    server: ProjectServer,
    project: Project,
    *,
    seed: bool = True,
    to: str | None = None,
    on_event: OnEvent = lambda _event: None,
) -> Reset:
    """Replace the server's working database by the project's state.

    Whoever is connected to it is disconnected. ``to`` stops after that version.
    Raises SqlError with file, line and column; the database then holds everything before it.
    """
    begun = time.monotonic()
    with server.memory() as memory:
        memory.execute("select pg_advisory_lock(%s)", (LOCK,))
        prepared, is_in_place = reach(server, memory, project, seed=seed, to=to, on_event=on_event)
        if not is_in_place:
            Templates(memory).make(prepared.template, DATABASE)
            server.freshen(prepared.template, DATABASE)
    return Reset(
        database=DATABASE,
        migrations=len(migrations_of(project, to)),
        seeds=len(project.seeds) if seed and to is None else 0,
        replayed=prepared.replayed,
        seconds=time.monotonic() - begun,
        notes=project.notes,
    )


@contextmanager
def borrowed(
    server: ProjectServer,
    project: Project,
    *,
    on_event: OnEvent = lambda _event: None,
) -> Iterator[Target]:
    """Lend the server's database ``postgres`` in a project's state, for what may name it.

    Meanwhile nobody else can build a state on that server, and what is done to the database (or to
    roles) is gone with the next state: use a server that nobody works on
    (`server.project_server.CHECKS`).
    """
    with server.memory() as memory:
        memory.execute("select pg_advisory_lock(%s)", (LOCK,))
        prepared, is_in_place = reach(
            server, memory, project, seed=True, to=None, on_event=on_event
        )
        if not is_in_place:
            Templates(memory).make(prepared.template, DATABASE)
            server.freshen(prepared.template, DATABASE)
        yield server.target()
