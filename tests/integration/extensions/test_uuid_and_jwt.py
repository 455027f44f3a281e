"""uuid-ossp and pgjwt: values that other implementations give too."""

from __future__ import annotations

import time
import uuid
from typing import Any

import psycopg
import pytest
from psycopg import Connection

# jwt.io's example token, in the spelling that PostgreSQL's json keeps.
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWV9."
    "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ"
)
PAYLOAD = '{"sub":"1234567890","name":"John Doe","admin":true}'


@pytest.mark.parametrize("name", ["www.widgets.com", "", "été"])
def test_name_based_uuids_are_python_s_too(owner: Connection[Any], name: str) -> None:
    row = owner.execute(
        "select uuid_generate_v3(uuid_ns_dns(), %(name)s),"
        " uuid_generate_v5(uuid_ns_url(), %(name)s)",
        {"name": name},
    ).fetchone()
    assert row == (uuid.uuid3(uuid.NAMESPACE_DNS, name), uuid.uuid5(uuid.NAMESPACE_URL, name))


def test_constants(owner: Connection[Any]) -> None:
    row = owner.execute(
        "select uuid_nil(), uuid_ns_dns(), uuid_ns_url(), uuid_ns_oid(), uuid_ns_x500()"
    ).fetchone()
    assert row == (
        uuid.UUID(int=0),
        uuid.NAMESPACE_DNS,
        uuid.NAMESPACE_URL,
        uuid.NAMESPACE_OID,
        uuid.NAMESPACE_X500,
    )


def test_time_based_uuids_tell_the_time_and_no_network_card(owner: Connection[Any]) -> None:
    row = owner.execute("select uuid_generate_v1(), uuid_generate_v1mc()").fetchone()
    assert row is not None
    for made in row:
        assert made.version == 1
        assert made.variant == uuid.RFC_4122
        seconds = (made.time - 0x01B21DD213814000) / 10_000_000
        assert abs(seconds - time.time()) < 60
        assert made.node >> 40 & 1, "the multicast bit marks a random node"
    assert row[0] != row[1]


def test_random_uuids_differ(owner: Connection[Any]) -> None:
    rows = owner.execute("select uuid_generate_v4() from generate_series(1, 20)").fetchall()
    assert len(set(rows)) == 20
    assert {made.version for (made,) in rows} == {4}


@pytest.fixture
def jwt(owner: Connection[Any]) -> Connection[Any]:
    owner.execute("create extension if not exists pgjwt with schema extensions")
    return owner


def test_sign_gives_the_known_token(jwt: Connection[Any]) -> None:
    assert jwt.execute("select sign(%s, 'secret')", (PAYLOAD,)).fetchone() == (TOKEN,)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_verify_accepts_its_own_and_refuses_another_secret(
    jwt: Connection[Any], algorithm: str
) -> None:
    row = jwt.execute(
        "select v.payload ->> 'sub', v.header ->> 'alg', v.valid, w.valid"
        " from sign(%(payload)s, 'secret', %(algorithm)s) as token,"
        " verify(token, 'secret', %(algorithm)s) as v, verify(token, 'other', %(algorithm)s) as w",
        {"payload": PAYLOAD, "algorithm": algorithm},
    ).fetchone()
    assert row == ("1234567890", algorithm, True, False)


@pytest.mark.parametrize(
    ("claims", "valid"),
    [
        ('{"exp": 1}', False),
        ('{"exp": 99999999999}', True),
        ('{"nbf": 99999999999}', False),
        ('{"nbf": "soon"}', True),
    ],
)
def test_verify_looks_at_the_times(jwt: Connection[Any], claims: str, valid: bool) -> None:
    assert jwt.execute(
        "select v.valid from verify(sign(%s, 's'), 's') as v", (claims,)
    ).fetchone() == (valid,)


def test_an_unknown_algorithm_is_refused(jwt: Connection[Any]) -> None:
    with pytest.raises(psycopg.Error, match="No such hash algorithm"):
        jwt.execute("select sign('{}', 's', 'RS256')")
