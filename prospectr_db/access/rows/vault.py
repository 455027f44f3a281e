"""Secrets that functions look up in the vault by their names: they are in no migration, and needed.

A project keeps the address of its Edge Functions or a key there, put in by hand or by a seed. Where
they are missing, whatever a trigger does with one fails, and with it every statement on its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.policies.decisions import all_texts
from prospectr_db.access.policies.expressions import COMMENT, literals, near
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Catalog

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["fill_vault"]

_VAULT = re.compile(r"\b(?:decrypted_secrets|vault\"?\.\"?secrets)\b")
_NAME = re.compile(r"\w[\w./-]{2,63}")
_ADDRESS = re.compile(r"(?i)url|uri|host|endpoint|address|domain")
_MOST_SECRETS = 32
_WHERE = "http://127.0.0.1:54321"


def fill_vault(connection: Connection[Any], catalog: Catalog) -> None:
    """Put a secret into the vault for each name that something looks up, if there is none."""
    for name in list(dict.fromkeys(_names(catalog)))[:_MOST_SECRETS]:
        secret = _WHERE if _ADDRESS.search(name) else f"secret-{seeded_uuid('vault', name)}"
        connection.execute("savepoint prospectr_vault")
        try:
            connection.execute(
                "select vault.create_secret(%s, %s)"
                " where not exists (select from vault.secrets as s where s.name = %s)",
                (secret, name, name),
            )
        except psycopg.Error:
            connection.execute("rollback to savepoint prospectr_vault")
        connection.execute("release savepoint prospectr_vault")


def _names(catalog: Catalog) -> Iterator[str]:
    """Yield the names that are compared with a secret's, there or where a function is told one.

    Where neither says one, as with a variable, whatever is written there may be the name.
    """
    texts = [COMMENT.sub("", text) for text in all_texts(catalog)]
    texts += [trigger.definition for r in catalog.relations for trigger in r.triggers]
    looking = [text for text in texts if _VAULT.search(text)]
    if not looking:
        return
    asked = {
        function.name: near("name", COMMENT.sub("", function.source))
        for function in catalog.functions
        if _VAULT.search(function.source)
    }
    told = [
        name
        for function in asked
        for text in texts
        for call in re.findall(rf"\b{re.escape(function)}\"?\(([^()]*)\)", text)
        for name in literals(call)
    ]
    found = [name for text in looking for name in near("name", text)] + told
    yield from found
    for text in looking:
        if not found or not near("name", text):
            yield from (name for name in literals(text) if _NAME.fullmatch(name))
