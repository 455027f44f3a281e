from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.pytest_plugin import AsPersona

from .answers import NOWHERE, told
from .owned import EditableTable
from .rows import Rows


class TestLeads(EditableTable):
    table = "leads"
    policies = {
        "Users can view their own leads.": ("select", "authenticated"),
        "Users can create their own leads.": ("insert", "authenticated"),
        "Users can update their own leads.": ("update", "authenticated"),
        "Users can delete their own leads.": ("delete", "authenticated"),
    }
    columns = frozenset(
        {
            "id",
            "created_at",
            "updated_at",
            "user_id",
            "saved_profile_id",
            "full_name",
            "email",
            "company",
            "job_title",
            "linkedin_profile_url",
            "status",
            "notes",
        }
    )
    inserts = columns - {"id", "created_at", "updated_at"}
    updates = {
        "saved_profile_id": None,
        "full_name": "Another name",
        "email": "somebody@example.com",
        "company": "Another company",
        "job_title": "Another title",
        "linkedin_profile_url": "https://www.linkedin.com/in/another",
        "status": "won",
        "notes": "Another note",
    }
    deletes = True
    refusals = (
        ("linkedin_profile_url", "javascript:alert(1)"),
        ("linkedin_profile_url", "http://example.com"),
        ("linkedin_profile_url", "https://" + "x" * 500),
        ("full_name", ""),
        ("email", "nobody"),
        ("email", "x@" + "x" * 320),
        ("company", "x" * 201),
        ("job_title", "x" * 201),
        ("notes", "x" * 10_001),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.lead(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "full_name": "A Lead"}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        return self.update("user_id", stranger.sub)

    def test_a_lead_may_come_from_the_users_own_bookmark(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, row: UUID
    ) -> None:
        mine = rows.saved_profile(owner)
        as_persona(owner).allowed(self.update("saved_profile_id", mine, row))
        as_persona(owner).allowed(
            self.insert({**self.values(rows, owner), "saved_profile_id": mine})
        )

    def test_a_lead_cannot_come_from_another_users_bookmark(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        # Kills: the foreign key without the owner's column.
        theirs = rows.saved_profile(owner)
        row = rows.lead(stranger)
        for persona in (stranger, service_role):
            for statement in (
                self.insert({**self.values(rows, stranger), "saved_profile_id": theirs}),
                self.update("saved_profile_id", theirs, row),
            ):
                as_persona(persona).refused(statement, constraint="leads_saved_profile_id_fkey")

    def test_anothers_bookmark_is_not_told_from_one_that_does_not_exist(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        theirs = rows.saved_profile(owner)
        mine = rows.lead(stranger)
        them = as_persona(stranger)
        for make in (
            lambda found: self.update("saved_profile_id", found, mine),
            lambda found: self.update("saved_profile_id", found),
            lambda found: self.insert({**self.values(rows, stranger), "saved_profile_id": found}),
            lambda found: self.insert({**self.values(rows, owner), "saved_profile_id": found}),
        ):
            assert len({told(them, make(found)) for found in (str(theirs), NOWHERE)}) == 1

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        row = rows.lead(owner, updated_at="2020-01-01")
        as_persona(owner).execute(self.update("notes", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.leads where id = %s", [row]
        )
        assert found["is_now"]
