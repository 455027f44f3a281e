from __future__ import annotations

from typing import Any
from uuid import UUID

from prospectr_db.access.personas.personas import Persona
from prospectr_db.pytest_plugin import AsPersona

from .owned import OwnedTable
from .rows import Rows


class TestLinkedinConnectionEvents(OwnedTable):
    """A log: only the backend writes it."""

    table = "linkedin_connection_events"
    policies = {"Users can view their own LinkedIn connection events.": ("select", "authenticated")}
    columns = frozenset(
        {"id", "created_at", "user_id", "connection_id", "event_type", "occurred_at", "details"}
    )
    refusals = (
        ("details", "[]"),
        ("details", "null"),
        ("details", "1"),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.event(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {
            "user_id": owner.sub,
            "connection_id": rows.connection(owner),
            "event_type": "message_sent",
        }

    def test_even_the_backend_cannot_log_under_another_users_connection(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        # Kills: the foreign key without the owner's column.
        values = {**self.values(rows, owner), "user_id": stranger.sub}
        as_persona(service_role).refused(
            self.insert(values), constraint="linkedin_connection_events_connection_id_fkey"
        )
