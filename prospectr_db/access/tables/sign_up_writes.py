"""Columns closed to a user that he fills as he signs up, with what he says of himself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prospectr_db.access.matrix.matrix import USER_METADATA, Cell
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.decisions import user_metadata_keys
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.sign_up import new_user
from prospectr_db.access.tables.chosen import Chosen, chosen_values
from prospectr_db.access.tables.following import Try, followed
from prospectr_db.access.tables.trigger_writes import written_by
from prospectr_db.access.writing.statements import equals, insert
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Column, Relation

__all__ = ["sign_up_writes"]

_MOST_PROBES = 200
_WHO = "chooser"


def sign_up_writes(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> dict[int, list[Cell]]:
    """Return a cell for each closed column that users decide about as they sign up.

    Supabase Auth keeps whatever a user says of himself, and triggers on auth.users copy it.
    """
    owner = next((knocker for knocker in personas if knocker.name == "owner"), None)
    users = observation.catalog.users
    known = observation.world.row(users, OWNER) if users is not None else None
    if owner is None or users is None or known is None:
        return {}
    source = trigger_source(observation.catalog, users)
    words = Chosen.words(source)
    # A schema without such a trigger is not looked through for what it reads.
    keys = (
        [key for key in user_metadata_keys(observation.catalog) if key in words] if source else []
    )
    if not keys:
        return {}
    said = json.loads(known.values.get("raw_user_meta_data") or "{}")
    auth = Persona("control", observation.superuser)
    found: dict[int, list[Cell]] = {}
    for oid, plan in plans.items():
        if plan.relation.name not in words or not plan.relation.is_table:
            continue
        tries = list(_tries(observation, plan, said, keys, source, cells[oid]))[:_MOST_PROBES]
        # Many columns share one sign-up.
        probes = {one.probe.statement: one.probe for one in tries}
        outcomes = dict(zip(probes, run(observation, auth, list(probes.values())), strict=True))
        pairs = [(one, outcomes[one.probe.statement]) for one in tries]
        if told := list(followed(plan.relation, owner, pairs)):
            found[oid] = told
    return found


def _tries(
    observation: Observation,
    plan: Plan,
    said: Mapping[str, Any],
    keys: Iterable[str],
    source: str,
    cells: Iterable[Cell],
) -> Iterator[Try]:
    users, relation = observation.catalog.users, plan.relation
    assert users is not None  # noqa: S101 - somebody signs up
    supplied = observation.given.values.get(users.label, {})
    id_, email = seeded_uuid("user", _WHO), f"{_WHO}@example.com"
    question = _made(relation, id_)
    fresh = {
        key: re.sub(rf" {OWNER}$", f" {_WHO}", value) if isinstance(value, str) else value
        for key, value in said.items()
    }
    for closed in _closed(observation, relation, cells):
        for key in keys:
            for chosen in chosen_values(observation, relation, closed, _text(users), source):
                metadata = {**fresh, key: chosen.value}
                statement = insert(users, new_user(users, id_, email, metadata, supplied))
                probe = Probe(None, "own", "insert", "sign-up", None, statement, None, question)
                yield Try(f"{USER_METADATA}{key}", relation, closed, chosen, "sign-up", probe)


def _text(users: Relation) -> Column:
    """Return a column of the kind that every value of an object is: text."""
    return users.by_name["email"]


def _closed(
    observation: Observation, relation: Relation, cells: Iterable[Cell]
) -> Iterator[Column]:
    """Yield the columns that their owner writes in no other way."""
    written = set().union(*written_by(cells).values())
    settled = {*relation.primary_key, *observation.ownership[relation.oid].users}
    for column in relation.columns:
        if column.name not in written | settled and column.is_writable:
            yield column


def _made(relation: Relation, user: str) -> str:
    """Return the question which row of a relation names a user."""
    names = [c.name for c in relation.columns if c.base_name == "uuid"]
    his = " or ".join(equals(relation, {name: user}) for name in names) or "false"
    asked = ("select array(select to_jsonb(t)::text from", relation.sql_name, "as t where", his)
    return " ".join((*asked, "limit 1)"))
