"""Which names of private channels are worth trying: what policies compare, filled with ids."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.facts import EXTENSIONS
from prospectr_db.access.personas.claim_options import said_at
from prospectr_db.access.policies.expressions import claim_keys, literals
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import API_ROLES, Catalog, Function, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["ANY_TOPIC", "Topic", "claim_value", "find_topics", "missing_claims"]

ANY_TOPIC = "any topic"
_MOST_TOPICS, _MOST_SHAPES, _MOST_SOURCES = 60, 16, 8
_HOLE = "{}"
_SEPARATORS = ":/._-|#"
# Claims that every token has, or that a user writes himself: nobody needs to be given them.
_ORDINARY = frozenset(
    {"sub", "role", "aud", "iss", "exp", "iat", "email", "phone", "aal", "amr", "session_id"}
    | {"is_anonymous", "user_metadata"}
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A channel by what its name is made of, such as ``room:{rooms.id}``, and one such name.

    ``owner`` says whose it is, in words; "nobody" where the name holds no id.
    """

    label: str
    name: str
    owner: str

    @property
    def owned(self) -> bool:
        """Whether the name holds the id of somebody, or of something of his."""
        return self.owner != "nobody"


def find_topics(observation: Observation, messages: Relation) -> list[Topic]:
    """Return the channels to try, the one that no policy can mean on purpose first.

    Names come from the literals that policies on ``messages`` and the functions they call compare
    the topic with; ids from the owner's rows in the tables they read, his own id and his claims.
    """
    texts = _texts_of(observation.catalog, messages)
    sources = _sources(observation, messages, texts)
    nothing = Topic(ANY_TOPIC, f"zz-{seeded_uuid('any topic')}", "nobody")
    found = {nothing.name: nothing}
    for topic in (*_filled(_shapes(texts), sources), *_plain(texts)):
        found.setdefault(topic.name, topic)
    return list(found.values())[:_MOST_TOPICS]


def _texts_of(catalog: Catalog, relation: Relation) -> list[str]:
    """Return the policies of a relation and the functions behind them, as texts."""
    texts = [policy.text for policy in relation.policies]
    return [*texts, *(function.source for function in _helpers(catalog, relation))]


def missing_claims(observation: Observation, messages: Relation) -> list[tuple[str, ...]]:
    """Return the claims that the policies read and that nobody of the world has been given."""
    actor = observation.world.actors[OWNER]
    held = actor.persona("owner").payload or {}
    return [
        path
        for path in sorted(_claims_of(_texts_of(observation.catalog, messages)))
        if _value_at(held, path) is None
    ]


def claim_value(path: Sequence[str], key: str) -> str:
    """Return the value of a claim that a universe's token is given."""
    return seeded_uuid("claim", ".".join(path), key)


def _claims_of(texts: Sequence[str]) -> set[tuple[str, ...]]:
    return {path for text in texts for path in claim_keys(text) if path[0] not in _ORDINARY}


def _value_at(claims: Mapping[str, object], path: Sequence[str]) -> str | None:
    value = said_at(claims, path)
    return None if value is None or isinstance(value, dict | list) else str(value)


def _helpers(catalog: Catalog, relation: Relation) -> list[Function]:
    """Return the project's functions that policies of a relation call, through each other too."""
    waiting = sorted({oid for policy in relation.policies for oid in policy.functions})
    found: dict[int, Function] = {}
    while waiting:
        function = catalog.function_by_oid.get(waiting.pop())
        if function is None or function.oid in found:
            continue
        found[function.oid] = function
        words = set(re.findall(r"\w+", function.source))
        waiting += [other.oid for other in catalog.functions if other.name in words]
    return list(found.values())


# What ids there are ------------------------------------------------------------------------------


def _sources(observation: Observation, messages: Relation, texts: Sequence[str]) -> dict[str, str]:
    """Return the owner's ids by what they are called; none that the stranger has as well."""
    owner, other = observation.world.actors[OWNER], observation.world.actors[OTHER]
    found = {"user": owner.id}
    if any("email" in text for text in texts):
        found["email"] = owner.email
    claims = owner.persona("owner").payload or {}
    for path in sorted(_claims_of(texts)):
        found["claim " + ".".join(path)] = _value_at(claims, path) or claim_value(path, OWNER)
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    for relation in _read(observation.catalog, messages, words):
        rows = [observation.world.row(relation, key) for key in (OWNER, OTHER)]
        for column in relation.columns:
            key = column.name in relation.primary_key
            if not key and column.name not in words:
                continue
            mine, theirs = (row.values.get(column.name) if row else None for row in rows)
            fit = column.base_name == "uuid" or column.category in "SN"
            if mine and mine != theirs and fit and mine not in (*found.values(), other.id):
                found[f"{relation.label}.{column.name}"] = mine
    return dict(itertools.islice(found.items(), _MOST_SOURCES))


def _read(catalog: Catalog, messages: Relation, words: set[str]) -> Iterator[Relation]:
    """Yield the tables that the policies read, themselves or through a function."""
    direct = {oid for policy in messages.policies for oid, _ in policy.reads}
    for relation in catalog.own_relations:
        if relation.is_table and (relation.oid in direct or relation.name in words):
            yield relation


# What names look like ----------------------------------------------------------------------------


def _said(texts: Sequence[str]) -> list[str]:
    """Return the texts that a topic may be compared with."""
    keys = {key for text in texts for path in claim_keys(text) for key in path}
    known = {*EXTENSIONS, *API_ROLES, *keys, "postgres_changes", ""}
    found = [value for text in texts for value in literals(text)]
    return [v for v in dict.fromkeys(found) if v not in known and not v.isdigit() and len(v) < 100]


def _plain(texts: Sequence[str]) -> Iterator[Topic]:
    """Yield the names that are written out, such as ``lobby``."""
    for text in _said(texts):
        if "%" not in text and len(text) > 1:
            yield Topic(text, text, "nobody")


def _shapes(texts: Sequence[str]) -> list[str]:
    """Return how names are made of ids, such as ``room:{}``; the likeliest first."""
    said = _said(texts)
    found: list[str] = []
    starts = [text for text in said if len(text) > 1 and text[-1] in _SEPARATORS]
    ends = [text for text in said if len(text) > 1 and text[0] in _SEPARATORS]
    for text in said:
        if "%" in text:
            found.append(text.replace("%", _HOLE))
        elif pattern := re.match(r"\^?([\w:/.#|-]+?)[(\[\\^$*+?]", text):
            tail = re.search(r"[)\]+*]([\w:/.#|-]+)\$?$", text)
            found.append(pattern.group(1) + _HOLE + (tail.group(1) if tail else ""))
    found += [start + _HOLE for start in starts]
    for end in ends:
        rest = _HOLE if end[-1] in _SEPARATORS else ""
        found += ["".join((start, _HOLE, end, rest)) for start in starts if start != end]
        found.append("".join((_HOLE, end, rest)))
    found.append(_HOLE)
    found += _split(texts, said)
    return list(dict.fromkeys(found))[:_MOST_SHAPES]


def _split(texts: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """Yield names whose parts are taken by their place: split_part, string_to_array, substring."""
    places = {
        int(found.group(1) or found.group(2))
        for text in texts
        for found in re.finditer(r"(?i)split_part\(.*?,\s*(\d+)\s*\)|\)\)?\[(\d+)\]", text)
    }
    separators = [text for text in said if len(text) == 1]
    words = [text for text in said if re.fullmatch(r"\w+", text)]
    for separator in separators:
        for first in (*words[:3], "topic"):
            for place in sorted(places - {1}) or [2]:
                yield separator.join((first, *("x" for _ in range(place - 2)), _HOLE))
            if len(places - {1}) > 1:
                yield separator.join((first, _HOLE, first, _HOLE))
                yield separator.join((first, _HOLE, _HOLE))
            yield separator.join((first, _HOLE, "x"))
        yield separator.join((_HOLE, "topic"))
    for text in texts:
        for start in re.findall(r'(?i)substr(?:ing)?"?\(.*?(?:from|,)\s*(\d+)', text):
            if 2 <= int(start) < 40:
                yield "t" * (int(start) - 2) + ":" + _HOLE


def _filled(shapes: Sequence[str], sources: Mapping[str, str]) -> Iterator[Topic]:
    """Yield each shape with each id; a shape with two holes with each pair of ids."""
    for shape in shapes:
        pieces = _at_most_two(shape.split(_HOLE))
        for chosen in itertools.product(sources, repeat=len(pieces) - 1):
            if len(set(chosen)) < len(chosen):
                continue
            label, name = pieces[0], pieces[0]
            for source, piece in zip(chosen, pieces[1:], strict=True):
                label += "{" + source + "}" + piece
                name += sources[source] + piece
            if chosen:
                yield Topic(label, name, ", ".join(chosen))


def _at_most_two(pieces: list[str]) -> list[str]:
    """Leave two holes open and put a letter into the rest."""
    return [*pieces[:2], "x".join(pieces[2:])] if len(pieces) > 2 else pieces
