from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from prospectr_db.access.personas.personas import Persona, user
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona

from .answers import NOWHERE, told
from .owned import EditableTable
from .rows import Rows


class TestProviderData(EditableTable):
    table = "provider_data"
    policies = {
        "Users can only view their own provider data": ("select", "authenticated"),
        "Users can only update their own provider data": ("update", "authenticated"),
        "Users can only insert provider data for themselves": ("insert", "authenticated"),
    }
    columns = frozenset(
        {
            "id",
            "created_at",
            "provider_id_ref",
            "auth_provider_id",
            "name",
            "type",
            "token",
            "refresh",
            "expires",
            "data",
        }
    )
    inserts = columns - {"id", "created_at"}
    updates = {
        "name": "Another name",
        "token": "a new token",
        "refresh": "a new refresh token",
        "expires": "2026-12-31T00:00:00Z",
        "data": "{}",
    }
    refusals = (
        ("name", ""),
        ("name", "x" * 201),
    )

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.provider(owner)

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        profile = rows.user_profile(owner)
        return {"auth_provider_id": owner.sub, "provider_id_ref": profile, "type": 1}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        # Under the stranger's own profile, so that no foreign key stands in the way.
        return sql.SQL(
            "update public.provider_data set auth_provider_id = {}, provider_id_ref = {}"
        ).format(sql.Literal(stranger.sub), sql.Literal(rows.user_profile(stranger)))

    # The holes that the policies alone would leave.

    def test_a_row_cannot_hang_under_another_users_profile(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        # Kills: the foreign key without the owner's column.
        rows.user_profile(stranger)
        theirs = rows.user_profile(owner)
        values = {"auth_provider_id": stranger.sub, "provider_id_ref": theirs, "type": 1}
        for suffix in ("", "returning *", "on conflict do nothing"):
            as_persona(stranger).refused(
                self.insert(values, suffix), constraint="provider_data_provider_id_ref_fkey"
            )

    def test_nor_could_it_be_moved_there_if_the_column_were_open(
        self,
        as_persona: AsPersona,
        prospectr_connection: Any,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
    ) -> None:
        row = rows.provider(stranger)
        theirs = rows.user_profile(owner)
        prospectr_connection.execute("grant update on public.provider_data to authenticated")
        as_persona(stranger).refused(
            self.update("provider_id_ref", theirs, row),
            constraint="provider_data_provider_id_ref_fkey",
        )

    def test_the_backend_cannot_mix_users_either(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
    ) -> None:
        values = {
            "auth_provider_id": stranger.sub,
            "provider_id_ref": rows.user_profile(owner),
            "type": 1,
        }
        as_persona(service_role).refused(
            self.insert(values), constraint="provider_data_provider_id_ref_fkey"
        )

    def test_anothers_profile_is_not_told_from_one_that_does_not_exist(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        theirs = rows.user_profile(owner)
        them = as_persona(stranger)
        for user_id in (stranger.sub, owner.sub):
            for suffix in ("", "on conflict do nothing"):
                answers = {
                    told(
                        them,
                        self.insert(
                            {"auth_provider_id": user_id, "provider_id_ref": profile, "type": 1},
                            suffix,
                        ),
                    )
                    for profile in (theirs, NOWHERE)
                }
                assert len(answers) == 1

    def test_a_stranger_cannot_ask_which_users_exist(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, stranger: Persona
    ) -> None:
        profile = rows.user_profile(stranger)
        answers = {
            told(
                as_persona(stranger),
                self.insert({"auth_provider_id": user_id, "provider_id_ref": profile, "type": 1}),
            )
            for user_id in (owner.sub, NOWHERE)
        }
        assert len(answers) == 1

    @pytest.mark.parametrize("kind", [1, 2, 3])
    def test_the_documented_types_are_taken(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, kind: int
    ) -> None:
        as_persona(owner).allowed(self.insert({**self.values(rows, owner), "type": kind}))

    @pytest.mark.parametrize("kind", ["0", "4", "1.5", "-1", "NaN", "Infinity"])
    def test_other_types_are_refused(
        self, as_persona: AsPersona, rows: Rows, owner: Persona, kind: str
    ) -> None:
        as_persona(owner).refused(
            self.insert({**self.values(rows, owner), "type": kind}),
            constraint="provider_data_type_check",
        )


# The usage example of the database's documentation, on the seeds.

AMARA = user("a0000000-0000-4000-8000-000000000001", name="Amara")
BJORN = user("a0000000-0000-4000-8000-000000000002", name="Björn")
GRACE = user("a0000000-0000-4000-8000-000000000007", name="Grace")
AMARAS_GHL = "f1000000-0000-4000-8000-000000000001"

EXAMPLE_READ = "select * from public.provider_data where auth_provider_id = %s and type = 1"
EXAMPLE_WRITE = "update public.provider_data set token = %s, expires = %s where id = %s"


def test_the_documented_example_works_for_its_owner(as_persona: AsPersona) -> None:
    me = as_persona(AMARA)
    (found,) = me.fetch(EXAMPLE_READ, [AMARA.sub])
    assert str(found["id"]) == AMARAS_GHL
    assert found["token"] == "ghl-demo-access-amara"
    me.execute(EXAMPLE_WRITE, ["fresh", "2026-12-31T00:00:00Z", found["id"]])
    (renewed,) = me.fetch(EXAMPLE_READ, [AMARA.sub])
    assert (renewed["token"], renewed["expires"]) == ("fresh", "2026-12-31T00:00:00Z")


@pytest.mark.parametrize("stranger", [BJORN, GRACE], ids=["with providers", "without"])
def test_the_documented_example_gives_nothing_to_a_stranger(
    as_persona: AsPersona, stranger: Persona
) -> None:
    them = as_persona(stranger)
    them.filtered(EXAMPLE_READ, [AMARA.sub], proof=AMARA)
    them.filtered(EXAMPLE_WRITE, ["stolen", "2026-12-31T00:00:00Z", AMARAS_GHL], proof=AMARA)


def test_the_documented_example_gives_nothing_to_anon(as_persona: AsPersona, anon: Persona) -> None:
    as_persona(anon).denied(EXAMPLE_READ, [AMARA.sub], proof=AMARA)
    as_persona(anon).denied(EXAMPLE_WRITE, ["stolen", None, AMARAS_GHL], proof=AMARA)


def test_a_renewal_without_where_reaches_no_strangers_token(as_persona: AsPersona) -> None:
    theirs = as_persona(POSTGRES).fetch("select id from public.provider_data")
    mine = as_persona(AMARA).allowed("update public.provider_data set token = 'fresh'")
    assert mine.rows == 2
    assert len(theirs) > 2
