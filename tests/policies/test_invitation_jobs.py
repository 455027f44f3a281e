from __future__ import annotations

from typing import Any
from uuid import UUID

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .answers import NOWHERE, told
from .owned import OwnedTable
from .rows import Rows


class TestInvitationJobs(OwnedTable):
    table = "invitation_jobs"
    policies = {
        "Users can view their own invitation jobs.": ("select", "authenticated"),
        "Users can create their own invitation jobs.": ("insert", "authenticated"),
    }
    columns = frozenset(
        {
            "id",
            "created_at",
            "updated_at",
            "user_id",
            "template_id",
            "name",
            "status",
            "scheduled_at",
            "started_at",
            "finished_at",
            "recipient_count",
            "sent_count",
            "accepted_count",
            "failed_count",
            "last_error",
        }
    )
    inserts = frozenset({"user_id", "template_id", "name", "scheduled_at"})
    refusals = (
        ("name", ""),
        ("name", "x" * 121),
        ("recipient_count", -1),
        ("accepted_count", -1),
        ("accepted_count", 1),
        ("failed_count", -1),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.job(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "name": "A campaign"}

    def test_a_job_takes_the_users_own_template(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        template = rows.template(owner)
        as_persona(owner).allowed(
            self.insert({**self.values(rows, owner), "template_id": template})
        )

    def test_a_job_cannot_take_another_users_template(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        # Kills: the foreign key without the owner's column.
        theirs = rows.template(owner)
        values = {**self.values(rows, stranger), "template_id": theirs}
        for persona in (stranger, service_role):
            as_persona(persona).refused(
                self.insert(values), constraint="invitation_jobs_template_id_fkey"
            )

    def test_anothers_template_is_not_told_from_one_that_does_not_exist(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        theirs = rows.template(owner)
        for user_id in (stranger.sub, owner.sub):
            answers = {
                told(
                    as_persona(stranger),
                    self.insert({"user_id": user_id, "name": "x", "template_id": template}),
                )
                for template in (theirs, NOWHERE)
            }
            assert len(answers) == 1

    def test_the_backend_cannot_move_a_job_away_from_its_template(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        job = rows.job(owner, template_id=rows.template(owner))
        as_persona(service_role).refused(
            self.update("user_id", stranger.sub, job),
            constraint="invitation_jobs_template_id_fkey",
        )

    def test_a_job_does_not_end_before_it_begins(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        job = rows.job(owner, started_at="2026-02-01")
        as_persona(service_role).refused(
            self.update("finished_at", "2026-01-31", job),
            constraint="invitation_jobs_finished_at_check",
        )
        as_persona(service_role).allowed(self.update("finished_at", "2026-02-02", job))

    def test_deleting_a_job_takes_its_recipients_along(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        job = rows.job(owner)
        recipient = rows.recipient(owner, job)
        as_persona(service_role).execute(self.delete(job))
        assert not as_persona(POSTGRES).fetch(
            "select 1 from public.invitation_users where id = %s", [recipient]
        )

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        job = rows.job(owner, updated_at="2020-01-01")
        as_persona(service_role).execute(self.update("status", "running", job))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.invitation_jobs where id = %s", [job]
        )
        assert found["is_now"]
