"""Secrets that tables keep as a hash, or as a number: the owner's are such as somebody can know."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import psycopg

from prospectr_db.access.ownership.secret_columns import is_secret
from prospectr_db.access.policies.reach import called_functions
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.reaching import change
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Column, Relation

__all__ = ["keep_secrets"]

_HASHES = r"sha(?:1|224|256|384|512)|md5"
_HASHED = re.compile(rf"\b(?:({_HASHES})|digest|(crypt))\s*\(", re.IGNORECASE)
_NAMED = re.compile(rf"'({_HASHES})'", re.IGNORECASE)
_KEPT_HASHED = re.compile(r"hash|digest|crypt|password", re.IGNORECASE)
_LEAST = 100_000


def keep_secrets(builder: Builder) -> None:
    """Give the owner's rows secrets that are known: of a hash what it was made of, or a long code.

    How something is hashed is read off the functions that name the table and the column.
    """
    for relation in builder.catalog.own_relations:
        row = builder.world.row(relation, OWNER)
        owner = builder.ownership[relation.oid]
        for column in relation.columns if row is not None and owner.owned else ():
            sources = list(_sources(builder, relation, column))
            if row is None or not sources or not is_secret(relation, column, owner):
                continue
            if column.category == "N":
                code = _LEAST + int(seeded_uuid("code", relation.label, column.name)[:4], 16)
                if int(row.values[column.name] or 0) < _LEAST:
                    change(builder, relation, row, {column.name: str(code)})
                continue
            secret = f"open-{seeded_uuid('secret', relation.label, column.name)[:13]}"
            kept = _hash(builder, secret, sources, column)
            if kept is not None and change(builder, relation, row, {column.name: kept}):
                builder.world.secrets[relation.oid, column.name] = secret


def _sources(builder: Builder, relation: Relation, column: Column) -> Iterator[str]:
    """Yield the functions that name a column and its table, each with all that it calls."""
    for function in builder.catalog.functions:
        words = set(re.findall(r"\w+", function.source))
        if relation.name in words and column.name in words:
            called = called_functions(builder.catalog, function)
            yield "\n".join((function.source, *(other.source for other in called)))


def _hash(builder: Builder, secret: str, sources: list[str], column: Column) -> str | None:
    """Return what is kept of a secret; None where no function hashes anything for that column."""
    for source in sources:
        found = _HASHED.search(source)
        if found is None or not (_KEPT_HASHED.search(column.name) or _beside(column, source)):
            continue
        if found.group(2):
            return _crypted(builder, secret)
        named = found.group(1) or next(iter(_NAMED.findall(source)), "sha256")
        made = hashlib.new(named.lower(), secret.encode(), usedforsecurity=False).digest()
        if column.base_name == "bytea":
            return f"\\x{made.hex()}"
        return base64.b64encode(made).decode() if "'base64'" in source else made.hex()
    return None


def _beside(column: Column, source: str) -> bool:
    """Whether a hash is compared with a column."""
    name = re.escape(column.name)
    call = _HASHED.pattern
    return bool(re.search(rf"\b{name}\s*=[^;=]*{call}|{call}[^;=]*=\s*(?:\w+\.)?{name}\b", source))


def _crypted(builder: Builder, secret: str) -> str | None:
    """Return a password as crypt keeps it, with the salt that takes the least time."""
    try:
        with builder.connection.transaction():
            row = builder.connection.execute(
                "select extensions.crypt(%s, '$1$prospect$')", (secret,)
            ).fetchone()
    except psycopg.Error:
        return None
    return str(row[0]) if row else None
