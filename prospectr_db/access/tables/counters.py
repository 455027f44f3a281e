"""Columns that functions with their owner's rights count up or down: balances, numbers of likes."""

from __future__ import annotations

import re

from prospectr_db.access.policies.expressions import COMMENT
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["counted_columns"]

_END = r"(?:\bwhere\b|\breturning\b|\bfrom\b|;|$)"


def counted_columns(catalog: Catalog, relation: Relation) -> dict[str, str]:
    """Return the columns that a function sets to what they were, and more or less, with its name.

    A function that has its owner's rights does so for users who are not to do it themselves.
    """
    found: dict[str, str] = {}
    update = re.compile(
        rf'\bupdate\s+(?:only\s+)?(?:"?\w+"?\.)?"?{re.escape(relation.name)}"?\s+'
        rf"(?:(?:as\s+)?\w+\s+)?set\b(.*?){_END}",
        re.IGNORECASE | re.DOTALL,
    )
    for function in catalog.functions:
        if not function.definer or relation.name not in function.source:
            continue
        for assigned in update.findall(COMMENT.sub("", function.source)):
            for column in relation.columns:
                if column.category == "N" and _is_counted(column.name, assigned):
                    found.setdefault(column.name, function.label)
    return found


def _is_counted(name: str, assigned: str) -> bool:
    """Whether an assignment says ``credits = credits - cost``, be it inside greatest(…)."""
    column = rf'"?{re.escape(name)}"?'
    before = r"(?:(?:greatest|least|coalesce)\s*\(\s*)*(?:\w+\.)?"
    after = r"(?:\s*,\s*\d+\s*\))?\s*[-+]"
    text = rf"(?:^|,)\s*{column}\s*=\s*\(*{before}{column}{after}"
    return bool(re.search(text, assigned, re.IGNORECASE))
