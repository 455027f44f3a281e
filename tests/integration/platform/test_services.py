"""The rest of the platform: webhooks, the GraphQL placeholder, the schema cache, the pooler."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors

from prospectr_db.database import Target, connect
from tests.integration.platform.conftest import Impersonate


def _hook(postgres: Connection[Any], arguments: str) -> None:
    postgres.execute(
        f"""
        create table public.orders (id int primary key, total int);
        create trigger hook after insert or update or delete on public.orders
            for each row execute function supabase_functions.http_request({arguments});
        """.encode()
    )


def test_a_webhook_queues_the_change_for_whoever_caused_it(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    _hook(
        postgres,
        "'https://example.com/hook', 'POST', '{\"X-Key\": \"k\"}', '{\"a\": \"b\"}', '2500'",
    )
    postgres.execute("grant insert on public.orders to anon")
    impersonate("anon")
    postgres.execute("insert into public.orders values (1, 10)")
    postgres.execute("reset role")
    row = postgres.execute(
        "select method::text, url, timeout_milliseconds, convert_from(body, 'utf8')::jsonb,"
        " headers ->> 'X-Key' from net.http_request_queue"
    ).fetchone()
    assert row is not None
    assert row[:3] == ("POST", "https://example.com/hook?a=b", 2500)
    assert row[3] == {
        "type": "INSERT",
        "table": "orders",
        "schema": "public",
        "record": {"id": 1, "total": 10},
        "old_record": None,
    }
    assert row[4] == "k"
    kept = postgres.execute(
        "select hook_name, hook_table_id::regclass::text, request_id is not null"
        " from supabase_functions.hooks"
    ).fetchall()
    assert kept == [("hook", "orders", True)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "url argument is missing"),
        ("'https://example.com'", "method argument is missing"),
        ("'https://example.com', 'PUT'", "method argument PUT is invalid"),
    ],
)
def test_a_webhook_without_a_target_says_so(
    postgres: Connection[Any], arguments: str, message: str
) -> None:
    _hook(postgres, arguments)
    with pytest.raises(errors.RaiseException, match=message):
        postgres.execute("insert into public.orders values (1, 10)")


def test_graphql_answers_that_it_is_off(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    impersonate("anon")
    row = postgres.execute("select graphql_public.graphql(query => '{ __typename }')").fetchone()
    assert row is not None
    assert "pg_graphql" in row[0]["errors"][0]["message"]


def test_ddl_tells_postgrest_to_read_the_schema_again(platform_database: Target) -> None:
    with connect(platform_database, autocommit=True) as connection:
        connection.execute("listen pgrst")
        connection.execute("create table public.watched (id int)")
        connection.execute("drop table public.watched")
        connection.execute("create temporary table unwatched (id int)")
        heard = [note.payload for note in connection.notifies(timeout=0.1)]
    assert heard == ["reload schema", "reload schema"]


def test_only_the_pooler_looks_up_passwords(
    postgres: Connection[Any], superuser: Connection[Any]
) -> None:
    with pytest.raises(errors.InsufficientPrivilege), postgres.transaction():
        postgres.execute("select * from pgbouncer.get_auth('postgres')")
    superuser.execute("set local role pgbouncer")
    row = superuser.execute("select username from pgbouncer.get_auth('postgres')").fetchone()
    assert row == ("postgres",)


def test_a_new_user_is_greeted_by_a_trigger_as_auths_own_role(superuser: Connection[Any]) -> None:
    superuser.execute(
        """
        set local role postgres;
        create table public.profiles (id uuid primary key references auth.users, name text);
        create function public.handle_new_user() returns trigger
        language plpgsql security definer set search_path = '' as $$
        begin
            insert into public.profiles (id, name)
            values (new.id, new.raw_user_meta_data ->> 'name');
            return new;
        end $$;
        create trigger on_auth_user_created after insert on auth.users
            for each row execute function public.handle_new_user();
        set local role supabase_auth_admin;
        insert into auth.users (id, email, raw_user_meta_data)
        values (gen_random_uuid(), 'a@example.com', '{"name": "Ann"}');
        reset role;
        """
    )
    assert superuser.execute("select name from public.profiles").fetchall() == [("Ann",)]


def test_without_definer_rights_such_a_trigger_fails_as_it_does_in_production(
    superuser: Connection[Any],
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        superuser.execute(
            """
            set local role postgres;
            create table public.profiles (id uuid);
            create function public.handle_new_user() returns trigger language plpgsql
                as 'begin insert into public.profiles values (new.id); return new; end';
            create trigger on_auth_user_created after insert on auth.users
                for each row execute function public.handle_new_user();
            set local role supabase_auth_admin;
            insert into auth.users (id) values (gen_random_uuid());
            """
        )


def test_a_custom_access_token_hook_works_once_it_is_granted(superuser: Connection[Any]) -> None:
    superuser.execute(
        """
        set local role postgres;
        create table public.user_roles (user_id uuid, role text);
        create function public.custom_access_token_hook(event jsonb) returns jsonb
        language plpgsql stable as $$
        begin
            return jsonb_set(event, '{claims,user_role}', coalesce(
                (select to_jsonb(role) from public.user_roles
                 where user_id = (event ->> 'user_id')::uuid), 'null'));
        end $$;
        grant usage on schema public to supabase_auth_admin;
        grant execute on function public.custom_access_token_hook to supabase_auth_admin;
        revoke execute on function public.custom_access_token_hook
            from authenticated, anon, public;
        grant all on table public.user_roles to supabase_auth_admin;
        set local role supabase_auth_admin;
        """
    )
    row = superuser.execute(
        """select public.custom_access_token_hook('{"claims": {}}') -> 'claims' ? 'user_role'"""
    ).fetchone()
    assert row == (True,)
    superuser.execute("set local role authenticated")
    with pytest.raises(errors.InsufficientPrivilege):
        superuser.execute("select public.custom_access_token_hook('{}')")
