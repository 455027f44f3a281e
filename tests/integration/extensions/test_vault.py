"""The vault's stand-in keeps secrets in the vault's shapes, from those who may not see them."""

from __future__ import annotations

import base64
from typing import Any

import psycopg
import pytest
from psycopg import Connection


def test_a_secret_is_stored_otherwise_and_read_through_the_view(owner: Connection[Any]) -> None:
    owner.execute("select vault.create_secret('s3cret', 'token', 'for tests')")
    row = owner.execute(
        "select secret, decrypted_secret, description, length(nonce), key_id"
        " from vault.decrypted_secrets where name = 'token'"
    ).fetchone()
    assert row is not None
    assert row[1:] == ("s3cret", "for tests", 16, None)
    assert row[0] != "s3cret"
    assert len(base64.b64decode(row[0])) == 32 + len("s3cret")


def test_an_update_changes_what_is_given(owner: Connection[Any]) -> None:
    owner.execute("select vault.create_secret('old', 'token', 'first')")
    owner.execute(
        "select vault.update_secret(id, 'new', new_description := 'second') from vault.secrets"
    )
    assert owner.execute(
        "select name, decrypted_secret, description from vault.decrypted_secrets"
    ).fetchall() == [("token", "new", "second")]


def test_names_are_unique_where_they_are_given(owner: Connection[Any]) -> None:
    owner.execute("select vault.create_secret('a'), vault.create_secret('b')")
    owner.execute("select vault.create_secret('a', 'n')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute("select vault.create_secret('b', 'n')")


def test_a_message_that_was_moved_to_another_row_does_not_open(owner: Connection[Any]) -> None:
    owner.execute("select vault.create_secret('mine', 'a')")
    with pytest.raises(psycopg.Error, match="invalid ciphertext"):
        owner.execute(
            "select vault._crypto_aead_det_decrypt(decode(secret, 'base64'), 'another', 0,"
            " 'pgsodium', nonce) from vault.secrets"
        )


@pytest.mark.parametrize(
    ("role", "statement", "allowed"),
    [
        ("service_role", "select decrypted_secret from vault.decrypted_secrets", True),
        ("service_role", "select vault.create_secret('x')", True),
        ("postgres", "insert into vault.secrets (secret) values ('x')", False),
        ("postgres", "update vault.secrets set secret = 'x'", False),
        ("postgres", "delete from vault.secrets", True),
        ("anon", "select secret from vault.secrets", False),
        ("authenticated", "select decrypted_secret from vault.decrypted_secrets", False),
    ],
)
def test_who_may_do_what(owner: Connection[Any], role: str, statement: str, allowed: bool) -> None:
    owner.execute(f"set local role {role}".encode())
    if allowed:
        owner.execute(statement.encode())
    else:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement.encode())
