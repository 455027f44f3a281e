from __future__ import annotations

from typing import Any
from uuid import UUID

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .answers import told
from .owned import OwnedTable
from .rows import Rows

URL = "https://www.linkedin.com/in/a-new-one"


class TestLinkedinConnections(OwnedTable):
    table = "linkedin_connections"
    policies = {
        "Users can view their own LinkedIn connections.": ("select", "authenticated"),
        "Users can create their own LinkedIn connections.": ("insert", "authenticated"),
    }
    columns = frozenset(
        {
            "id",
            "created_at",
            "updated_at",
            "user_id",
            "linkedin_profile_url",
            "full_name",
            "headline",
            "company",
            "state",
            "provider_member_id",
            "connected_at",
        }
    )
    inserts = frozenset({"user_id", "linkedin_profile_url", "full_name", "headline", "company"})
    refusals = (
        ("linkedin_profile_url", "javascript:alert(1)"),
        ("linkedin_profile_url", "http://example.com"),
        ("linkedin_profile_url", "https://" + "x" * 500),
        ("full_name", ""),
        ("headline", "x" * 501),
        ("company", "x" * 201),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.connection(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "linkedin_profile_url": URL}

    def test_a_person_is_known_once_by_each_user(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.connection(owner, linkedin_profile_url=URL)
        as_persona(stranger).allowed(self.insert(self.values(rows, stranger)))
        as_persona(owner).refused(
            self.insert(self.values(rows, owner)),
            constraint="linkedin_connections_user_id_linkedin_profile_url_key",
        )

    def test_a_stranger_cannot_ask_whom_a_user_knows(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.connection(owner, linkedin_profile_url=URL)
        answers = {
            told(
                as_persona(stranger),
                self.insert({"user_id": owner.sub, "linkedin_profile_url": url}, suffix),
            )
            for url in (URL, "https://www.linkedin.com/in/not-known")
            for suffix in ("", "on conflict do nothing")
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "rejected"

    def test_what_is_connected_was_connected_at_some_time(
        self, as_persona: AsPersona, service_role: Persona, row: UUID
    ) -> None:
        as_persona(service_role).refused(
            self.update("state", "connected", row),
            constraint="linkedin_connections_connected_at_check",
        )

    def test_deleting_one_takes_its_events_along(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        row = rows.connection(owner)
        event = rows.event(owner, row)
        as_persona(service_role).execute(self.delete(row))
        assert not as_persona(POSTGRES).fetch(
            "select 1 from public.linkedin_connection_events where id = %s", [event]
        )

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        row = rows.connection(owner, updated_at="2020-01-01")
        as_persona(service_role).execute(self.update("headline", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.linkedin_connections where id = %s",
            [row],
        )
        assert found["is_now"]
