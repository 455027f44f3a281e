"""pgcrypto's stand-in gives the published answers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection


def one(owner: Connection[Any], query: str, *values: object) -> Any:
    row = owner.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


# RFC 3174, RFC 1321 and FIPS 180-4: their test strings; the last crosses a block boundary.
@pytest.mark.parametrize(
    ("text", "algorithm", "digest"),
    [
        ("abc", "md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("", "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "SHA1",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
        ),
        ("abc", "sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (
            "abc",
            "sha256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "abc",
            "sha384",
            (
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                "8086072ba1e7cc2358baeca134c825a7"
            ),
        ),
        (
            "abc",
            "sha512",
            (
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ),
    ],
)
def test_digests(owner: Connection[Any], text: str, algorithm: str, digest: str) -> None:
    assert one(owner, "select encode(digest(%s::text, %s), 'hex')", text, algorithm) == digest
    assert one(owner, "select encode(digest(%s::bytea, %s), 'hex')", text.encode(), algorithm) == (
        digest
    )


# RFC 2202 and RFC 4231: a short key, and one longer than the hash's block.
@pytest.mark.parametrize(
    ("key", "data", "algorithm", "mac"),
    [
        (b"Jefe", b"what do ya want for nothing?", "md5", "750c783e6ab0b503eaa86e310a5db738"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "sha1",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "sha256",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "sha512",
            (
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
            ),
        ),
    ],
)
def test_hmac(owner: Connection[Any], key: bytes, data: bytes, algorithm: str, mac: str) -> None:
    assert one(owner, "select encode(hmac(%s::bytea, %s, %s), 'hex')", data, key, algorithm) == mac


def test_an_unknown_hash_is_an_error(owner: Connection[Any]) -> None:
    with pytest.raises(psycopg.Error, match='Cannot use "md4": No such hash algorithm') as refused:
        owner.execute("select digest('abc', 'md4')")
    assert refused.value.sqlstate == "22023"


# Solar Designer's vectors for crypt_blowfish, at cost 5 ($2x$ has the old sign-extension bug).
@pytest.mark.parametrize(
    ("password", "crypted"),
    [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    ],
)
def test_bcrypt(owner: Connection[Any], password: str, crypted: str) -> None:
    assert one(owner, "select crypt(%s, %s)", password, crypted) == crypted
    assert one(owner, "select crypt(%s, %s)", password, crypted[:29]) == crypted


def test_bcrypt_reads_bytes_above_127_as_they_are(owner: Connection[Any]) -> None:
    boxes = "extensions.pgcrypto_blowfish_boxes()"
    hashed = f"select extensions.pgcrypto_crypt_bf(%s, %s, {boxes})"
    right = "$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"
    buggy = "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
    assert one(owner, hashed, b"\xa3", right[:29]) == right
    assert one(owner, hashed, b"\xff\xff\xa3", buggy[:29]) == buggy


# glibc's crypt(3) gives the same; the extended form is FreeSec's.
@pytest.mark.parametrize(
    ("password", "crypted"),
    [
        ("foox", "NB53EGGqrrb5E"),
        ("", "NBPx/38Y48kHg"),
        ("foox", "_J9..j2zzAYKMvO2BYRY"),
        ("longlonglongpassword", "_J9..j2zzbwHZ0dxaN4c"),
        ("foox", "$1$Szzz0yzz$IYL49cd3t9bllsA7Jmz1M1"),
        ("", "$1$Szzz0yzz$To38XrR3BsbXQW2ZpfKjF1"),
    ],
)
def test_older_password_hashes(owner: Connection[Any], password: str, crypted: str) -> None:
    assert one(owner, "select crypt(%s, %s)", password, crypted) == crypted


@pytest.mark.parametrize(
    ("algorithm", "rounds", "shape"),
    [
        ("bf", 4, r"^\$2a\$04\$[./A-Za-z0-9]{22}$"),
        ("BF", 12, r"^\$2a\$12\$[./A-Za-z0-9]{22}$"),
        ("md5", 1000, r"^\$1\$[./A-Za-z0-9]{8}$"),
        ("des", 25, r"^[./A-Za-z0-9]{2}$"),
        ("xdes", 725, r"^_J9\.\.[./A-Za-z0-9]{4}$"),
    ],
)
def test_salts(owner: Connection[Any], algorithm: str, rounds: int, shape: str) -> None:
    salt = one(owner, "select gen_salt(%s, %s)", algorithm, rounds)
    assert one(owner, "select %s ~ %s", salt, shape)
    assert salt != one(owner, "select gen_salt(%s, %s)", algorithm, rounds)
    if rounds < 12:
        hashed = one(owner, "select crypt('secret', %s)", salt)
        assert one(owner, "select crypt('secret', %s) = %s", hashed, hashed)
        assert one(owner, "select crypt('Secret', %s) <> %s", hashed, hashed)


@pytest.mark.parametrize(
    ("call", "message", "sqlstate"),
    [
        ("gen_salt('bf', 3)", "gen_salt: Incorrect number of rounds", "22023"),
        ("gen_salt('xdes', 726)", "gen_salt: Incorrect number of rounds", "22023"),
        ("gen_salt('foo')", "gen_salt: Unknown salt algorithm", "22023"),
        ("crypt('a', '$2a$04$short')", "invalid salt", "22023"),
        ("crypt('a', '$2$04$CCCCCCCCCCCCCCCCCCCCC.')", "returned NULL", "39000"),
        ("gen_random_bytes(1025)", "Length not in range", "39000"),
    ],
)
def test_refusals(owner: Connection[Any], call: str, message: str, sqlstate: str) -> None:
    with pytest.raises(psycopg.Error, match=message) as refused:
        owner.execute(f"select {call}".encode())
    assert refused.value.sqlstate == sqlstate


def test_random_bytes_have_the_length_asked_for_and_differ(owner: Connection[Any]) -> None:
    assert [
        len(one(owner, "select gen_random_bytes(%s)", size)) for size in (1, 14, 15, 16, 1024)
    ] == [1, 14, 15, 16, 1024]
    rows = owner.execute("select distinct gen_random_bytes(8) from generate_series(1, 50)")
    assert len(rows.fetchall()) == 50
    assert one(owner, "select extensions.gen_random_uuid() <> extensions.gen_random_uuid()")


def test_functions_find_one_another_after_the_extension_has_moved(owner: Connection[Any]) -> None:
    owner.execute("drop extension pgcrypto cascade")
    owner.execute("create schema crypto; create extension pgcrypto with schema crypto")
    assert one(owner, "select crypto.crypt('foox', 'NB')") == "NB53EGGqrrb5E"
    assert one(owner, "select length(crypto.gen_salt('bf'))") == 29
    assert one(owner, "select encode(crypto.hmac('a', 'b', 'sha1'), 'hex')") == (
        "8abe0fd691e3da3035f7b7ac91be45d99e942b9e"
    )
