"""Which column a parameter is called like, wholly or in part."""

from __future__ import annotations

import re

from prospectr_db.database.catalog import Relation

__all__ = ["is_like", "named_after"]

_SUFFIX = re.compile(r"_?(?:id|uuid|key)$")
_SHORTEST = 3


def named_after(parameter: str, relation: Relation, column: str) -> bool:
    """Whether a parameter is called like a column: ``p_token``, ``invite_id``, ``_org_id``."""
    return _plain(parameter) in (column, *(f"{name}_{column}" for name in _singular(relation)))


def is_like(parameter: str, relation: Relation, column: str) -> bool:
    """Whether a parameter's name may mean a column: its end, or how it begins, is the column's.

    ``p_org_id`` and ``p_confirming_org_id`` mean ``organization_id``, and ``organizations.id``.
    """
    plain = _plain(parameter)
    names = (column, *(f"{name}_{column}" for name in _singular(relation)))
    if any(_ends_alike(plain, name) for name in names):
        return True
    if not _SUFFIX.search(column):
        return False
    stems = [stem for name in names if len(stem := _SUFFIX.sub("", name)) >= _SHORTEST]
    stem = _SUFFIX.sub("", plain)
    if stem == plain:
        return plain in stems
    ends = [stem, *(stem[match.end() :] for match in re.finditer("_", stem))]
    return any(
        len(end) >= _SHORTEST and (one.startswith(end) or end.startswith(one))
        for end in ends
        for one in stems
    )


def _plain(parameter: str) -> str:
    return re.sub(r"^(?:p|in|arg)_", "", parameter.lower().strip("_"))


def _ends_alike(one: str, other: str) -> bool:
    """Whether one of two names is the other with something before it; ``id`` ends too many."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST and long.endswith(f"_{short}")


def _singular(relation: Relation) -> tuple[str, ...]:
    """Return a table's name, and what one row of it may be called."""
    name = relation.name
    found = [name, name.rstrip("s")]
    found += [f"{name[:-3]}y"] if name.endswith("ies") else []
    found += [name[:-2]] if name.endswith("es") else []
    return tuple(dict.fromkeys(found))
