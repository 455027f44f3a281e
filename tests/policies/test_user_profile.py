from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .owned import EditableTable
from .rows import Rows


class TestUserProfile(EditableTable):
    table = "user_profile"
    policies = {
        "Users can only view their own profile": ("select", "authenticated"),
        "Users can only update their own profile": ("update", "authenticated"),
    }
    columns = frozenset(
        {"id", "created_at", "updated_at", "user_id_auth", "user_name", "providers"}
    )
    updates = {"user_name": "Another name"}
    refusals = (
        ("user_name", ""),
        ("user_name", "x" * 201),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.user_profile(owner, user_name=owner.name)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id_auth": owner.sub}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        return self.update("user_id_auth", stranger.sub)

    def test_a_user_has_one(self, as_persona: AsPersona, owner: Persona, row: UUID) -> None:
        as_persona(POSTGRES).refused(
            self.insert({"user_id_auth": owner.sub}), constraint="idx_user_profile_user_id_auth"
        )

    def test_owner_cannot_name_providers_for_the_backend_to_load(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona, only_row: UUID
    ) -> None:
        theirs = rows.provider(stranger)
        for where in (only_row, None):
            as_persona(owner).denied(self.update("providers", [str(theirs)], where))

    def test_the_backend_cannot_move_one_away_from_its_providers(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        row = rows.user_profile(owner)
        rows.provider(owner, row)
        as_persona(service_role).refused(
            self.update("user_id_auth", stranger.sub, row),
            constraint="provider_data_provider_id_ref_fkey",
        )

    def test_deleting_one_takes_its_providers_along(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        row = rows.user_profile(owner)
        provider = rows.provider(owner, row)
        as_persona(service_role).execute(self.delete(row))
        assert not as_persona(POSTGRES).fetch(
            "select 1 from public.provider_data where id = %s", [provider]
        )

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        row = rows.user_profile(owner, updated_at="2020-01-01")
        as_persona(owner).execute(self.update("user_name", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.user_profile where id = %s", [row]
        )
        assert found["is_now"]
