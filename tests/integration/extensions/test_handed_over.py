"""Extensions that arrive as text, and the test helpers that public suites install that way."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

INSTALLER = """
    select pgtle.install_extension(
        'supabase-dbdev', found.package ->> 'version', 'packages', found.package ->> 'sql'
    )
    from extensions.http((
        'GET',
        'https://api.database.dev/rest/v1/package_versions'
        || '?select=sql,version&package_name=eq.supabase-dbdev&limit=1',
        array[('apiKey', 'any')::extensions.http_header],
        null,
        null
    )) as response,
    lateral (select response.content::json -> 0) as found (package)
"""


def hand_over(connection: Connection[Any], name: str, body: str) -> None:
    connection.execute("create extension if not exists pg_tle")
    connection.execute("select pgtle.install_extension(%s, '1.0', 'It''s', %s)", (name, body))


def test_an_extension_is_created_updated_and_dropped_from_text(owner: Connection[Any]) -> None:
    hand_over(owner, "acme-sums", "create no such thing;")
    with pytest.raises(psycopg.errors.DuplicateObject), owner.transaction():
        hand_over(owner, "acme-sums", "select 1")
    with pytest.raises(psycopg.errors.SyntaxError), owner.transaction():
        owner.execute('create extension "acme-sums"')

    owner.execute("select pgtle.uninstall_extension('acme-sums')")
    hand_over(owner, "acme-sums", "create function public.two() returns int return 2;")
    owner.execute(
        "select pgtle.install_update_path('acme-sums', '1.0', '1.1', "
        "'create function public.three() returns int return 3;')"
    )
    owner.execute('create extension "acme-sums"')
    owner.execute("""alter extension "acme-sums" update to '1.1'""")
    assert owner.execute("select two() + three(), current_user::text").fetchone() == (5, "postgres")
    assert owner.execute(
        "select extversion, extowner::regrole::text from pg_extension where extname = 'acme-sums'"
    ).fetchone() == ("1.1", "postgres")
    owner.execute('drop extension "acme-sums"')
    assert owner.execute("select to_regprocedure('public.two()')").fetchone() == (None,)


def test_a_database_has_only_what_it_was_handed_itself(owner: Connection[Any]) -> None:
    hand_over(owner, "acme-mine", "create table public.mine (id int);")
    owner.execute('create extension "acme-mine"')
    owner.execute('drop extension "acme-mine"')
    owner.execute("select pgtle.uninstall_extension('acme-mine')")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="is not available"):
        owner.execute('create extension "acme-mine"')


@pytest.mark.parametrize("name", ["../evil", "a--b", "", "-x"])
def test_a_name_that_is_no_file_s_name_is_refused(owner: Connection[Any], name: str) -> None:
    with pytest.raises(psycopg.errors.InvalidName):
        hand_over(owner, name, "select 1;")


def test_only_postgres_hands_over(owner: Connection[Any]) -> None:
    owner.execute("create extension pg_tle")
    owner.execute("set role authenticated")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("select pgtle.install_extension('x', '1', 'x', 'select 1')")


def test_the_installer_of_database_dev_finds_the_test_helpers(owner: Connection[Any]) -> None:
    owner.execute("create extension http with schema extensions")
    owner.execute("create extension pg_tle")
    owner.execute(INSTALLER)
    owner.execute('create extension "supabase-dbdev"')
    owner.execute("select dbdev.install('basejump-supabase_test_helpers')")
    with pytest.raises(psycopg.errors.FeatureNotSupported), owner.transaction():
        owner.execute("select dbdev.install('acme-thing')")
    owner.execute("""create extension "basejump-supabase_test_helpers" version '0.0.6'""")
    owner.execute("create function tests.mine() returns int return 1")

    with owner.transaction(force_rollback=True):
        owner.execute("select tests.create_supabase_user('ada', null, '555', '{\"a\": 1}')")
        owner.execute("select tests.authenticate_as('ada')")
        row = owner.execute(
            "select auth.uid() = tests.get_supabase_uid('ada'), current_role::text,"
            " auth.jwt() -> 'user_metadata', auth.role(), auth.jwt() ->> 'email' like '%@test.com'"
        ).fetchone()
        assert row == (True, "authenticated", {"a": 1, "test_identifier": "ada"}, None, True)
        owner.execute("select tests.clear_authentication()")
        assert owner.execute("select current_role::text, auth.uid()").fetchone() == ("anon", None)
        with pytest.raises(psycopg.errors.RaiseException, match="with identifier bob not found"):
            owner.execute("select tests.authenticate_as('bob')")


def test_time_stands_still_until_it_is_let_go(owner: Connection[Any]) -> None:
    owner.execute('create extension "basejump@supabase_test_helpers"')
    path = owner.execute("show search_path").fetchone()
    with owner.transaction(force_rollback=True):
        owner.execute("select tests.freeze_time('2020-01-01')")
        assert owner.execute("select now() = '2020-01-01'::timestamptz").fetchone() == (True,)
        owner.execute("select tests.unfreeze_time()")
        assert owner.execute("select now() = pg_catalog.now()").fetchone() == (True,)
        assert owner.execute("show search_path").fetchone() == path
