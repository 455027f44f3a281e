"""Triggers of the project's that take no file: files are there all the same, and uploads are tried.

What a trigger needs is often not in the database that is observed (a secret, a service). Were
nothing there, every policy on files would look right.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator

import psycopg

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.impersonation import requested
from prospectr_db.access.rows.insertion import insert_row
from prospectr_db.access.services.storage_world import Stored
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["put_files", "without_refusals"]

_FUNCTION = re.compile(r"function ([^\s(]+)\(")
_DUPLICATE = "23505"


def put_files(
    observation: Observation, objects: Relation, files: Iterable[Stored]
) -> tuple[list[Stored], dict[str, tuple[str, str]]]:
    """Put files into their buckets; return those that are there, and what refuses all of a bucket.

    That is the function of a trigger, and what it said.
    """
    found: list[Stored] = []
    refused: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    observation.connection.execute(requested())
    for file in files:
        values = {"id": file.id, **file.values}
        outcome = insert_row(observation.connection, objects, values, forced=False)
        if outcome is None or isinstance(outcome, psycopg.Error):
            if isinstance(outcome, psycopg.Error) and outcome.sqlstate == _DUPLICATE:
                continue
            refused.setdefault(file.folder.bucket, _reason(outcome))
            outcome = insert_row(observation.connection, objects, values, forced=True)
        else:
            taken.add(file.folder.bucket)
        if isinstance(outcome, dict):
            found.append(file)
    return found, {bucket: why for bucket, why in refused.items() if bucket not in taken}


def _reason(refusal: psycopg.Error | None) -> tuple[str, str]:
    """Return who refuses a row, the trigger's own function where it called others, and why."""
    if refusal is None:
        return "a trigger", "it is left out without a word"
    calls = _FUNCTION.findall(refusal.diag.context or "")
    return f"{calls[-1]}()" if calls else "the database", refusal.diag.message_primary or ""


@contextlib.contextmanager
def without_refusals(
    observation: Observation, objects: Relation, *, refusing: bool
) -> Iterator[None]:
    """Leave out the project's own triggers on uploads meanwhile, where one refuses them all."""
    functions = observation.catalog.function_by_oid
    names = [
        quote_identifier(trigger.name)
        for trigger in objects.triggers
        if refusing and trigger.enabled == "O" and trigger.function in functions
        if re.search(r"\bINSERT\b", trigger.definition.partition(" ON ")[0])
    ]
    for name in names:
        text = " ".join(("alter table", objects.sql_name, "disable trigger", name))
        observation.connection.execute(text)
    yield
    for name in names:
        text = " ".join(("alter table", objects.sql_name, "enable trigger", name))
        observation.connection.execute(text)
