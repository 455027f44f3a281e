from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .owned import EditableTable
from .rows import Rows


class TestInvitationTemplates(EditableTable):
    table = "invitation_templates"
    policies = {
        "Users can view their own invitation templates.": ("select", "authenticated"),
        "Users can create their own invitation templates.": ("insert", "authenticated"),
        "Users can update their own invitation templates.": ("update", "authenticated"),
        "Users can delete their own invitation templates.": ("delete", "authenticated"),
    }
    columns = frozenset({"id", "created_at", "updated_at", "user_id", "name", "message"})
    inserts = frozenset({"user_id", "name", "message"})
    updates = {"name": "Another name", "message": "Another message"}
    deletes = True
    refusals = (
        ("name", ""),
        ("name", "x" * 121),
        ("message", ""),
        ("message", "x" * 301),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.template(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "name": "A new one", "message": "Hello"}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        return self.update("user_id", stranger.sub)

    def test_a_name_is_taken_within_one_user_only(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.template(owner, name="Mine")
        as_persona(stranger).allowed(
            self.insert({"user_id": stranger.sub, "name": "Mine", "message": "Hello"})
        )
        as_persona(owner).refused(
            self.insert({"user_id": owner.sub, "name": "Mine", "message": "Hello"}),
            constraint="invitation_templates_user_id_name_key",
        )

    def test_a_stranger_cannot_ask_which_names_a_user_has_taken(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.template(owner, name="Taken")
        answers = {
            str(
                as_persona(stranger).run(
                    self.insert({"user_id": owner.sub, "name": name, "message": "x"}, suffix)
                )
            )
            for name in ("Taken", "Free")
            for suffix in ("", "on conflict do nothing", "on conflict (user_id, name) do nothing")
        }
        assert len(answers) == 1
        assert answers.pop().startswith("rejected (42501")

    def test_a_message_may_be_as_long_as_linkedin_takes(
        self, as_persona: AsPersona, owner: Persona, row: UUID
    ) -> None:
        as_persona(owner).allowed(self.update("message", "x" * 300, row))

    def test_deleting_one_leaves_the_jobs_that_used_it(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        template = rows.template(owner)
        job = rows.job(owner, template_id=template)
        as_persona(owner).execute(self.delete(template))
        (found,) = as_persona(POSTGRES).fetch(
            "select user_id::text, template_id from public.invitation_jobs where id = %s", [job]
        )
        assert found == {"user_id": owner.sub, "template_id": None}

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        row = rows.template(owner, updated_at="2020-01-01")
        as_persona(owner).execute(self.update("message", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.invitation_templates where id = %s",
            [row],
        )
        assert found["is_now"]
