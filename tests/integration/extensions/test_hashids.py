"""Short texts for numbers: the vectors that pg_hashids and hashids.org publish."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection

ALPHABET = "abcdefghijABCDxFGHIJ1234567890"


@pytest.mark.parametrize(
    ("numbers", "options", "text"),
    [
        ([1001], (), "jNl"),
        ([1, 2, 3], (), "o2fXhV"),
        ([1234567], ("This is my salt",), "Pdzxp"),
        ([1234567], ("This is my salt", 10), "PlRPdzxpR7"),
        ([1234567], ("This is my salt", 10, ALPHABET), "3GJ956J9B9"),
        ([683, 94108, 123, 5], ("this is my salt",), "aBMswoO2UB3Sj"),
        ([1], ("this is my salt", 8), "gB0NV05e"),
    ],
)
def test_numbers_are_written_and_read_as_published(
    owner: Connection[Any], numbers: list[int], options: tuple[str | int, ...], text: str
) -> None:
    owner.execute("create extension pg_hashids with schema extensions")
    marks = "".join(", %s" for _ in options)
    encode = f"select id_encode(%s::bigint[]{marks})".encode()
    decode = f"select id_decode(%s{marks})".encode()

    assert owner.execute(encode, (numbers, *options)).fetchone() == (text,)
    assert owner.execute(decode, (text, *options)).fetchone() == (numbers,)


def test_a_text_of_another_salt_holds_no_number(owner: Connection[Any]) -> None:
    owner.execute("create extension pg_hashids with schema extensions")
    assert owner.execute("select id_decode('Pdzxp', 'another salt')").fetchone() == ([],)
    assert owner.execute(
        "select id_decode_once(id_encode(-5, 'salt'), 'salt'), id_decode_once('jNl')"
    ).fetchone() == (-5, 1001)
