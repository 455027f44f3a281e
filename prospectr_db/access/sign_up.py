"""Users as Supabase Auth makes them, with what the triggers on auth.users read of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prospectr_db.access.decisions import user_metadata_keys
from prospectr_db.access.inhabitants import Actor, Row
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from prospectr_db.access.building import Builder

__all__ = ["sign_up"]

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
    if row is not None and row.forced and refused is not None and not said:
        elsewhere = refused.diag.table_name not in (None, users.name)
        if refused.sqlstate == "23502" and elsewhere:
            builder.hopeless(users, actor.key, str(refused.diag.message_primary))
            return None
    return row


def _try(builder: Builder, users: Relation, actor: Actor, metadata: dict[str, str]) -> Row | None:
    given: dict[str, str | None] = {
        "id": actor.id,
        "email": actor.email,
        "aud": "authenticated",
        "role": "authenticated",
        "instance_id": "00000000-0000-0000-0000-000000000000",
        "raw_app_meta_data": '{"provider": "email", "providers": ["email"]}',
        "raw_user_meta_data": json.dumps(metadata),
        "email_confirmed_at": "2026-01-01 00:00:00+00",
        "created_at": "2026-01-01 00:00:00+00",
        "updated_at": "2026-01-01 00:00:00+00",
    }
    given |= builder.supplied.get(users.label, {})
    given = {name: value for name, value in given.items() if name in users.by_name}
    return builder.attempt(users, actor.key, given, fixed=set(given))
