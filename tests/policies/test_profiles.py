from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.pytest_plugin import AsPersona, MakeUser

from .owned import EditableTable
from .rows import Rows

# What a user pays for or is owed, each with a value that he would like.
BILLING: dict[str, Any] = {
    "message_quota": 1_000_000,
    "subscription_tier": "ENTERPRISE",
    "subscription_id": "sub_made_up",
    "subscription_status": "active",
    "subscription_created_at": "2020-01-01T00:00:00Z",
    "stripe_customer_id": "cus_made_up",
    "customer_id": "customer-1",
    "price_id": "price_free",
    "has_access": True,
    "trial_ends_at": "2099-01-01T00:00:00Z",
    "cancel_at_period_end": "2099-01-01T00:00:00Z",
    "last_payment_at": "2099-01-01T00:00:00Z",
    "canceled_at": "2020-01-01T00:00:00Z",
    "payment_failed": False,
}

# What the backend alone knows of the LinkedIn account.
INTEGRATION: dict[str, Any] = {
    "unipile_account_id": "somebody-elses-account",
    "reconnect_token": "made up",
    "reconnect_expires_at": "2099-01-01",
    "linkedin_connection_status": "connected",
}

SERVER_ONLY = sorted((BILLING | INTEGRATION).items())

SHAPE = """
    select
        attname,
        format_type(atttypid, atttypmod),
        not attnotnull,
        pg_get_expr(adbin, adrelid)
    from pg_catalog.pg_attribute
    left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = 'public.profiles'::regclass and attnum > 0 and not attisdropped
    order by attnum
"""


class TestProfiles(EditableTable):
    table = "profiles"
    policies = {
        "Users can view their own profile.": ("select", "authenticated"),
        "Users can update their own profile.": ("update", "authenticated"),
        "Enable insert for users based on user_id": ("insert", "public"),
    }
    columns = frozenset(
        {"id", "created_at", "user_id", "linkedin_token", "linkedin_status", "oauth_state"}
        | BILLING.keys()
        | INTEGRATION.keys()
    )
    inserts = frozenset({"user_id", "linkedin_token", "linkedin_status", "oauth_state"})
    updates = {"linkedin_token": "a new token", "linkedin_status": True, "oauth_state": "a state"}
    refusals = (("message_quota", -1),)

    def make(self, rows: Rows, owner: Persona) -> UUID:
        return rows.profile(owner, linkedin_token=f"token of {owner.name}")

    def values(self, rows: Rows, owner: Persona) -> dict[str, Any]:
        return {"user_id": owner.sub}

    def give_away(self, rows: Rows, stranger: Persona) -> sql.Composed:
        return self.update("user_id", stranger.sub)

    # The shape that the database's documentation gives.

    def test_the_columns_are_the_documented_ones(self, prospectr_connection: Any) -> None:
        timestamp = "timestamp with time zone"
        tier, state = "subscription_tier", "linkedin_connection_status"
        assert prospectr_connection.execute(SHAPE).fetchall() == [
            ("id", "uuid", False, "gen_random_uuid()"),
            ("created_at", timestamp, False, "now()"),
            ("user_id", "uuid", False, None),
            ("linkedin_token", "text", True, None),
            ("linkedin_status", "boolean", True, "false"),
            ("message_quota", "integer", True, "50"),
            ("stripe_customer_id", "text", True, None),
            ("subscription_tier", tier, True, f"'FREE'::{tier}"),
            ("oauth_state", "text", True, None),
            ("unipile_account_id", "text", True, None),
            ("reconnect_token", "text", True, None),
            ("reconnect_expires_at", "date", True, None),
            ("customer_id", "text", True, None),
            ("price_id", "text", True, None),
            ("has_access", "boolean", True, "false"),
            ("subscription_id", "text", True, None),
            ("subscription_status", "text", True, None),
            ("trial_ends_at", timestamp, True, None),
            ("cancel_at_period_end", timestamp, True, None),
            ("subscription_created_at", timestamp, True, None),
            ("last_payment_at", timestamp, True, None),
            ("canceled_at", timestamp, True, None),
            ("payment_failed", "boolean", True, "false"),
            ("linkedin_connection_status", state, True, f"'disconnected'::{state}"),
        ]

    # What a user pays for or is owed.

    @pytest.mark.parametrize(("column", "value"), SERVER_ONLY)
    def test_owner_cannot_update_what_only_the_server_knows(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID, column: str, value: Any
    ) -> None:
        me = as_persona(owner)
        for where in (only_row, None):
            me.denied(self.update(column, value, where))
            me.denied(self.update(column, sql.DEFAULT, where))
            me.denied(self.update(column, value, where) + sql.SQL(" returning *"))

    @pytest.mark.parametrize(("column", "value"), SERVER_ONLY)
    def test_owner_cannot_insert_what_only_the_server_knows(
        self, as_persona: AsPersona, owner: Persona, column: str, value: Any
    ) -> None:
        me = as_persona(owner)
        for suffix in ("", "on conflict do nothing", "returning *"):
            me.denied(self.insert({"user_id": owner.sub, column: value}, suffix))

    @pytest.mark.parametrize(("column", "value"), SERVER_ONLY)
    def test_owner_cannot_smuggle_it_through_an_upsert(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID, column: str, value: Any
    ) -> None:
        new = sql.SQL("on conflict (user_id) do update set {} = {}").format(
            sql.Identifier(column), sql.Literal(value)
        )
        as_persona(owner).denied(self.insert({"user_id": owner.sub}) + new)

    @pytest.mark.parametrize(("column", "value"), SERVER_ONLY)
    def test_owner_cannot_smuggle_it_through_a_merge(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID, column: str, value: Any
    ) -> None:
        name, new = sql.Identifier(column), sql.Literal(value)
        source = sql.SQL(
            "merge into public.profiles as profile using (select {}::uuid as user_id) as mine"
            " on profile.user_id = mine.user_id "
        ).format(sql.Literal(owner.sub))
        as_persona(owner).denied(
            source + sql.SQL("when matched then update set {} = {}").format(name, new)
        )

    @pytest.mark.parametrize(("column", "value"), SERVER_ONLY)
    def test_owner_cannot_smuggle_it_through_a_merge_that_inserts(
        self, as_persona: AsPersona, owner: Persona, column: str, value: Any
    ) -> None:
        as_persona(owner).denied(
            sql.SQL(
                "merge into public.profiles as profile using (select {}::uuid as user_id) as mine"
                " on profile.user_id = mine.user_id"
                " when not matched then insert (user_id, {}) values (mine.user_id, {})"
            ).format(sql.Literal(owner.sub), sql.Identifier(column), sql.Literal(value))
        )

    def test_owner_may_upsert_and_merge_what_is_his_to_write(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID
    ) -> None:
        as_persona(owner).allowed(
            self.insert(
                {"user_id": owner.sub, "oauth_state": "s"},
                "on conflict (user_id) do update set oauth_state = excluded.oauth_state",
            ),
            rows=1,
        )
        as_persona(owner).allowed(
            "merge into public.profiles as profile using (select 1) as mine (one)"
            " on profile.user_id = (select auth.uid())"
            " when matched then update set oauth_state = 's'",
            rows=1,
        )

    def test_an_upsert_as_the_api_writes_it_is_denied_because_it_sets_the_owner_again(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID
    ) -> None:
        as_persona(owner).denied(
            self.insert(
                {"user_id": owner.sub, "oauth_state": "s"},
                "on conflict (user_id) do update"
                " set user_id = excluded.user_id, oauth_state = excluded.oauth_state",
            )
        )

    def test_a_new_profile_starts_with_nothing_bought(
        self, as_persona: AsPersona, owner: Persona
    ) -> None:
        made = as_persona(owner).allowed(self.insert({"user_id": owner.sub}, "returning *"))
        (profile,) = made.returned
        assert profile["message_quota"] == 50
        assert profile["subscription_tier"] == "FREE"
        assert profile["has_access"] is False

    def test_a_second_profile_with_a_second_quota_is_refused(
        self, as_persona: AsPersona, owner: Persona, only_row: UUID
    ) -> None:
        as_persona(owner).refused(
            self.insert({"user_id": owner.sub}), constraint="profiles_user_id_key"
        )

    @pytest.mark.parametrize(
        "column", ["stripe_customer_id", "subscription_id", "unipile_account_id"]
    )
    def test_what_a_webhook_looks_up_is_one_profile(
        self,
        as_persona: AsPersona,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        service_role: Persona,
        column: str,
    ) -> None:
        rows.profile(owner, **{column: "the same"})
        theirs = rows.profile(stranger)
        as_persona(service_role).refused(
            self.update(column, "the same", theirs), constraint=f"profiles_{column}_key"
        )

    # The policy for inserting is for every role; the grants are not.

    def test_the_insert_policy_holds_for_anon_even_if_anon_were_granted(
        self, as_persona: AsPersona, prospectr_connection: Any, anon: Persona, owner: Persona
    ) -> None:
        prospectr_connection.execute("grant insert, select on public.profiles to anon")
        statement = self.insert({"user_id": owner.sub})
        as_persona(anon).rejected(statement)
        # TO public: whoever has the id may create the profile, in any role.
        with_sub = anon.with_claims({"sub": owner.sub}, name="anon with a sub")
        as_persona(with_sub).allowed(statement, rows=1)
        as_persona(with_sub).filtered("select * from public.profiles")

    # Existence.

    def test_a_stranger_cannot_ask_who_has_a_profile(
        self,
        as_persona: AsPersona,
        make_user: MakeUser,
        owner: Persona,
        stranger: Persona,
        row: UUID,
    ) -> None:
        # The policy is checked before the unique index and the foreign key: a user with a
        # profile, one without, and one that does not exist make no difference.
        without = make_user("without_profile")
        nobody = "99999999-9999-4999-8999-999999999999"
        answers = {
            str(as_persona(stranger).run(self.insert({"user_id": user}, suffix)))
            for user in (owner.sub, without.sub, nobody)
            for suffix in ("", "on conflict do nothing", "on conflict (user_id) do nothing")
        }
        assert len(answers) == 1
        assert answers.pop().startswith("rejected (42501")
        # The constraints are there to be asked, by whoever is past the policy.
        backend = as_persona(POSTGRES)
        backend.refused(self.insert({"user_id": owner.sub}), constraint="profiles_user_id_key")
        backend.refused(self.insert({"user_id": nobody}), constraint="profiles_user_id_fkey")

    def test_an_upsert_does_not_reach_a_strangers_profile(
        self, as_persona: AsPersona, owner: Persona, stranger: Persona, row: UUID
    ) -> None:
        as_persona(stranger).rejected(
            self.insert(
                {"user_id": owner.sub, "oauth_state": "s"},
                "on conflict (user_id) do update set oauth_state = excluded.oauth_state",
            )
        )

    def test_a_merge_does_not_reach_a_strangers_profile(
        self, as_persona: AsPersona, owner: Persona, stranger: Persona, row: UUID
    ) -> None:
        as_persona(stranger).filtered(
            sql.SQL(
                "merge into public.profiles as profile using (select 1) as mine (one)"
                " on profile.id = {} when matched then update set oauth_state = 's'"
            ).format(sql.Literal(row)),
            proof=owner,
        )

    # Deleting the account.

    @pytest.mark.parametrize(
        "subscription",
        [
            {},
            {"subscription_id": "sub_live", "subscription_status": "active"},
            {"subscription_id": "sub_over", "subscription_status": "canceled"},
        ],
    )
    def test_an_account_takes_everything_along(
        self,
        as_persona: AsPersona,
        prospectr_connection: Any,
        rows: Rows,
        owner: Persona,
        stranger: Persona,
        subscription: dict[str, str],
    ) -> None:
        for user in (owner, stranger):
            rows.profile(user, **(subscription if user is owner else {}))
            profile = rows.user_profile(user)
            rows.provider(user, profile)
            rows.recipient(user, rows.job(user, template_id=rows.template(user)))
            rows.lead(user, saved_profile_id=rows.saved_profile(user))
            rows.event(user, rows.connection(user))
            rows.status_update(user)
        tables = prospectr_connection.execute(
            "select format('select %L, count(*) from %s', relname, oid::regclass)"
            " from pg_catalog.pg_class where relnamespace = 'public'::regnamespace"
            " and relkind = 'r' order by relname"
        ).fetchall()
        counts = " union all ".join(statement for (statement,) in tables)
        before = dict(prospectr_connection.execute(counts).fetchall())
        as_persona(POSTGRES).execute(
            sql.SQL("delete from auth.users where id = {}").format(sql.Literal(owner.sub))
        )
        after = dict(prospectr_connection.execute(counts).fetchall())
        assert len(after) == 11
        assert after == {table: count - 1 for table, count in before.items()}
