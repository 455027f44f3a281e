"""What is closed to everybody: to those who are not signed in, and where one wall has slipped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES, Visitor
from prospectr_db.pytest_plugin import AsPersona

from .declared import DeclaredTable
from .rows import Rows


class ClosedTable(DeclaredTable):
    """What no declared table allows anybody, whoever owns its rows."""

    # Those who are not signed in.

    def test_anon_does_nothing_at_all(
        self, as_persona: AsPersona, rows: Rows, anon: Persona, owner: Persona, only_row: UUID
    ) -> None:
        visitor = as_persona(anon)
        itself = sql.Identifier("created_at")
        for where in (only_row, None):
            visitor.denied(self.select(where))
            visitor.denied(self.update("created_at", itself, where))
            visitor.denied(self.delete(where))

    def test_anon_inserts_nothing(
        self, as_persona: AsPersona, rows: Rows, anon: Persona, owner: Persona
    ) -> None:
        as_persona(anon).denied(self.insert(self.values(rows, owner)))

    # Two walls: a policy holds even where a grant has slipped.

    def test_anon_with_the_owners_id_would_still_be_kept_out_by_the_policies(
        self,
        as_persona: AsPersona,
        prospectr_connection: Any,
        rows: Rows,
        anon: Persona,
        owner: Persona,
        stranger: Persona,
        only_row: UUID,
    ) -> None:
        # Kills: TO public.
        visitor = as_persona(anon.with_claims({"sub": owner.sub}, name="anon with a sub"))
        self._only_policies_protect("anon", visitor, prospectr_connection, rows, owner, stranger)

    def test_owner_would_still_be_kept_from_commands_without_a_policy(
        self,
        as_persona: AsPersona,
        prospectr_connection: Any,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        only_row: UUID,
    ) -> None:
        # Kills: one more permissive policy.
        self._only_policies_protect(
            "authenticated", as_persona(owner), prospectr_connection, rows, owner, stranger
        )

    def _only_policies_protect(
        self,
        role: str,
        visitor: Visitor,
        connection: Any,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
    ) -> None:
        connection.execute(
            sql.SQL("grant select, insert, update, delete on {} to {}").format(
                self.name(), sql.Identifier(role)
            )
        )
        open_commands = {
            command for command, granted in self.policies.values() if granted in {role, "public"}
        }
        # In the name of a user who has no row yet: the owner's would be a duplicate.
        newcomer = Visitor(
            connection, visitor.persona.with_claims({"sub": stranger.sub}), proof=visitor.proof
        )
        created_at = sql.Identifier("created_at")
        for command, statement in {
            "select": self.select(),
            "update": self.update("created_at", created_at),
            "delete": self.delete(),
        }.items():
            if command in open_commands:
                visitor.allowed(statement, rows=1)
            else:
                visitor.filtered(statement)
        insert = self.insert(self.values(rows, stranger))
        if "insert" in open_commands:
            newcomer.allowed(insert, rows=1)
        else:
            newcomer.rejected(insert)

    # Values.

    def test_no_role_writes_nonsense(
        self, as_persona: AsPersona, row: UUID, refusal: tuple[str, Any]
    ) -> None:
        column, value = refusal
        as_persona(POSTGRES).refused(
            self.update(column, value, row), constraint=f"{self.table}_{column}_check"
        )

    # Existence.

    def test_a_taken_id_is_not_told_from_a_free_one(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        row: UUID,
    ) -> None:
        free = UUID("99999999-9999-4999-8999-999999999999")
        values = self.values(rows, stranger)
        answers = {
            (str(as_persona(stranger).run(self.insert({**values, "id": identifier}, suffix))))
            for identifier in (row, free)
            for suffix in ("", "on conflict do nothing", "on conflict (id) do nothing")
        }
        assert answers == {f"denied (42501: permission denied for table {self.table})"}
        as_persona(POSTGRES).allowed(self.insert({**values, "id": free}), rows=1)
        as_persona(POSTGRES).refused(
            self.insert({**values, "id": row}), constraint=f"{self.table}_pkey"
        )
