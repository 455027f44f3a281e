"""Databases kept to be copied: the platform, and the states of a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from prospectr_db.resources import sql_text
from prospectr_db.server.globals import RoleInUseError, read_globals, restore_globals

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Template", "Templates"]

_KEPT = 12
_OWNER = "postgres"


@dataclass(frozen=True, slots=True)
class Template:
    """A database that others are made from; ``key`` is the hash of all that went into it."""

    name: str
    key: str
    is_from_today: bool = True


class Templates:
    """The templates of one server, through a superuser's autocommit connection to its memory."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def prepare(self) -> None:
        """Create the tables that remember templates; harmless when they are there."""
        self._connection.execute(sql_text("server/registry.sql"))

    def deepest(self, keys: Sequence[str]) -> int | None:
        """Return the index of the last key in the sequence for which a template is kept."""
        rows = self._connection.execute(
            "select key from registry.templates where key = any(%s)", (list(keys),)
        ).fetchall()
        kept = {key for (key,) in rows}
        return max((index for index, key in enumerate(keys) if key in kept), default=None)

    def find(self, key: str) -> Template | None:
        """Return the template of a key."""
        row = self._connection.execute(
            "select name, key, fresh_on = current_date from registry.templates where key = %s",
            (key,),
        ).fetchone()
        return Template(*row) if row else None

    def take(self, database: str, key: str, *, is_base: bool = False) -> Template:
        """Keep a copy of a database (nobody may be connected to it) as the template of a key."""
        template = Template(name=f"template_{key}", key=key)
        self._drop(template.name)
        self._copy(database, template.name)
        self._connection.execute(
            sql.SQL("alter database {} with is_template true allow_connections false").format(
                sql.Identifier(template.name)
            )
        )
        self._connection.execute(
            "insert into registry.templates (name, key, globals, is_base) values (%s, %s, %s, %s)"
            " on conflict (name) do update"
            " set globals = excluded.globals, used_at = excluded.used_at,"
            " fresh_on = excluded.fresh_on",
            (template.name, key, Jsonb(read_globals(self._connection)), is_base),
        )
        return template

    def make(self, template: Template, database: str) -> None:
        """Make a database from a template, in place of one of that name, whoever uses it.

        The cluster's roles become what they were when the template was taken.
        """
        self._connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
        )
        self.restore_globals(template)
        self.copy(template, database)

    def copy(self, template: Template, database: str) -> None:
        """Make a new database from a template, leaving the cluster's roles alone."""
        self._copy(template.name, database)
        self._connection.execute(
            "update registry.templates set used_at = clock_timestamp() where name = %s",
            (template.name,),
        )

    def restore_globals(self, template: Template) -> None:
        """Put the cluster's roles back to what they were when the template was taken.

        A role made by a later migration may be named in other templates; those are then stale
        and dropped.
        """
        row = self._connection.execute(
            "select globals from registry.templates where name = %s", (template.name,)
        ).fetchone()
        assert row is not None  # noqa: S101 - a Template is only ever made from a row
        while True:
            try:
                restore_globals(self._connection, row[0])
            except RoleInUseError as error:
                if not self._drop_users_of(error.role, spare=template.name):
                    raise
            else:
                return

    def last_chain(self) -> list[str]:
        """Return the states that led to the last one asked for."""
        row = self._connection.execute("select keys from registry.chain").fetchone()
        return list(row[0]) if row else []

    def remember_chain(self, keys: Sequence[str]) -> None:
        """Remember the states that lead to the one asked for."""
        self._connection.execute(
            "insert into registry.chain (keys) values (%s)"
            " on conflict (is_only) do update set keys = excluded.keys"
            " where registry.chain.keys is distinct from excluded.keys",
            (list(keys),),
        )

    def prune(self, *, spare: Sequence[str] = ()) -> None:
        """Drop the templates that were not used for longest, beyond a dozen."""
        rows = self._connection.execute(
            "select name from registry.templates where not is_base and key <> all(%s)"
            " order by used_at desc, name offset %s",
            (list(spare), _KEPT),
        ).fetchall()
        for (name,) in rows:
            self._forget(name)

    @contextmanager
    def _alone_in(self, database: str) -> Iterator[None]:
        """Keep everybody out of a database while it is copied.

        On Supabase's image the workers of pg_cron and pg_net live in it, and come back at once.
        """
        busy = self._connection.execute(
            "select 1 from pg_catalog.pg_stat_activity where datname = %s limit 1", (database,)
        ).fetchone()
        if not busy:
            yield
            return
        allow = sql.SQL("alter database {} with allow_connections {}")
        name = sql.Identifier(database)
        self._connection.execute(allow.format(name, sql.SQL("false")))
        try:
            self._connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity"
                " where datname = %s",
                (database,),
            )
            yield
        finally:
            self._connection.execute(allow.format(name, sql.SQL("true")))

    def _drop_users_of(self, role: str, *, spare: str) -> bool:
        rows = self._connection.execute(
            "select distinct d.datname from pg_catalog.pg_shdepend as s"
            " inner join pg_catalog.pg_database as d on d.oid = s.dbid"
            " where s.refobjid = (select oid from pg_catalog.pg_roles where rolname = %s)"
            " and d.datname <> %s",
            (role, spare),
        ).fetchall()
        for (name,) in rows:
            self._forget(name)
        return bool(rows)

    def _forget(self, name: str) -> None:
        self._connection.execute("delete from registry.templates where name = %s", (name,))
        self._drop(name)

    def _drop(self, name: str) -> None:
        exists = self._connection.execute(
            "select datistemplate from pg_catalog.pg_database where datname = %s", (name,)
        ).fetchone()
        if exists:
            identifier = sql.Identifier(name)
            if exists[0]:
                self._connection.execute(
                    sql.SQL("alter database {} with is_template false").format(identifier)
                )
            self._connection.execute(sql.SQL("drop database {} with (force)").format(identifier))

    def _copy(self, original: str, copy: str) -> None:
        with self._alone_in(original):
            self._connection.execute(
                sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                    sql.Identifier(copy), sql.Identifier(original), sql.Identifier(_OWNER)
                )
            )
        for (statement,) in self._connection.execute(
            sql_text("server/database_properties.sql"), {"original": original, "copy": copy}
        ).fetchall():
            self._connection.execute(statement)
