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


class TestSavedProfiles(OwnedTable):
    table = "saved_profiles"
    policies = {
        "Users can view their own saved profiles.": ("select", "authenticated"),
        "Users can create their own saved profiles.": ("insert", "authenticated"),
        "Users can delete their own saved profiles.": ("delete", "authenticated"),
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
            "location",
        }
    )
    inserts = columns - {"id", "created_at", "updated_at"}
    deletes = True
    refusals = (
        ("linkedin_profile_url", "javascript:alert(1)"),
        ("linkedin_profile_url", "http://example.com"),
        ("linkedin_profile_url", "https://" + "x" * 500),
        ("full_name", ""),
        ("headline", "x" * 501),
        ("company", "x" * 201),
        ("location", "x" * 201),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.saved_profile(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub, "linkedin_profile_url": URL}

    def test_a_profile_is_saved_once_by_each_user(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.saved_profile(owner, linkedin_profile_url=URL)
        as_persona(stranger).allowed(self.insert(self.values(rows, stranger)))
        as_persona(owner).refused(
            self.insert(self.values(rows, owner)),
            constraint="saved_profiles_user_id_linkedin_profile_url_key",
        )

    def test_a_stranger_cannot_ask_whom_a_user_has_saved(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        rows.saved_profile(owner, linkedin_profile_url=URL)
        answers = {
            told(
                as_persona(stranger),
                self.insert({"user_id": owner.sub, "linkedin_profile_url": url}, suffix),
            )
            for url in (URL, "https://www.linkedin.com/in/not-saved")
            for suffix in ("", "on conflict do nothing")
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "rejected"

    def test_removing_one_leaves_the_leads_that_came_from_it(
        self, as_persona: AsPersona, rows: Rows, owner: Persona
    ) -> None:
        row = rows.saved_profile(owner)
        lead = rows.lead(owner, saved_profile_id=row)
        as_persona(owner).execute(self.delete(row))
        (found,) = as_persona(POSTGRES).fetch(
            "select user_id::text, saved_profile_id from public.leads where id = %s", [lead]
        )
        assert found == {"user_id": owner.sub, "saved_profile_id": None}

    def test_the_database_keeps_updated_at(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, service_role: Persona
    ) -> None:
        row = rows.saved_profile(owner, updated_at="2020-01-01")
        as_persona(service_role).execute(self.update("headline", "Edited", row))
        (found,) = as_persona(owner).fetch(
            "select updated_at = now() as is_now from public.saved_profiles where id = %s", [row]
        )
        assert found["is_now"]
