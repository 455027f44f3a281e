"""What is proven of every table whose rows belong to users, in every statement form.

A table's test file states what the table allows, as the class attributes below; everything else
has to be denied. Each test names the mutant that it kills where its own name does not.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .closed import ClosedTable
from .rows import Rows

COLUMNS = """
    select attname from pg_catalog.pg_attribute
    where attrelid = %s::regclass and attnum > 0 and not attisdropped
    order by attnum
"""

POLICIES = """
    select policyname, cmd, roles::text[] from pg_catalog.pg_policies
    where schemaname = 'public' and tablename = %s
    order by policyname
"""


class OwnedTable(ClosedTable):
    """Subclass as ``Test…`` and state the facts of the table (see `DeclaredTable`)."""

    # The table itself.

    def test_the_policies_are_these_and_no_others(self, prospectr_connection: Any) -> None:
        found = prospectr_connection.execute(POLICIES, [self.table]).fetchall()
        assert {name: (command.lower(), *roles) for name, command, roles in found} == self.policies

    def test_every_column_is_accounted_for(self, prospectr_connection: Any) -> None:
        found = prospectr_connection.execute(COLUMNS, [f"public.{self.table}"]).fetchall()
        assert {name for (name,) in found} == self.columns
        assert self.inserts <= self.columns
        assert set(self.updates) <= self.columns

    @pytest.mark.parametrize(
        "privilege", ["select", "insert", "update", "delete", "truncate", "references", "trigger"]
    )
    def test_users_hold_exactly_the_privileges_that_are_stated(
        self, prospectr_connection: Any, privilege: str
    ) -> None:
        # Also those that would be of no use alone, such as INSERT on one column of a log.
        stated = {
            "select": self.columns,
            "insert": self.inserts,
            "update": frozenset(self.updates),
        }.get(privilege, frozenset())
        ask_table = "select has_table_privilege('authenticated', %s, %s)"
        table = f"public.{self.table}"
        (whole,) = prospectr_connection.execute(ask_table, [table, privilege]).fetchone()
        assert whole is (privilege == "select" or (privilege == "delete" and self.deletes))
        if privilege in {"delete", "truncate", "trigger"}:
            return
        ask_column = "select has_column_privilege('authenticated', %s, %s, %s)"
        held = {
            column
            for column in self.columns
            if prospectr_connection.execute(ask_column, [table, column, privilege]).fetchone()[0]
        }
        assert held == stated

    # SELECT.

    def test_owner_reads_every_column_of_his_row(
        self, as_persona: AsPersona, owner: Persona, row: UUID
    ) -> None:
        (found,) = as_persona(owner).fetch(self.select(row))
        assert found["id"] == row
        assert set(found) == self.columns

    def test_owner_without_where_reads_his_rows_only(
        self, as_persona: AsPersona, owner: Persona, row: UUID, other_row: UUID
    ) -> None:
        everything = as_persona(POSTGRES).fetch(self.select())
        assert {row, other_row} <= {found["id"] for found in everything}
        assert [found["id"] for found in as_persona(owner).fetch(self.select())] == [row]

    def test_stranger_reads_nothing_of_it(
        self, as_persona: AsPersona, owner: Persona, stranger: Persona, row: UUID
    ) -> None:
        as_persona(stranger).filtered(self.select(row), proof=owner)
        as_persona(stranger).filtered(self.select(), proof=owner)

    def test_user_without_an_id_reads_nothing(
        self, as_persona: AsPersona, owner: Persona, row: UUID
    ) -> None:
        nobody = owner.without_claims("sub", name="authenticated without sub")
        as_persona(nobody).filtered(self.select(row), proof=owner)
        as_persona(nobody).filtered(self.select(), proof=owner)

    def test_service_role_reads_everybodys_rows(
        self, as_persona: AsPersona, service_role: Persona, row: UUID, other_row: UUID
    ) -> None:
        found = {found["id"] for found in as_persona(service_role).fetch(self.select())}
        assert {row, other_row} <= found

    # INSERT.

    def test_owner_inserts_for_himself_exactly_if_that_is_open(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        values = self.values(rows, owner)
        for suffix in ("", "returning *", "on conflict do nothing"):
            if self.inserts:
                as_persona(owner).allowed(self.insert(values, suffix), rows=1)
            else:
                as_persona(owner).denied(self.insert(values, suffix))

    def test_stranger_inserts_nothing_in_the_owners_name(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        values = self.values(rows, owner)
        for suffix in ("", "returning *", "on conflict do nothing"):
            if self.inserts:
                as_persona(stranger).rejected(self.insert(values, suffix))
            else:
                as_persona(stranger).denied(self.insert(values, suffix))

    def test_user_without_an_id_inserts_nothing(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        values = self.values(rows, owner)
        nobody = as_persona(owner.without_claims("sub", name="authenticated without sub"))
        if self.inserts:
            nobody.rejected(self.insert(values))
        else:
            nobody.denied(self.insert(values))

    def test_exactly_the_open_columns_can_be_filled_in(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        values = self.values(rows, owner)
        me = as_persona(owner)
        open_columns = {
            column
            for column in self.columns
            if me.run(self.insert({column: sql.DEFAULT, **values})).touches
        }
        assert open_columns == self.inserts

    def test_owner_cannot_fill_in_a_closed_column(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, column_closed_to_insert: str
    ) -> None:
        # Kills: grant insert on table. DEFAULT is the most harmless value there is.
        values = {column_closed_to_insert: sql.DEFAULT, **self.values(rows, owner)}
        as_persona(owner).denied(self.insert(values))
        as_persona(owner).denied(self.insert(values, "on conflict do nothing"))

    def test_service_role_inserts_for_anybody(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        as_persona(service_role).allowed(self.insert(self.values(rows, owner)), rows=1)

    # UPDATE.

    def test_exactly_the_open_columns_can_be_changed(
        self, as_persona: AsPersona, owner: Persona, row: UUID
    ) -> None:
        me = as_persona(owner)
        open_columns = {
            column
            for column in self.columns
            if me.run(self.update(column, sql.Identifier(column), row)).touches
        }
        assert open_columns == set(self.updates)

    def test_owner_cannot_change_a_closed_column(
        self, as_persona: AsPersona, owner: Persona, row: UUID, column_closed_to_update: str
    ) -> None:
        # Kills: grant update on table. Itself is the most harmless value there is; DEFAULT does
        # not read the column, and so does not need the privilege to.
        me = as_persona(owner)
        itself = sql.Identifier(column_closed_to_update)
        me.denied(self.update(column_closed_to_update, itself, row))
        me.denied(self.update(column_closed_to_update, itself))
        outcome = me.run(self.update(column_closed_to_update, sql.DEFAULT))
        assert outcome.verdict == "denied"

    def test_service_role_changes_everybodys_rows(
        self, as_persona: AsPersona, service_role: Persona, row: UUID, other_row: UUID
    ) -> None:
        outcome = as_persona(service_role).allowed(self.update("created_at", sql.SQL("now()")))
        assert outcome.rows is not None
        assert outcome.rows >= 2

    # DELETE and TRUNCATE.

    def test_owner_deletes_his_rows_only_and_exactly_if_that_is_open(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona, only_row: UUID
    ) -> None:
        for statement in (self.delete(only_row), self.delete()):
            if not self.deletes:
                as_persona(owner).denied(statement)
        self.make(rows, stranger)
        for statement in (self.delete(only_row), self.delete()):
            if self.deletes:
                # Without WHERE only the DELETE policy protects: kills USING (true).
                as_persona(owner).allowed(statement, rows=1)

    def test_stranger_deletes_nothing_of_it(
        self, as_persona: AsPersona, owner: Persona, stranger: Persona, only_row: UUID
    ) -> None:
        for statement in (self.delete(only_row), self.delete()):
            if self.deletes:
                as_persona(stranger).filtered(statement, proof=owner)
            else:
                as_persona(stranger).denied(statement)

    def test_service_role_deletes(
        self, as_persona: AsPersona, service_role: Persona, row: UUID
    ) -> None:
        as_persona(service_role).allowed(self.delete(row), rows=1)

    def test_nobody_truncates(
        self,
        as_persona: AsPersona,
        anon: Persona,
        owner: Persona,
        service_role: Persona,
        row: UUID,
    ) -> None:
        # Row-level security does not stop TRUNCATE, and the platform grants it by default.
        truncate = sql.SQL("truncate {} cascade").format(self.name())
        for persona in (anon, owner, service_role):
            as_persona(persona).denied(truncate, proof=POSTGRES)


class EditableTable(OwnedTable):
    """A table of which users may change some columns, but never whose row it is."""

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        """Return the statement, without WHERE, that makes every row another user's."""
        raise NotImplementedError

    def test_owner_changes_an_open_column_of_his_rows_only(
        self,
        as_persona: AsPersona,
        owner: Persona,
        row: UUID,
        other_row: UUID,
        column_open_to_update: str,
    ) -> None:
        value = self.updates[column_open_to_update]
        me = as_persona(owner)
        me.allowed(self.update(column_open_to_update, value, row), rows=1)
        # Without WHERE no column is read, and only the UPDATE policy protects: kills USING (true).
        as_persona(POSTGRES).allowed(self.update(column_open_to_update, value, other_row), rows=1)
        me.allowed(self.update(column_open_to_update, value), rows=1)
        me.allowed(self.update(column_open_to_update, value, row) + sql.SQL(" returning *"), rows=1)

    def test_stranger_changes_nothing_of_it(
        self,
        as_persona: AsPersona,
        owner: Persona,
        stranger: Persona,
        row: UUID,
        column_open_to_update: str,
    ) -> None:
        value = self.updates[column_open_to_update]
        them = as_persona(stranger)
        them.filtered(self.update(column_open_to_update, value, row), proof=owner)
        them.filtered(self.update(column_open_to_update, value), proof=owner)
        returning = sql.SQL(" returning *")
        them.filtered(self.update(column_open_to_update, value, row) + returning, proof=owner)

    def test_a_row_cannot_be_given_away(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        only_row: UUID,
    ) -> None:
        given_away = self.give_away(rows, stranger)
        as_persona(owner).denied(given_away)
        as_persona(owner).denied(given_away + self._where(only_row))

    def test_a_row_could_not_be_given_away_even_if_the_column_were_open(
        self,
        as_persona: AsPersona,
        prospectr_connection: Any,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        only_row: UUID,
    ) -> None:
        # The grant is one wall and the policy another. Kills: WITH CHECK (true), which the form
        # with WHERE would not notice, because the SELECT policy then protects as well.
        given_away = self.give_away(rows, stranger)
        prospectr_connection.execute(
            sql.SQL("grant update on {} to authenticated").format(self.name())
        )
        as_persona(owner).rejected(given_away)
        as_persona(owner).rejected(given_away + self._where(only_row))

    def test_owner_locks_his_rows_only(
        self, as_persona: AsPersona, owner: Persona, stranger: Persona, row: UUID
    ) -> None:
        locking = self.select(row) + sql.SQL(" for update")
        as_persona(owner).allowed(locking, rows=1)
        as_persona(stranger).filtered(locking, proof=owner)
