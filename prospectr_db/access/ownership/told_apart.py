"""Which values of a column are worth telling apart, because something decides by them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import literals, near, normalise
from prospectr_db.database.catalog import Column, Relation

__all__ = ["NAMELESS", "implies_values", "is_forbidden", "takes_anything", "told_apart"]

_MAX_VALUES = 6


def implies_values(column: Column) -> bool:
    """Whether a column's type says which values are worth telling apart."""
    return column.category in "BD" or bool(column.labels)


def told_apart(relation: Relation, column: Column, texts: Iterable[Text]) -> tuple[str | None, ...]:
    """Return the values of a column that policies can tell apart, if there are any."""
    if column.category == "B":
        return ("false", "true")
    if column.labels:
        return column.labels[: _MAX_VALUES * 2]
    if column.category == "D":
        ago, ahead = "2020-01-01 00:00:00+00", "2090-01-01 00:00:00+00"
        return (ago, ahead) if column.not_null else (None, ago, ahead)
    return _told_by_texts(relation, column, texts) if column.category in "SN" else ()


def _told_by_texts(
    relation: Relation, column: Column, texts: Iterable[Text]
) -> tuple[str | None, ...]:
    """Return the values of a text or number that its own check lists, or else policies name."""
    pair = (relation.oid, column.name)
    said: list[str] = []
    missing = False
    for check in relation.checks:
        if check.columns == (column.name,):
            said += literals(check.definition)
    if not said:
        for text, pairs in texts:
            if pair in pairs:
                said += near(column.name, text)
                missing = missing or _may_be_missing(column, text)
    if column.category == "N":
        whole = [int(v) for v in said if re.fullmatch(r"-?\d+", v)]
        said = [str(near) for v in whole for near in (v, v + 1, v - 1)]
        said = [v for v in said if not is_forbidden(relation, column, int(v))]
    elif said or missing:
        said += literals(column.default or "")
        if takes_anything(relation, column):
            said.append(NAMELESS)
    told = tuple(dict.fromkeys(said))[:_MAX_VALUES]
    return (None, *told) if missing and told else told


def _may_be_missing(column: Column, text: str) -> bool:
    """Whether something asks of a text that may be empty if it is."""
    asked = rf"\b{re.escape(column.name)} IS (?:NOT )?NULL"
    empty = column.category == "S" and not column.not_null and column.default is None
    return empty and re.search(asked, normalise(text), re.IGNORECASE) is not None


NAMELESS = "other"
"""A value that no policy names, of a column without any list of its values."""


def takes_anything(relation: Relation, column: Column) -> bool:
    """Whether nothing restricts what is written into a column of text."""
    named = [c.columns for c in (*relation.checks, *relation.foreign_keys)]
    return not column.domain_checks and all(column.name not in names for names in named)


_BOUND = r"\(?\b{}\b\)?(?:::\w+)? (>=|>|<=|<|<>) \(?'?(-?\d+(?:\.\d+)?)'?\)?(?:::\w+)?"


def is_forbidden(relation: Relation, column: Column, value: int) -> bool:
    """Whether a column's own checks forbid a number, each a comparison or several that must hold.

    A state that no row can be in is none.
    """
    own = [(c.definition, column.name) for c in relation.checks if c.columns == (column.name,)]
    own += [(definition, "VALUE") for definition in column.domain_checks]
    for definition, name in own:
        if re.search(r"\b(OR|NOT|CASE)\b", definition):
            continue
        for sign, said in re.findall(_BOUND.format(re.escape(name)), definition):
            bound = float(said)
            kept = {
                ">=": value >= bound,
                ">": value > bound,
                "<=": value <= bound,
                "<": value < bound,
                "<>": value != bound,
            }
            if not kept[sign]:
                return True
    return False
