"""Calls by whoever is on a list and owns rows: for these, and not only for the owner's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import literal

__all__ = ["calls_of_listed"]


def calls_of_listed(
    observation: Observation, knocker: Knocker, statements: Sequence[str]
) -> Iterator[str]:
    """Yield calls that name the owner's rows with the rows of somebody on a list instead.

    A function may ask for both, that he is on it and whose the row is.
    """
    world, key = observation.world, knocker.actor or ""
    if not any(world.is_listed(oid, key) for oid in world.rosters):
        return
    names: dict[str, str] = {}
    for (oid, whose), row in world.rows.items():
        theirs = world.rows.get((oid, OWNER)) if whose == key and oid not in world.rosters else None
        for name in observation.catalog.by_oid[oid].primary_key if theirs is not None else ():
            his, owners = row.values[name], theirs and theirs.values[name]
            if his and owners and his != owners:
                names[literal(owners)] = literal(his)
    if names:
        asked = re.compile("|".join(map(re.escape, names)))
        for text in statements:
            said = asked.sub(lambda found: names[found[0]], text)
            if said != text:
                yield said
