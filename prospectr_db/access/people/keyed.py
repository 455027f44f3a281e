"""Users whose token holds a claim under a key that a row says: ``meta ->> flags.claim``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.baselines import KEYED, UNNAMED
from prospectr_db.access.personas.claim_options import Option, holding
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.policies.decisions import (
    Keyed,
    asked_by_policies,
    decision_texts,
    keyed_claims,
)
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["keyed_users"]

_MOST = 4


def keyed_users(observation: Observation, key: str) -> Iterator[Knocker]:
    """Yield, as the user of a key, who holds what the owner's row wants, and who something else.

    Only what decides by the column is asked of them: elsewhere they are like anybody. What a user
    writes himself gives nobody anything, and forgers say it. Those of whom a contract speaks are
    there whatever is asked now.
    """
    catalog = observation.catalog
    asked = asked_by_policies(catalog)
    once = (_told(catalog, name) for name in sorted(observation.given.claims))
    found = (*keyed_claims(decision_texts(catalog)), *(claim for claim in once if claim))
    for claim in list(dict.fromkeys(found))[:_MOST]:
        relation = catalog.by_oid[claim.key[0]]
        keys = _held(observation, relation, claim.key[1])
        if not keys or claim.inside[:1] == ("user_metadata",):
            continue
        only = frozenset(oid for oid, pairs in asked.items() if claim.key in pairs)
        for said, value in _values(observation, relation, claim):
            place = "".join((".".join(claim.inside), KEYED, f"{relation.name}.{claim.key[1]}]"))
            persona = observation.world.actors[key].persona(f"{place}={said}")
            for name in keys:
                persona = holding(persona, Option((*claim.inside, name), value))
            yield Knocker(persona, key, brief=said == UNNAMED, only=only)


def _told(catalog: Catalog, name: str) -> Keyed | None:
    """Return the claim of which a persona's name speaks: ``app_metadata.[flags.claim]=true``."""
    inside, keyed, place = name.partition(KEYED)
    column, _, value = place.partition("]=")
    table, _, key = column.rpartition(".")
    relation = next((r for r in catalog.own_relations if r.name == table), None)
    if not keyed or relation is None or key not in relation.by_name:
        return None
    named = value.partition(f"{table}.")[2]
    said = named if named in relation.by_name else "" if value == "true" else f"'{value}'"
    return Keyed(tuple(inside.split(".")), (relation.oid, key), said)


def _values(
    observation: Observation, relation: Relation, claim: Keyed
) -> Iterator[tuple[str, str | bool]]:
    """Yield which values a claim takes, each after how it is called."""
    if claim.value.startswith("'"):
        yield claim.value.strip("'"), claim.value.strip("'")
    elif claim.value in relation.by_name:
        for value in _held(observation, relation, claim.value)[:1]:
            yield f"{relation.name}.{claim.value}", value
    else:
        yield "true", True
    yield UNNAMED, "prospectr"


def _held(observation: Observation, relation: Relation, column: str) -> list[str]:
    """Return what the owner's row holds in a column, as it is and in its states."""
    row = observation.world.row(relation, OWNER)
    states = observation.ownership[relation.oid].states.get(column, ())
    found = [] if row is None else [row.values.get(column)]
    return list(dict.fromkeys(value for value in (*found, *states) if value is not None))
