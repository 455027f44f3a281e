"""A project rebuilt: its schema on a throwaway database of our own, proven to be what it was."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql

from prospectr_db.database.connection import connect_admin
from prospectr_db.database.snapshot import Change, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.reset import drop, drop_leftovers
from prospectr_db.schema.proof import unlike, unlike_facts
from prospectr_db.schema.reading import ADDITIONS, CLUSTER, Schema, statements
from prospectr_db.schema.restoring import LeftOut, restore
from prospectr_db.server.project_server import DATABASE, ProjectServer
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Rebuilding", "Rebuilt", "SchemaDiffersError", "rebuilt"]

_LOCK = 0x70726F74  # any number, the same in every process
_NUMBERS = itertools.count()
_MOST_NAMED = 10


class SchemaDiffersError(ProspectrError):
    """The copy is not what the project is."""

    code = "schema_differs"


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """A schema is about to be built on a copy."""

    target: str
    objects: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A project's schema on a server of our own, as long as it is lent.

    ``target`` is a database that may be written to. ``compared`` counts the catalog's objects that
    were held to the project's; ``problems`` is where the copy is not what the project is, in
    sentences, and empty where it may be believed; ``notes`` is what belongs to another edition of
    the platform. ``exposed`` are the schemas that the API shows, None where only its settings say.
    """

    source: str
    version: int
    target: Target
    compared: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    exposed: tuple[str, ...] | None
    _another: Callable[[], Any] = field(repr=False)

    def another(self) -> Any:
        """Lend one more copy, of the same state; a context manager that yields a Target."""
        return self._another()

    def require(self) -> None:
        """Raise SchemaDiffersError unless the copy is what the project is."""
        if self.problems:
            named = " ".join(self.problems[:_MOST_NAMED])
            more = len(self.problems) - _MOST_NAMED
            raise SchemaDiffersError(
                f"The copy is not what {self.source} is. {named}"
                + (f" And {more} more." if more > 0 else ""),
                hint="An answer about another schema is none. `prospectr-db access check` lists "
                "every difference; please report what could not be rebuilt.",
            )


@contextmanager
def rebuilt(
    server: ProjectServer,
    schema: Schema,
    *,
    on_event: Callable[[object], None] = lambda _event: None,
) -> Iterator[Rebuilt]:
    """Lend a project's schema on a server of its own, and hold it to the project.

    The server's roles become the project's, so that one project at a time is lent: another waits.
    A schema that was built before is copied. Raises SqlError where it cannot be built.
    """
    with server.memory() as memory:
        memory.execute("select pg_advisory_lock(%s)", (_LOCK,))
        drop_leftovers(server)
        template, left_out = _template(server, memory, schema, on_event)

        @contextmanager
        def lend() -> Iterator[Target]:
            name = f"copy_{os.getpid()}_{next(_NUMBERS)}"
            try:
                Templates(memory).copy(template, name)
                server.freshen(template, name)
                yield server.target(name)
            finally:
                drop(server, name)

        with lend() as target:
            with connect_admin(target, autocommit=True) as connection:
                problems = _problems(connection, schema, left_out)
            yield Rebuilt(
                source=schema.target,
                version=schema.version,
                target=target,
                compared=len(schema.shape),
                problems=problems,
                notes=tuple(
                    left.sentence for left in left_out if left.sentence and not left.is_problem
                ),
                exposed=schema.exposed,
                _another=lend,
            )


def _template(
    server: ProjectServer,
    memory: Connection[Any],
    schema: Schema,
    on_event: Callable[[object], None],
) -> tuple[Template, tuple[LeftOut, ...]]:
    """Return the database to copy; one that was built completely is kept under the schema's hash.

    What was left out is remembered as the template's comment.
    """
    templates = Templates(memory)
    base = server.platform(memory)
    key = hashlib.blake2s(f"{base.key}\0{schema.digest}".encode(), digest_size=10).hexdigest()
    kept = templates.find(key)
    if kept is not None:
        templates.restore_globals(kept)
        return kept, _remembered(memory, kept.name)
    on_event(Rebuilding(schema.target, len(schema.shape)))
    templates.make(base, DATABASE)
    server.freshen(base, DATABASE)
    with connect_admin(server.target()) as connection:
        left_out = restore(connection, schema)
    if any(left.is_problem for left in left_out):
        return Template(DATABASE, ""), left_out
    made = templates.take(DATABASE, key)
    _remember(memory, made.name, left_out)
    templates.prune(spare=[base.key, key])
    return made, left_out


def _problems(
    connection: Connection[Any], schema: Schema, left_out: tuple[LeftOut, ...]
) -> tuple[str, ...]:
    """Return, in sentences, where a copy is not what the project is."""
    excused = {left.name for left in left_out}
    exactly = connection.info.server_version // 10_000 == schema.version
    changes = unlike(schema, take(connection), exactly=exactly)
    found = [left.sentence for left in left_out if left.is_problem]
    found += map(_sentence, changes)
    with connection.transaction():
        connection.execute("set local search_path = ''")
        for folder, there in ((CLUSTER, schema.cluster), (ADDITIONS, schema.additions)):
            here = statements(connection, folder, schema.platform)
            names = unlike_facts(there, here, exactly=exactly)
            found += [f"The {name} is not the same on the copy." for name in names - excused]
    return tuple(found)


def _remember(memory: Connection[Any], database: str, left_out: tuple[LeftOut, ...]) -> None:
    text = json.dumps([[left.name, left.sentence] for left in left_out])
    memory.execute(
        sql.SQL("comment on database {} is {}").format(sql.Identifier(database), sql.Literal(text))
    )


def _remembered(memory: Connection[Any], database: str) -> tuple[LeftOut, ...]:
    row = memory.execute(
        "select pg_catalog.shobj_description(oid, 'pg_database') from pg_catalog.pg_database"
        " where datname = %s",
        (database,),
    ).fetchone()
    said = json.loads(row[0]) if row and row[0] else []
    return tuple(LeftOut(name, sentence) for name, sentence in said)


def _sentence(change: Change) -> str:
    if change.action == "removed":
        return f"The {change.object} is missing from the copy."
    if change.action == "added":
        return f"The {change.object} is on the copy only."
    return f"The {change.object} is not the same on the copy: {', '.join(change.what)}."
