"""Users as Supabase Auth makes them, with what the triggers on auth.users read of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.policies.decisions import user_metadata_keys
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.rows.inhabitants import Actor, Row
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from prospectr_db.access.rows.building import Builder

__all__ = ["new_user", "sign_up"]

# What Supabase Auth knows of a user who came through a provider.
_METADATA = {"full_name": "Ada", "name": "Ada", "avatar_url": "https://x.test/a"}


def sign_up(builder: Builder, users: Relation, actor: Actor) -> Row | None:
    """Make a user; None where nobody can be one.

    At first with what every provider says of its users, then with all that triggers read of what
    they say themselves. A trigger may refuse users on purpose, and then he is there without it; but
    one that leaves out a column which must be there refuses everybody by mistake.
    """
    connection = builder.connection
    connection.execute("savepoint sign_up")
    row = _try(builder, users, actor, _METADATA)
    refused = builder.refused
    if row is None or not row.forced:
        connection.execute("release savepoint sign_up")
        return row
    connection.execute("rollback to savepoint sign_up; release savepoint sign_up")
    said = {key: f"{key} {actor.key}" for key in user_metadata_keys(builder.catalog)}
    row = _try(builder, users, actor, {**said, **_METADATA})
    if row is not None and row.forced and refused is not None and _is_left_out(builder, refused):
        builder.hopeless(users, actor.key, str(refused.diag.message_primary))
        return None
    return row


def _is_left_out(builder: Builder, refused: psycopg.Error) -> bool:
    """Whether a row of another table lacks a column that no trigger on users so much as names."""
    users, catalog = builder.catalog.users, builder.catalog
    table, column = refused.diag.table_name, refused.diag.column_name
    if refused.sqlstate != "23502" or users is None or table in (None, users.name):
        return False
    return not re.search(rf"\b{column}\b", trigger_source(catalog, users))


def new_user(
    users: Relation,
    id_: str,
    email: str | None,
    metadata: Mapping[str, Any],
    supplied: Mapping[str, str | None],
) -> dict[str, str | None]:
    """Return the columns of a user that Supabase Auth fills, and what the contract supplies."""
    given: dict[str, str | None] = {
        "id": id_,
        "email": email,
        "aud": "authenticated",
        "role": "authenticated",
        "instance_id": "00000000-0000-0000-0000-000000000000",
        "raw_app_meta_data": '{"provider": "email", "providers": ["email"]}',
        "raw_user_meta_data": json.dumps(metadata),
        "email_confirmed_at": "2026-01-01 00:00:00+00",
        "created_at": "2026-01-01 00:00:00+00",
        "updated_at": "2026-01-01 00:00:00+00",
    }
    given |= supplied
    return {name: value for name, value in given.items() if name in users.by_name}


def _try(builder: Builder, users: Relation, actor: Actor, metadata: dict[str, str]) -> Row | None:
    supplied = builder.supplied.get(users.label, {})
    given = new_user(users, actor.id, actor.email, metadata, supplied)
    return builder.attempt(users, actor.key, given, fixed=set(given))
