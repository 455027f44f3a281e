"""What config.toml puts into the database: secrets of the vault, and storage buckets.

A reset does, in the Supabase CLI's order: vault, roles.sql, migrations, seeds, buckets. (Secrets
come first so that roles.sql can use them; buckets last, because there the Storage API makes them.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.diagnosis import diagnose
from prospectr_db.errors import ProspectrError
from prospectr_db.project import Bucket, Secret
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["apply_buckets", "apply_vault"]

_CONFIG = "supabase/config.toml"


def apply_vault(connection: Connection[Any], secrets: Mapping[str, Secret]) -> tuple[str, ...]:
    """Create or update the secrets of ``[db.vault]``, in one transaction; returns their names.

    A database without a vault is left alone, as the CLI leaves it. Raises SqlError, which never
    shows a secret.
    """
    if not secrets:
        return ()
    try:
        with connection.transaction():
            if connection.execute("select to_regnamespace('vault')::text").fetchone() == (None,):
                return ()
            rows = connection.execute(
                "select name, id from vault.secrets where name = any(%s)", (list(secrets),)
            ).fetchall()
            known = dict(rows)
            for name, secret in secrets.items():
                if name in known:
                    connection.execute(
                        "select vault.update_secret(%s, %s)", (known[name], secret.reveal())
                    )
                else:
                    connection.execute(
                        "select vault.create_secret(%s, %s)", (secret.reveal(), name)
                    )
    except psycopg.Error as error:
        raise _failure("[db.vault]", error) from None
    return tuple(secrets)


def apply_buckets(connection: Connection[Any], buckets: Sequence[Bucket]) -> tuple[str, ...]:
    """Create or update the buckets of ``[storage.buckets]``; returns their names."""
    if not buckets:
        return ()
    try:
        with connection.transaction():
            for bucket in buckets:
                connection.execute(
                    sql_text("migrations/upsert_bucket.sql"),
                    {
                        "name": bucket.name,
                        "public": bucket.public,
                        "file_size_limit": bucket.file_size_limit,
                        "allowed_mime_types": list(bucket.allowed_mime_types) or None,
                    },
                )
    except psycopg.Error as error:
        raise _failure("[storage.buckets]", error) from error
    return tuple(bucket.name for bucket in buckets)


def _failure(section: str, error: psycopg.Error) -> ProspectrError:
    ours = diagnose(error)
    return type(ours)(
        f"{_CONFIG}: {section} could not be carried out: {ours.message}",
        hint=ours.hint,
        sqlstate=error.sqlstate,
    )
