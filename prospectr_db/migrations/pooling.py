"""Whether each transaction may reach another server process, and what cannot work there.

Behind a transaction pooler a SET lasts until its transaction ends. Steps that are transactions get
the file's earlier SETs again; a statement that runs outside any transaction cannot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prospectr_db.errors import MigrationFileError
from prospectr_db.migrations.script import Script, Step

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["check_settings", "is_transaction_pooler", "settings_of"]

_SUPABASE_TRANSACTION_PORT = 6543
_SUPABASE_POOLER = ".pooler.supabase.com"
_SETTING = re.compile(r"(?:RE)?SET\b")


def settings_of(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that set something for their session (SET and RESET, not SET LOCAL)."""
    return [
        step
        for step in steps
        if _SETTING.match(step.command) and not step.command.endswith("LOCAL")
    ]


def is_transaction_pooler(connection: Connection[Any]) -> bool:
    """Whether a pooler stands between that may give each transaction another server process.

    Supabase's is known by its ports. Any other pooler gives its clients a process number of its
    own making; whether it pools transactions or sessions cannot be told, so it counts as well.
    """
    if connection.info.port == _SUPABASE_TRANSACTION_PORT:
        return True
    if connection.info.host.endswith(_SUPABASE_POOLER):
        return False
    row = connection.execute("select pg_catalog.pg_backend_pid()").fetchone()
    return row is not None and row[0] != connection.info.backend_pid


def check_settings(script: Script, connection: Connection[Any]) -> None:
    """Raise MigrationFileError where a statement runs by itself and needs a SET that would be lost.

    Nothing has run then.
    """
    before: list[Step] = []
    for group in script.groups:
        if group.alone and settings_of(before) and is_transaction_pooler(connection):
            step, setting = group.steps[0], settings_of(before)[-1]
            lead = len(step.sql) - len(step.sql.lstrip())
            line = script.file.text.count("\n", 0, step.offset + lead) + 1
            raise MigrationFileError(
                f"{script.file.label}:{line}: {step.command} runs outside a transaction, and the "
                f"`{' '.join(setting.sql.split())}` before it would not reach it through a "
                "transaction pooler. Nothing was run.",
                hint="Use the direct connection or the session pooler (port 5432), or write names "
                "with their schema and leave the SET out.",
                file=script.file.label,
                line=line,
            )
        before += group.steps
