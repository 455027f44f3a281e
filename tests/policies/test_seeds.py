"""The seeds: as many rows as documented, consistent with each other, ready to sign in with."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import pytest

COUNTS = {
    "auth.users": 9,
    "auth.identities": 9,
    "public.profiles": 9,
    "public.invitation_jobs": 4,
    "public.invitation_users": 6,
    "public.invitation_templates": 3,
    "public.user_profile": 3,
    "public.provider_data": 4,
    "public.linkedin_status_updates": 0,
    "public.saved_profiles": 0,
    "public.leads": 0,
    "public.linkedin_connections": 0,
    "public.linkedin_connection_events": 0,
}


def value(connection: Any, statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0]


@pytest.mark.parametrize("table", COUNTS)
def test_there_are_as_many_rows_as_documented(prospectr_connection: Any, table: str) -> None:
    count = f"select count(*) from {table}"  # noqa: S608 - a name from the list above
    assert value(prospectr_connection, count) == COUNTS[table]


def test_every_user_has_one_profile_and_one_identity(prospectr_connection: Any) -> None:
    assert (
        value(
            prospectr_connection,
            """
        select count(*) from auth.users as account
        inner join public.profiles as profile on profile.user_id = account.id
        inner join auth.identities as identity on identity.user_id = account.id
        where
            identity.provider = 'email'
            and identity.provider_id = account.id::text
            and identity.identity_data ->> 'sub' = account.id::text
            and identity.email = account.email
        """,
        )
        == 9
    )


def test_users_are_as_supabase_auth_leaves_them(prospectr_connection: Any) -> None:
    # Supabase Auth reads the token columns into texts: NULL in one of them breaks signing in.
    assert (
        value(
            prospectr_connection,
            """
        select count(*) from auth.users
        where
            instance_id = '00000000-0000-0000-0000-000000000000'
            and aud = 'authenticated'
            and role = 'authenticated'
            and email_confirmed_at is not null
            and confirmed_at = email_confirmed_at
            and confirmation_token = ''
            and recovery_token = ''
            and email_change = ''
            and email_change_token_new = ''
            and email_change_token_current = ''
            and phone_change = ''
            and phone_change_token = ''
            and reauthentication_token = ''
            and phone is null
            and raw_app_meta_data = '{"provider": "email", "providers": ["email"]}'
            and raw_user_meta_data ->> 'sub' = id::text
            and email = lower(email)
            and email like '%@example.com'
            and not is_sso_user
            and not is_anonymous
            and updated_at >= created_at
        """,
        )
        == 9
    )


def test_the_documented_password_opens_every_account(prospectr_connection: Any) -> None:
    hashes = prospectr_connection.execute(
        "select distinct encrypted_password from auth.users order by 1"
    ).fetchall()
    assert len(hashes) == 1
    ((hashed,),) = hashes
    assert hashed.startswith("$2a$10$")
    assert hash_of("prospectr-demo", hashed, prospectr_connection) == hashed


def hash_of(password: str, setting: str, connection: Any) -> str:
    """Return the bcrypt hash: from the C library where that has it, because SQL takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with contextlib.suppress(ImportError):
            import crypt

            quick = crypt.crypt(password, setting)
            if quick and quick.startswith("$2a$"):
                return quick
    (slow,) = connection.execute("select extensions.crypt(%s, %s)", [password, setting]).fetchone()
    assert isinstance(slow, str)
    return slow


@pytest.mark.parametrize("table", [table for table, count in COUNTS.items() if count])
def test_ids_and_times_are_fixed(prospectr_connection: Any, table: str) -> None:
    statement = f"select id::text, created_at from {table} order by id"  # noqa: S608 - from above
    found = prospectr_connection.execute(statement).fetchall()
    assert [int(identifier[-12:]) for identifier, _ in found] == [
        number for number, _ in enumerate(found, 1)
    ]
    assert {identifier[8:24] for identifier, _ in found} == {"-0000-4000-8000-"}
    assert {created.year for _, created in found} == {2025}


def test_the_metrics_of_a_job_agree_with_its_recipients(prospectr_connection: Any) -> None:
    assert (
        prospectr_connection.execute(
            """
        select job.name
        from public.invitation_jobs as job
        left join public.invitation_users as recipient on recipient.job_id = job.id
        group by job.id
        having
            job.recipient_count <> count(recipient.id)
            or job.sent_count <> count(recipient.sent_at)
            or job.accepted_count <> count(*) filter (where recipient.status = 'accepted')
            or job.failed_count <> count(*) filter (where recipient.status = 'failed')
        order by job.name
        """
        ).fetchall()
        == []
    )


def test_a_profile_names_its_providers(prospectr_connection: Any) -> None:
    assert (
        prospectr_connection.execute(
            """
        select profile.id
        from public.user_profile as profile
        left join public.provider_data as provider on provider.provider_id_ref = profile.id
        group by profile.id
        having
            array_agg(provider.id::text order by provider.id)
            is distinct from profile.providers
        order by profile.id
        """
        ).fetchall()
        == []
    )


def test_paying_and_having_access_go_together(prospectr_connection: Any) -> None:
    assert (
        prospectr_connection.execute(
            """
        select id from public.profiles
        where
            (subscription_status in ('active', 'trialing') and not has_access)
            or (subscription_status = 'canceled' and canceled_at is null)
            or (subscription_status = 'past_due') <> coalesce(payment_failed, false)
            or (subscription_id is null) <> (stripe_customer_id is null)
        order by id
        """
        ).fetchall()
        == []
    )
