from __future__ import annotations

from typing import Any
from uuid import UUID

from prospectr_db.access.personas.personas import Persona
from prospectr_db.pytest_plugin import AsPersona

from .owned import OwnedTable
from .rows import Rows


class TestLinkedinStatusUpdates(OwnedTable):
    """A log: only the backend writes it."""

    table = "linkedin_status_updates"
    policies = {"Users can view their own LinkedIn status updates.": ("select", "authenticated")}
    columns = frozenset({"id", "created_at", "user_id", "previous_status", "status", "reason"})
    refusals = (("reason", "x" * 1001),)

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.status_update(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "status": "connected"}

    def test_an_update_changes_something(
        self, as_persona: AsPersona, service_role: Persona, row: UUID
    ) -> None:
        as_persona(service_role).refused(
            self.update("previous_status", "connected", row),
            constraint="linkedin_status_updates_status_check",
        )
