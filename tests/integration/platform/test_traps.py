"""Fifteen ways in which a friendlier stub makes a policy test lie; each fails on such a stub."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from psycopg import Connection, errors

from prospectr_db.database import Target, connect, connect_as_migrator
from tests.integration.platform.conftest import Impersonate

ME = "00000000-0000-4000-8000-000000000001"
YOU = "00000000-0000-4000-8000-000000000002"


def _one(connection: Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_1_migrations_do_not_run_as_a_superuser(platform_database: Target) -> None:
    for session in (connect(platform_database), connect_as_migrator(platform_database)):
        with session as connection:
            row = connection.execute(
                "select session_user, current_user, rolsuper, rolbypassrls, rolcreaterole,"
                " rolcreatedb, rolreplication from pg_roles where rolname = current_user"
            ).fetchone()
            assert row == ("postgres", "postgres", False, True, True, True, True)
            owner = _one(
                connection,
                "select pg_get_userbyid(datdba) from pg_database"
                " where datname = current_database()",
            )
            assert owner == "postgres"


def test_2_bypassing_row_security_does_not_replace_a_grant(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    postgres.execute("create table public.notes (id int)")
    for role in ("anon", "authenticated", "service_role"):
        impersonate(role)
        with pytest.raises(errors.InsufficientPrivilege), postgres.transaction():
            postgres.execute("select * from public.notes")
    postgres.execute("reset role")
    postgres.execute("grant select on public.notes to service_role")
    impersonate("service_role")
    postgres.execute("select * from public.notes")


def test_2_new_sequences_and_functions_are_not_exposed_but_truncate_is(
    postgres: Connection[Any],
) -> None:
    postgres.execute("create table public.notes (id bigserial)")
    postgres.execute("create function public.f() returns int language sql return 1")
    row = postgres.execute(
        "select has_sequence_privilege('anon', 'public.notes_id_seq', 'usage'),"
        " has_sequence_privilege('anon', 'public.notes_id_seq', 'update'),"
        " has_table_privilege('anon', 'public.notes', 'truncate'),"
        " has_table_privilege('anon', 'public.notes', 'insert'),"
        " has_function_privilege('anon', 'public.f()', 'execute')"
    ).fetchone()
    assert row == (False, True, True, False, True)
    postgres.execute("revoke execute on function public.f() from public")
    assert _one(postgres, "select has_function_privilege('anon', 'public.f()', 'execute')") is False


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_3_no_api_role_reads_auth_users(
    postgres: Connection[Any], impersonate: Impersonate, role: str
) -> None:
    impersonate(role)
    with pytest.raises(errors.InsufficientPrivilege):
        postgres.execute("select * from auth.users")


def test_5_only_row_security_protects_storage_objects(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    postgres.execute("insert into storage.buckets (id, name) values ('b', 'b')")
    postgres.execute("insert into storage.objects (bucket_id, name) values ('b', 'a/x.png')")
    impersonate("anon")
    assert _one(postgres, "select count(*) from storage.objects") == 0
    with pytest.raises(errors.InsufficientPrivilege) as caught, postgres.transaction():
        postgres.execute("insert into storage.objects (bucket_id, name) values ('b', 'y')")
    assert "row-level security" in (caught.value.diag.message_primary or "")
    postgres.execute("reset role")
    postgres.execute("create policy everyone on storage.objects using (true) with check (true)")
    impersonate("anon")
    assert _one(postgres, "select count(*) from storage.objects") == 1
    postgres.execute("insert into storage.objects (bucket_id, name) values ('b', 'y')")


def test_6_row_security_of_storage_objects_is_not_ones_own_but_its_policies_are(
    postgres: Connection[Any],
) -> None:
    with pytest.raises(errors.InsufficientPrivilege) as caught, postgres.transaction():
        postgres.execute("alter table storage.objects enable row level security")
    assert caught.value.diag.message_primary == "must be owner of table objects"
    postgres.execute("create policy p on storage.objects for select using (true)")


@pytest.mark.parametrize("schema", ["auth", "storage", "realtime", "cron", "net", "vault"])
def test_7_postgres_creates_nothing_in_the_platforms_schemas(
    postgres: Connection[Any], schema: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        postgres.execute(
            f"create function {schema}.tenant_id() returns uuid language sql return null".encode()
        )
    assert caught.value.diag.message_primary == f"permission denied for schema {schema}"


def test_8_claims_that_are_not_there_are_null(postgres: Connection[Any]) -> None:
    ask = "select auth.jwt(), auth.uid(), auth.role(), auth.email()"
    assert postgres.execute(ask).fetchone() == (None, None, None, None)
    postgres.execute("select set_config('request.jwt.claims', '', true)")
    postgres.execute("select set_config('request.jwt.claim.sub', '', true)")
    assert postgres.execute(ask).fetchone() == (None, None, None, None)


def test_8_the_role_is_the_claim_and_not_the_current_user(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    impersonate("anon", {"sub": ME, "role": "authenticated", "email": "me@example.com"})
    row = postgres.execute(
        "select current_user::text, auth.role(), auth.uid()::text, auth.email()"
    ).fetchone()
    assert row == ("anon", "authenticated", ME, "me@example.com")


def test_9_views_and_definer_functions_of_postgres_pass_row_security_by(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    postgres.execute(
        """
        create table public.notes (owner uuid);
        alter table public.notes enable row level security;
        alter table public.notes force row level security;
        insert into public.notes values (gen_random_uuid());
        create view public.all_notes as select * from public.notes;
        create view public.my_notes with (security_invoker = on) as select * from public.notes;
        create function public.count_notes() returns bigint language sql security definer
            as 'select count(*) from public.notes';
        grant select on public.notes, public.all_notes, public.my_notes to authenticated;
        """
    )
    impersonate("authenticated")
    assert _one(postgres, "select count(*) from public.notes") == 0
    assert _one(postgres, "select count(*) from public.all_notes") == 1
    assert _one(postgres, "select count(*) from public.my_notes") == 0
    assert _one(postgres, "select public.count_notes()") == 1


def test_10_a_seed_must_give_the_user_an_id(postgres: Connection[Any]) -> None:
    with pytest.raises(errors.NotNullViolation), postgres.transaction():
        postgres.execute("insert into auth.users (email) values ('a@example.com')")


def test_10_an_email_is_taken_once_except_for_single_sign_on(postgres: Connection[Any]) -> None:
    insert = "insert into auth.users (id, email, is_sso_user) values (%s, 'a@example.com', %s)"
    postgres.execute(insert, (ME, True))
    postgres.execute(insert, (YOU, False))
    with pytest.raises(errors.UniqueViolation) as caught, postgres.transaction():
        postgres.execute(insert, ("00000000-0000-4000-8000-000000000003", False))
    assert caught.value.diag.constraint_name == "users_email_partial_key"
    with pytest.raises(errors.InvalidColumnReference), postgres.transaction():
        postgres.execute(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'a@example.com')"
            " on conflict (email) do nothing"
        )
    with pytest.raises(errors.GeneratedAlways), postgres.transaction():
        postgres.execute("update auth.users set confirmed_at = now()")


def test_11_extension_functions_resolve_through_the_search_path_which_set_role_keeps(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    assert _one(postgres, "show search_path") == '"$user", public, extensions'
    postgres.execute("select crypt('secret', gen_salt('bf', 4)), uuid_generate_v4()")
    impersonate("authenticated")
    postgres.execute("select digest('x', 'sha256'), uuid_generate_v4()")
    postgres.execute("set local search_path = public")
    with pytest.raises(errors.UndefinedFunction):
        postgres.execute("select uuid_generate_v4()")


def test_12_the_database_keeps_no_application_settings(postgres: Connection[Any]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        postgres.execute(f'alter database "{postgres.info.dbname}" set app.settings.x = 1'.encode())


def test_13_the_timeouts_of_the_api_are_not_taken_on_by_set_role(
    postgres: Connection[Any], platform_database: Target
) -> None:
    postgres.execute("set local role anon")
    assert _one(postgres, "show statement_timeout") == "0"
    login = platform_database.with_database(platform_database.dsn.get("dbname") or "")
    api = connect(login, dsn=login.dsn.replace(user="authenticator", password=None))
    with api as connection:
        assert _one(connection, "show statement_timeout") == "8s"
        assert _one(connection, "show lock_timeout") == "8s"
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute("select count(*) from storage.objects")  # it inherits nothing
        connection.execute("set role anon")
        connection.execute("select count(*) from storage.objects")


def test_14_a_claim_set_in_a_transaction_reads_back_empty_and_means_nobody(
    postgres: Connection[Any],
) -> None:
    postgres.execute(
        "select set_config('request.jwt.claims', %s, true),"
        " set_config('request.jwt.claim.sub', %s, true)",
        (f'{{"sub": "{ME}"}}', YOU),
    )
    assert str(_one(postgres, "select auth.uid()")) == YOU
    postgres.rollback()
    assert _one(postgres, "select current_setting('request.jwt.claims', true)") == ""
    assert _one(postgres, "select auth.uid()") is None
    assert _one(postgres, "select auth.jwt()") is None


def test_15_a_message_without_todays_partition_vanishes_with_a_warning(
    superuser: Connection[Any],
) -> None:
    warnings: list[str] = []
    superuser.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
    superuser.execute("select realtime.send('{}', 'e', 'room', false)")
    assert _one(superuser, "select count(*) from realtime.messages") == 1
    today = date.today().strftime("%Y_%m_%d")
    superuser.execute(f"drop table realtime.messages_{today}".encode())
    superuser.execute("select realtime.send('{}', 'e', 'room', false)")
    assert _one(superuser, "select count(*) from realtime.messages") == 0
    assert len(warnings) == 1
    assert warnings[0].startswith("ErrorSendingBroadcastMessage: no partition of relation")
