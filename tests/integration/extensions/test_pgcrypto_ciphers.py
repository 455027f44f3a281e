"""pgcrypto's stand-in encrypts as the standards' own examples do, and reads what GnuPG wrote."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

# Made with gpg 2.2: -c --cipher-algo AES256 --compress-algo none --s2k-digest-algo SHA256.
FROM_GPG = """-----BEGIN PGP MESSAGE-----

jA0ECQMImwqCM8HfYYhg0j4BzRXwObmGOI5RruZeyWG/R9Fb+/txAi/nBKbxzN6Y
Lc4j/Q3ym/UR7RqCGHhjHlOTqaRZN1wt+lBNtIEvpg==
=zjUX
-----END PGP MESSAGE-----
"""
BLOCK = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY = bytes(range(32))


def one(owner: Connection[Any], query: str, *values: object) -> Any:
    row = owner.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


# FIPS 197, appendix C.
@pytest.mark.parametrize(
    ("size", "encrypted"),
    [
        (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
        (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
        (32, "8ea2b7ca516745bfeafc49904b496089"),
    ],
)
def test_aes(owner: Connection[Any], size: int, encrypted: str) -> None:
    cipher = "aes-ecb/pad:none"
    assert one(owner, "select encrypt(%s, %s, %s)", BLOCK, KEY[:size], cipher).hex() == encrypted
    back = one(owner, "select decrypt(%s, %s, %s)", bytes.fromhex(encrypted), KEY[:size], cipher)
    assert back == BLOCK


# NIST SP 800-38A, F.2.1: the first two blocks of CBC-AES128.
def test_cbc(owner: Connection[Any]) -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    data = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    made = one(owner, "select encrypt_iv(%s, %s, %s, 'aes/pad:none')", data, key, bytes(range(16)))
    assert made.hex() == "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    assert (
        one(owner, "select decrypt_iv(%s, %s, %s, 'aes-cbc/pad:none')", made, key, bytes(range(16)))
        == data
    )


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 100])
def test_padding_comes_off_again(owner: Connection[Any], size: int) -> None:
    data = bytes(range(size))
    made = one(owner, "select encrypt(%s, 'a short key', 'aes')", data)
    assert len(made) == (size // 16 + 1) * 16
    assert one(owner, "select decrypt(%s, 'a short key', 'aes')", made) == data


@pytest.mark.parametrize(
    ("call", "message", "sqlstate"),
    [
        ("encrypt('x', 'k', 'rot13')", 'Cannot use "rot13": No such cipher algorithm', "22023"),
        # Supabase's OpenSSL refuses these as well.
        ("encrypt('x', 'k', 'bf')", "encrypt error: Cipher cannot be initialized", "39000"),
        ("pgp_sym_encrypt('x', 'k', 'cipher-algo=cast5')", "Cipher cannot be initial", "39000"),
        ("encrypt('x', 'k', 'aes/pad:none')", "Data not a multiple of block size", "39000"),
        ("decrypt('x', 'k', 'aes')", "Data not a multiple of block size", "39000"),
        ("encrypt('x', repeat('k', 33)::bytea, 'aes')", "Key was too big", "39000"),
        (r"pgp_sym_decrypt_bytea('\xdeadbeefcafebabe', 'k')", "Wrong key or corrupt", "39000"),
        ("pgp_pub_encrypt('x', 'k')", "stand-in", "0A000"),
        ("dearmor('nothing')", "Corrupt ascii-armor", "39000"),
    ],
)
def test_refusals(owner: Connection[Any], call: str, message: str, sqlstate: str) -> None:
    with pytest.raises(psycopg.Error, match=message) as refused:
        owner.execute(f"select {call}".encode())
    assert refused.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    "options", ["", "cipher-algo=aes256", "s2k-mode=1", "s2k-mode=0, s2k-digest-algo=sha256"]
)
def test_a_message_opens_with_its_password_only(owner: Connection[Any], options: str) -> None:
    fast = f"{options}{', ' if options else ''}s2k-count=1024"
    made = one(owner, "select pgp_sym_encrypt('grüße', 'secret', %s)", fast)
    assert one(owner, "select pgp_sym_decrypt(%s, 'secret')", made) == "grüße"
    assert made != one(owner, "select pgp_sym_encrypt('grüße', 'secret', %s)", fast)
    with pytest.raises(psycopg.Error, match="Wrong key or corrupt data"):
        owner.execute("select pgp_sym_decrypt(%s, 'guess')", (made,))


def test_the_defaults_work_and_bytes_are_not_text(owner: Connection[Any]) -> None:
    made = one(owner, r"select pgp_sym_encrypt_bytea('\xdeadbeef', 'secret')")
    assert one(owner, "select pgp_sym_decrypt_bytea(%s, 'secret')", made) == b"\xde\xad\xbe\xef"
    with pytest.raises(psycopg.Error, match="Not text data"):
        owner.execute("select pgp_sym_decrypt(%s, 'secret')", (made,))


def test_a_changed_message_is_noticed(owner: Connection[Any]) -> None:
    made = bytearray(one(owner, "select pgp_sym_encrypt('text', 'k', 's2k-count=1024')"))
    made[-25] ^= 1
    with pytest.raises(psycopg.Error, match="Wrong key or corrupt data"):
        owner.execute("select pgp_sym_decrypt(%s, 'k')", (bytes(made),))


def test_a_message_of_gnupg_is_read(owner: Connection[Any]) -> None:
    text = one(
        owner, "select convert_from(pgp_sym_decrypt_bytea(dearmor(%s), 'pw'), 'utf8')", FROM_GPG
    )
    assert text == "from gpg: hé"


def test_armor_has_headers_and_a_checksum(owner: Connection[Any]) -> None:
    armored = one(owner, "select armor('test', array['Version', 'Comment'], array['1', 'a b'])")
    assert armored.splitlines() == [
        "-----BEGIN PGP MESSAGE-----",
        "Version: 1",
        "Comment: a b",
        "",
        "dGVzdA==",
        "=+G7Q",
        "-----END PGP MESSAGE-----",
    ]
    assert one(owner, "select dearmor(%s)", armored) == b"test"
    assert owner.execute("select * from pgp_armor_headers(%s)", (armored,)).fetchall() == [
        ("Version", "1"),
        ("Comment", "a b"),
    ]
    with pytest.raises(psycopg.Error, match="Corrupt ascii-armor"):
        owner.execute("select dearmor(%s)", (armored.replace("dGVz", "dGVy"),))
