from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.pytest_plugin import AsPersona

from .answers import NOWHERE, told
from .owned import EditableTable
from .rows import Rows

URL = "https://www.linkedin.com/in/a-new-one"


class TestInvitationUsers(EditableTable):
    table = "invitation_users"
    policies = {
        "Users can view recipients of their own invitation jobs.": ("select", "authenticated"),
        "Users can add recipients to their own invitation jobs.": ("insert", "authenticated"),
        "Users can update recipients of their own invitation jobs.": ("update", "authenticated"),
        "Users can remove pending recipients of their own jobs.": ("delete", "authenticated"),
    }
    columns = frozenset(
        {
            "id",
            "created_at",
            "updated_at",
            "job_id",
            "linkedin_profile_url",
            "full_name",
            "headline",
            "status",
            "sent_at",
            "responded_at",
            "last_error",
        }
    )
    inserts = frozenset({"job_id", "linkedin_profile_url", "full_name", "headline"})
    updates = {"full_name": "Another name", "headline": "Another headline"}
    deletes = True
    refusals = (
        ("linkedin_profile_url", "javascript:alert(1)"),
        ("linkedin_profile_url", "http://example.com"),
        ("linkedin_profile_url", "https://" + "x" * 500),
        ("full_name", ""),
        ("full_name", "x" * 201),
        ("headline", "x" * 501),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.recipient(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"job_id": rows.job(owner), "linkedin_profile_url": URL}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        return self.update("job_id", rows.job(stranger))

    def test_anothers_job_is_not_told_from_one_that_does_not_exist(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        theirs = rows.job(owner)
        rows.recipient(owner, theirs, linkedin_profile_url=URL)
        them = as_persona(stranger)
        answers = {
            told(them, self.insert({"job_id": job, "linkedin_profile_url": url}, suffix))
            for job in (theirs, NOWHERE)
            for url in (URL, "https://www.linkedin.com/in/nobody")
            for suffix in ("", "on conflict do nothing")
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "rejected"

    def test_nobody_is_invited_twice_by_one_job(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        job = rows.job(owner)
        rows.recipient(owner, job, linkedin_profile_url=URL)
        as_persona(owner).refused(
            self.insert({"job_id": job, "linkedin_profile_url": URL}),
            constraint="invitation_users_job_id_linkedin_profile_url_key",
        )

    @pytest.mark.parametrize("status", ["sent", "accepted", "declined", "failed"])
    def test_what_has_gone_out_stays(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, status: str
    ) -> None:
        recipient = rows.recipient(owner, status=status, sent_at="2026-01-01")
        as_persona(owner).filtered(self.delete(recipient))
        as_persona(owner).filtered(self.delete())

    def test_what_is_sent_was_sent_at_some_time(
        self, as_persona: AsPersona, service_role: Persona, row: UUID
    ) -> None:
        as_persona(service_role).refused(
            self.update("status", "sent", row), constraint="invitation_users_sent_at_check"
        )

    def test_nobody_responds_before_he_is_asked(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        row = rows.recipient(owner, status="sent", sent_at="2026-02-01")
        as_persona(service_role).refused(
            self.update("responded_at", "2026-01-31", row),
            constraint="invitation_users_responded_at_check",
        )
        as_persona(service_role).allowed(self.update("responded_at", "2026-02-02", row))

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        row = rows.recipient(owner, updated_at="2020-01-01")
        as_persona(owner).execute(self.update("headline", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.invitation_users where id = %s", [row]
        )
        assert found["is_now"]
