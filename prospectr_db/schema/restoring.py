"""How a schema that was read elsewhere is built on a copy of the platform, by its superuser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from prospectr_db.database.diagnosis import Source, diagnose
from prospectr_db.errors import ProspectrError
from prospectr_db.resources import sql_text
from prospectr_db.schema.entries import Entry, Place, wanted
from prospectr_db.schema.reading import ADDITIONS, CLUSTER, Schema, Statement, statements

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["LeftOut", "restore"]

_TOLD = ("2_triggers", "3_policies")
# What is said of an object that the platform's other edition does not have.
_ABSENT = (
    errors.UndefinedTable,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.UndefinedColumn,
    errors.InvalidSchemaName,
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fact that a copy lacks, by its name.

    A problem could change who may do what. The rest is about what our edition of the platform does
    not have; ``sentence`` is empty where that is not worth telling.
    """

    name: str
    sentence: str = ""
    is_problem: bool = False


def restore(connection: Connection[Any], schema: Schema) -> tuple[LeftOut, ...]:
    """Build a schema in a database that holds the platform alone; return what was left out.

    ``connection`` is a superuser's; all happens in its transaction, which the caller commits.
    Raises SqlError with the line of the schema that this server refuses, and why.
    """
    connection.execute("set local search_path = ''")
    left_out: list[LeftOut] = []
    _reconcile(connection, schema, CLUSTER, left_out)
    missing = _make_room(connection, schema)
    left_out += [
        LeftOut(name, f"The extension {name} is not available here; the copy is without it.")
        for name in missing
    ]
    _build(connection, schema, missing)
    _reconcile(connection, schema, ADDITIONS, left_out)
    _fill_views(connection, schema.empty)
    _put_buckets(connection, schema.buckets)
    return tuple(left_out)


def _make_room(connection: Connection[Any], schema: Schema) -> tuple[str, ...]:
    """Take away what the schema brings itself; return the extensions that cannot be had."""
    platform = {"platform": sorted(schema.platform)}
    for (statement,) in connection.execute(
        sql_text("rebuild/default_privileges.sql"), platform
    ).fetchall():
        connection.execute(statement.encode())
    for (name,) in connection.execute("select pubname from pg_catalog.pg_publication").fetchall():
        connection.execute(sql.SQL("drop publication {}").format(sql.Identifier(name)))
    wanted_here = {name: facts["schema"] for name, facts in schema.shape.of("extensions").items()}
    rows = connection.execute(
        "select ext.extname, ext.extnamespace::regnamespace::text from pg_catalog.pg_extension"
        " as ext where ext.extname <> 'plpgsql' order by ext.oid desc"
    ).fetchall()
    for name, place in rows:
        if wanted_here.get(name) != place:
            _drop_extension(connection, name)
    offered = connection.execute("select name from pg_catalog.pg_available_extensions").fetchall()
    return tuple(sorted(wanted_here.keys() - {name for (name,) in offered}))


def _drop_extension(connection: Connection[Any], name: str) -> None:
    """Drop an extension unless the platform itself needs it."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("drop extension {}").format(sql.Identifier(name)))
    except errors.DependentObjectsStillExist:
        return


def _place(connection: Connection[Any], schema: Schema) -> Place:
    parameters = {"platform": sorted(schema.platform)}
    known = connection.execute(sql_text("rebuild/known.sql"), parameters).fetchall()
    triggers = connection.execute("select evtname from pg_catalog.pg_event_trigger").fetchall()
    return Place(schema.platform, {name for (name,) in known}, {name for (name,) in triggers})


def _build(connection: Connection[Any], schema: Schema, missing: Sequence[str]) -> None:
    """Run the dump's entries, in its order; extensions one by one, by this server's own scripts."""
    settings, *others = wanted(schema.entries, _place(connection, schema))
    batch = [settings]
    for entry in others:
        if entry.type != "EXTENSION":
            batch.append(entry)
            continue
        _run(connection, batch, schema, missing)
        batch = []
        if entry.name not in missing:
            place = schema.shape.of("extensions").get(entry.name, {}).get("schema", "public")
            statement = sql.SQL("create extension if not exists {} with schema {}").format(
                sql.Identifier(entry.name), sql.Identifier(place)
            )
            _run(connection, [_as_entry(entry, statement.as_string())], schema, missing)
    _run(connection, batch, schema, missing)


def _as_entry(entry: Entry, text: str) -> Entry:
    return Entry(entry.name, entry.type, entry.schema, entry.owner, text)


def _run(
    connection: Connection[Any], entries: Iterable[Entry], schema: Schema, missing: Sequence[str]
) -> None:
    text = "".join(entry.sql for entry in entries)
    if not text.strip():
        return
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        raise _refused(diagnose(error, _source(schema, text)), schema, missing) from error


def _source(schema: Schema, text: str) -> Source:
    return Source(f"the schema of {schema.target}", text)


def _refused(error: ProspectrError, schema: Schema, missing: Sequence[str]) -> ProspectrError:
    """Return an error whose hint says what a person can do about a schema that cannot be built."""
    if missing:
        hint = (
            f"The project uses extensions that this server lacks: {', '.join(missing)}. Point "
            "PROSPECTR_DB_BIN at the bin directory of a PostgreSQL that has them, or "
            "PROSPECTR_DB_EXTENSIONS at a copy of those that are SQL only."
        )
    else:
        hint = (
            f"The local server refuses what the project has (PostgreSQL {schema.version}). "
            "`prospectr-db doctor` lists what else differs."
        )
    return type(error)(
        f"The project's schema cannot be built here. {error.message}", hint=hint, **error.details
    )


def _reconcile(
    connection: Connection[Any], schema: Schema, folder: str, left_out: list[LeftOut]
) -> None:
    """Make each fact what it is in the project, question by question, in their order.

    A fact about an object that our edition of the platform lacks is passed over.
    """
    here = statements(connection, folder, schema.platform)
    wanted_there = schema.cluster if folder == CLUSTER else schema.additions
    for question in sorted(wanted_there):
        now = {item.name: item for item in here.get(question, ())}
        then = {item.name: item for item in wanted_there[question]}
        for name in [*(now.keys() - then.keys()), *then]:
            old, new = now.get(name), then.get(name)
            if old is None or new is None or old.make != new.make:
                _change(connection, question, name, old, new, left_out)


def _change(
    connection: Connection[Any],
    question: str,
    name: str,
    old: Statement | None,
    new: Statement | None,
    left_out: list[LeftOut],
) -> None:
    try:
        with connection.transaction():
            if old is not None and old.unmake:
                connection.execute(old.unmake.encode())
            if new is not None:
                connection.execute(new.make.encode())
    except _ABSENT as error:
        left_out.append(_absent(question, name, error))
    except psycopg.Error as error:
        sentence = f"The {name} cannot be as it is: {diagnose(error).message}."
        left_out.append(LeftOut(name, sentence, is_problem=True))


def _absent(question: str, name: str, error: psycopg.Error) -> LeftOut:
    """Judge a fact for which something is missing here.

    With its whole table it belongs to another edition of the platform, and so does a trigger whose
    function is the platform's. A policy that cannot be made would let others through, or nobody.
    """
    if question not in _TOLD:
        return LeftOut(name)
    message = diagnose(error).message
    if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName) or (
        question == "2_triggers" and isinstance(error, errors.UndefinedFunction)
    ):
        return LeftOut(name, f"The {name} belongs to another edition of the platform: {message}.")
    return LeftOut(name, f"The {name} cannot be made here: {message}.", is_problem=True)


def _fill_views(connection: Connection[Any], empty: Sequence[str]) -> None:
    """Fill the materialized views that are filled in the project; one may read another."""
    todo = [name for name in _unpopulated(connection) if name not in empty]
    while todo:
        failed: list[str] = []
        for name in todo:
            try:
                with connection.transaction():
                    connection.execute(f"refresh materialized view {name}".encode())
            except psycopg.Error as error:
                failed.append(name)
                if len(failed) == len(todo):
                    raise diagnose(error) from error
        todo = failed


def _unpopulated(connection: Connection[Any]) -> list[str]:
    rows = connection.execute(sql_text("rebuild/unpopulated.sql")).fetchall()
    return [name for (name,) in rows]


def _put_buckets(connection: Connection[Any], buckets: Sequence[Mapping[str, Any]]) -> None:
    for bucket in buckets:
        connection.execute(sql_text("rebuild/put_bucket.sql"), {"bucket": Jsonb(dict(bucket))})
