"""Which columns hold what opens something to whoever knows it, by their names and defaults."""

from __future__ import annotations

import re

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.writing.values import is_enumerated
from prospectr_db.database.catalog import Column, Relation

__all__ = ["is_secret", "sounds_secret"]

_SECRET = re.compile(
    r"(?:^|_)(?:tokens?|secrets?|codes?|keys?|hash(?:es)?|otp|pin|passcode|password)(?:_|$)",
    re.IGNORECASE,
)
# Codes and keys that name a thing and open nothing.
_NAMES = re.compile(
    r"(?:country|currency|postal|post|zip|area|dial|lang|language|locale|region|state|status|error"
    r"|reason|colou?r|product|item|sort|public|partition|object|storage|cache|foreign)_(?:code|key)",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"gen_random|uuid_generate|uuidv|nanoid|random\(", re.IGNORECASE)
_WHOLE = ("int4", "int8")


def sounds_secret(name: str) -> bool:
    """Whether a column or a parameter is called like something that is kept to oneself."""
    return bool(_SECRET.search(name)) and not _NAMES.search(name)


def is_secret(relation: Relation, column: Column, owner: Ownership) -> bool:
    """Whether a column's values open something: named so, or made by chance and no primary key.

    A number only by its name: what is counted by chance is no secret. In rows of nobody's, such as
    settings or plans, a name is not enough: their codes and keys are known to all.
    """
    number = column.base_name in _WHOLE
    if not (column.category == "S" or column.base_name in ("uuid", "bytea") or number):
        return False
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    if column.name in {*owner.users, *owner.claims, *linked} or is_enumerated(relation, column):
        return False
    key = column.name in relation.primary_key
    by_chance = not key and not number and bool(_RANDOM.search(column.default or ""))
    if owner.owned and sounds_secret(column.name):
        return not (number and key)
    return by_chance
