"""A table whose rows belong to users, as its test file states it: facts, statements, rows."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import pytest
from psycopg import sql

from prospectr_db.access.personas.personas import Persona

from .rows import Rows


class DeclaredTable:
    """Subclass as ``Test…`` and state the facts of the table."""

    table: ClassVar[str]
    policies: ClassVar[dict[str, tuple[str, str]]]
    """Name → (command, role)."""
    columns: ClassVar[frozenset[str]]
    """Every column of the table."""
    inserts: ClassVar[frozenset[str]] = frozenset()
    """The columns that a user may fill in."""
    updates: ClassVar[dict[str, Any]] = {}
    """The columns that a user may change, each with a new value."""
    deletes: ClassVar[bool] = False
    """Whether a user may delete."""
    refusals: ClassVar[tuple[tuple[str, Any], ...]]
    """Columns with values that no role may give them: the check ``<table>_<column>_check``."""

    def make(self, rows: Rows, owner: Persona) -> UUID:
        """Make a row that belongs to the owner."""
        raise NotImplementedError

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        """Return what the owner would insert: the columns that a row cannot do without."""
        raise NotImplementedError

    # Columns, for pytest_generate_tests.

    @classmethod
    def closed_to_insert(cls) -> frozenset[str]:
        return cls.columns - cls.inserts

    @classmethod
    def closed_to_update(cls) -> frozenset[str]:
        return cls.columns - frozenset(cls.updates)

    @classmethod
    def open_to_update(cls) -> frozenset[str]:
        return frozenset(cls.updates)

    # Statements.

    def name(self) -> sql.Identifier:
        return sql.Identifier("public", self.table)

    def select(self, where: UUID | None = None) -> sql.Composed:
        return sql.SQL("select * from {}").format(self.name()) + self._where(where)

    def insert(self, values: dict[str, Any], suffix: str = "") -> sql.Composed:
        return sql.SQL("insert into {} ({}) values ({}) ").format(
            self.name(),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(
                value if isinstance(value, sql.Composable) else sql.Literal(value)
                for value in values.values()
            ),
        ) + sql.SQL(suffix)  # type: ignore[arg-type]

    def update(self, column: str, value: Any, where: UUID | None = None) -> sql.Composed:
        new = value if isinstance(value, sql.Composable) else sql.Literal(value)
        return sql.SQL("update {} set {} = {}").format(
            self.name(), sql.Identifier(column), new
        ) + self._where(where)

    def delete(self, where: UUID | None = None) -> sql.Composed:
        return sql.SQL("delete from {}").format(self.name()) + self._where(where)

    def _where(self, row: UUID | None) -> sql.Composed:
        if row is None:
            return sql.Composed([])
        return sql.SQL(" where id = {}").format(sql.Literal(row))

    # Fixtures.

    @pytest.fixture
    def row(self, rows: Rows, owner: Persona) -> UUID:
        return self.make(rows, owner)

    @pytest.fixture
    def other_row(self, rows: Rows, stranger: Persona) -> UUID:
        return self.make(rows, stranger)

    @pytest.fixture
    def only_row(self, rows: Rows, owner: Persona, prospectr_connection: Any) -> UUID:
        """The only row of the table, so that a statement without WHERE is about it."""
        prospectr_connection.execute(sql.SQL("truncate {} cascade").format(self.name()))
        return self.make(rows, owner)
