"""Stand-ins that cannot do the real thing say so where it is noticed, and nowhere pretend."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection


def test_http_sends_nothing_unless_a_test_says_what_comes_back(owner: Connection[Any]) -> None:
    owner.execute("create extension http with schema extensions")
    with pytest.raises(psycopg.Error, match="was not sent") as refused, owner.transaction():
        owner.execute("select http_get('https://example.com')")
    assert refused.value.sqlstate == "0A000"
    owner.execute("""set local http.response = '{"status": 201, "content": "hello"}'""")
    assert owner.execute(
        """select status, content from http_post('https://example.com', '{"a": "b"}'::jsonb)"""
    ).fetchone() == (201, "hello")
    assert owner.execute("select urlencode('my string''s & things?')").fetchone() == (
        "my+string%27s+%26+things%3F",
    )
    owner.execute("select http_set_curlopt('CURLOPT_TIMEOUT', '5')")
    assert owner.execute("select * from http_list_curlopt()").fetchall() == [
        ("CURLOPT_TIMEOUT", "5")
    ]


def test_graphql_answers_with_an_error_and_counts_the_schema_s_version(
    owner: Connection[Any],
) -> None:
    owner.execute("create extension if not exists pg_graphql")
    row = owner.execute("select graphql.resolve('{ __typename }')").fetchone()
    assert row is not None
    assert row[0]["data"] is None
    assert "stand-in" in row[0]["errors"][0]["message"]
    before = owner.execute("select graphql.get_schema_version()").fetchone()
    owner.execute("create table public.counted (id int)")
    assert owner.execute("select graphql.get_schema_version()").fetchone() != before
    assert owner.execute(
        """select graphql.comment_directive('a table @graphql({"name": "T"})')"""
    ).fetchone() == ({"name": "T"},)


def test_index_advisor_says_that_it_gives_no_advice(owner: Connection[Any]) -> None:
    owner.execute("create extension index_advisor with schema extensions cascade")
    row = owner.execute("select index_statements, errors from index_advisor('select 1')").fetchone()
    assert row == ([], ["index_advisor is a stand-in here and gives no advice"])
    owner.execute("select hypopg_reset()")
    with pytest.raises(psycopg.Error, match="hypothetical indexes"):
        owner.execute("select hypopg_create_index('create index on pg_class (relname)')")


def test_pgsodium_has_keys_and_random_bytes_but_no_cipher(owner: Connection[Any]) -> None:
    owner.execute("create extension pgsodium")
    row = owner.execute("select id, status from pgsodium.create_key(name := 'mine')").fetchone()
    assert row is not None
    assert row[1] == "valid"
    assert owner.execute("select id from pgsodium.get_key_by_name('mine')").fetchone() == row[:1]
    assert owner.execute("select length(pgsodium.randombytes_buf(33))").fetchone() == (33,)
    with pytest.raises(psycopg.Error, match="stand-in") as refused:
        owner.execute("select pgsodium.crypto_aead_det_encrypt('m', 'a', %s)", row[:1])
    assert refused.value.sqlstate == "0A000"


def test_a_wrapper_s_tables_are_declared_and_not_connected(owner: Connection[Any]) -> None:
    for statement in (
        "create extension wrappers with schema extensions",
        (
            "create foreign data wrapper stripe_wrapper handler stripe_fdw_handler"
            " validator stripe_fdw_validator"
        ),
        (
            "create server stripe_server foreign data wrapper stripe_wrapper"
            " options (api_key_name 'stripe', api_url 'https://api.stripe.com/v1/')"
        ),
        (
            "create foreign table public.customers (id text, attrs jsonb) server stripe_server"
            " options (object 'customers', rowid_column 'id')"
        ),
        "create view public.customer_ids as select id from public.customers",
    ):
        owner.execute(statement.encode())
    with pytest.raises(psycopg.errors.UndefinedObject, match="user mapping not found"):
        owner.execute("select * from public.customer_ids")
