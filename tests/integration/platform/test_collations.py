"""Collations that projects name exist, whatever the server was built with."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection, sql

STATEMENTS = (
    "create table public.people (name text collate {collation})",
    "create unique index on public.people (lower(name collate {collation}))",
    "insert into public.people values ('Ärger')",
)
FOUND = "select name from public.people where lower(name) = lower('ÄRGER' collate {collation})"


@pytest.mark.parametrize("name", ["und-x-icu", "en-US-x-icu", "de-x-icu", "pt-BR-x-icu", "en_US"])
def test_a_column_and_an_index_can_name_a_collation(postgres: Connection[Any], name: str) -> None:
    collation = sql.Identifier(name)
    for statement in STATEMENTS:
        postgres.execute(sql.SQL(statement).format(collation=collation))

    found = postgres.execute(sql.SQL(FOUND).format(collation=collation)).fetchall()

    assert found == [("Ärger",)]
