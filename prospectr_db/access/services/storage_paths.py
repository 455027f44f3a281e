"""What policies compare the folders of a file's name with, and so how names are made of ids.

A policy may take a folder by its place, cut the name at its slashes, or hold it to a pattern; and
compare it with the caller, a claim of his, a text, or a row's column, itself or through a helper.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.claim_options import said_at
from prospectr_db.access.policies.expressions import CLAIM, EQUALS, claim_path, normalise
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.database.catalog import Policy, Relation

__all__ = ["HOLE", "USER", "Part", "find_layouts", "named_layout"]

HOLE = "{}"
"""Where a name has the id of the user in whose folder the file is."""
_MOST_LAYOUTS = 4
_MOST_GUESSED = 2
_MOST_STEPS = 4
_NAME = r"(?:\w+\.)?name"
_PLACE = re.compile(
    rf"(?:(?:storage\.)?foldername {_NAME} ?\[|split_part {_NAME}, '/', "
    rf"|(?:string_to_array|regexp_split_to_array) {_NAME}, '/' ?\[|(?:\w+\.)?\bpath_tokens ?\[)"
    r"([1-6])\b\]?",
    re.IGNORECASE,
)
_ANY_PLACE = re.compile(rf"\bANY (?:storage\.)?foldername {_NAME}(?! ?\[)", re.IGNORECASE)
_TERM = r"(?:'[^']*'|@uid|SELECT (?:\w+\.)?\w+ FROM [^|]*?|(?:\w+\.)?\w+)"
_PATTERN = re.compile(
    rf"(?:\b{_NAME} (?:~~\*?|\^@|~) |\bstarts_with {_NAME}, )(?:concat )?"
    rf"({_TERM}(?: ?(?:\|\||,) ?{_TERM})+)"
)
_COLUMN = r"(?:SELECT )?(?:DISTINCT )?(?:(\w+)\.)?(\w+)"
_SAID = rf"(?:(@uid)|{CLAIM}|'([^']*)'|{_COLUMN})"
_COMPARED = (
    re.compile(rf"@part(?P<place>\d){EQUALS}{_SAID}"),
    re.compile(rf"{_SAID}{EQUALS}(?:ARRAY ?\[)?@part(?P<place>\d)"),
)
_TABLE = re.compile(
    r"(?:\b(?:FROM|JOIN)|,)\s+(?:(\w+)\.)?(\w+)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of a name: what it is called, and its names by universe.

    ``is_id`` says that it is a row's or a claim's, and neither the user's nor a text.
    """

    said: str
    names: Mapping[str, str]
    is_id: bool = False


USER = Part("user", {OWNER: HOLE, OTHER: HOLE})
"""The user's own folder."""


def find_layouts(observation: Observation, policies: Iterable[Policy]) -> list[tuple[Part, ...]]:
    """Return how names are made of ids, folder by folder, where policies ask for a row's.

    A folder before such a one, of which nothing is asked, is the user's.
    """
    found: dict[str, tuple[Part, ...]] = {}
    for policy in policies:
        text, beside = observation.helpers.written_out(policy.text)
        for layout in _Reader(observation, text, " ".join(beside)).layouts():
            found.setdefault("/".join(part.said for part in layout), layout)
    return list(found.values())[:_MOST_LAYOUTS]


def named_layout(observation: Observation, kind: str) -> tuple[Part, ...]:
    """Return a layout by what a contract calls it; nothing where one of its ids is gone."""
    reader = _Reader(observation, "", "")
    parts = [reader.named(said) for said in kind.split("/")]
    return tuple(part for part in parts if part is not None) if all(parts) else ()


class _Reader:
    """One policy with what its helpers say, and the texts of those that cannot be written out."""

    def __init__(self, observation: Observation, text: str, beside: str) -> None:
        self._observation = observation
        self._beside = beside
        text = _PLACE.sub(r"@part\1", normalise(text))
        self._text = _PATTERN.sub(_by_place, _ANY_PLACE.sub("@part1", text))
        self._tables = [
            (relation, alias or name)
            for schema, name, alias in _TABLE.findall(self._text)
            for relation in observation.catalog.own_relations
            if relation.name == name and schema in ("", relation.schema)
        ]

    def layouts(self) -> Iterator[tuple[Part, ...]]:
        """Yield a layout for each alternative that asks for a row, or for a guess where none is."""
        sides = [self._compared(side) for side in re.split(r"\bOR\b", self._text)]
        known: dict[int, list[Part]] = {}
        for place, parts in (item for side in sides for item in side.items()):
            known.setdefault(place, []).extend(parts)
        if not _ids(known):
            sides = [{place: [part]} for place, part in self._guessed(known)]
        for side in sides:
            places = _ids(side)
            to = range(1, max(places, default=0) + 1)
            choices = (side.get(place) or known.get(place) or [USER] for place in to)
            yield from (
                layout for layout in itertools.product(*choices) if any(p.is_id for p in layout)
            )

    def named(self, said: str) -> Part | None:
        """Return a folder by what it is called."""
        name, _, column = said.partition(".")
        if said == USER.said:
            return USER
        if said.startswith("'"):
            return _text(said.strip("'"))
        for relation in self._observation.catalog.own_relations:
            if relation.is_table and relation.name == name:
                key = relation.primary_key[0] if len(relation.primary_key) == 1 else None
                return self._of_row(relation, column or key)
        return next(iter(self._of_claim(tuple(said.split(".")))), None)

    def _compared(self, side: str) -> dict[int, list[Part]]:
        """Return what the folders are compared with in an alternative, by their place."""
        found: dict[int, list[Part]] = {}
        for match in (m for pattern in _COMPARED for m in pattern.finditer(side)):
            user, arrows, text, alias, column, *_ = _without_place(match)
            if user:
                parts = [USER]
            elif arrows:
                parts = self._of_claim(claim_path(arrows))
            elif text:
                parts = [_text(text)]
            else:
                parts = self._of_column(alias, column)
            mine = found.setdefault(int(match["place"]), [])
            mine += [part for part in parts if part not in mine]
        return {place: parts for place, parts in found.items() if parts}

    def _of_claim(self, path: tuple[str, ...]) -> list[Part]:
        names: dict[str, str] = {}
        for key in (OWNER, OTHER):
            payload = self._observation.world.actors[key].persona(key).payload or {}
            value = said_at(payload, path)
            if not isinstance(value, str):
                return []
            names[key] = value
        return [Part(".".join(path), names, is_id=True)] if len(path) > 1 else []

    def _of_column(self, alias: str | None, column: str | None) -> list[Part]:
        """Return the folder that is named by a column of a table that the text reads."""
        found = [
            self._of_row(relation, column)
            for relation, name in self._tables
            if column in relation.by_name and alias in (None, name, relation.name)
        ]
        return [part for part in found if part is not None][:1]

    def _of_row(self, relation: Relation, column: str | None) -> Part | None:
        """Return the folder that is named by a row's column, or by what that refers to."""
        catalog, world = self._observation.catalog, self._observation.world
        for _ in range(_MOST_STEPS):
            fk = next((k for k in relation.foreign_keys if k.columns == (column,)), None)
            if fk is None or fk.target not in catalog.by_oid:
                break
            if catalog.users is not None and fk.target == catalog.users.oid:
                return USER
            relation, column = catalog.by_oid[fk.target], fk.target_columns[0]
        rows = {key: world.row(relation, key) for key in (OWNER, OTHER)}
        names = {key: row.values.get(column or "") for key, row in rows.items() if row is not None}
        mine, theirs = names.get(OWNER), names.get(OTHER)
        if mine is None or theirs is None or mine == theirs:
            return None
        if mine == world.actors[OWNER].id:
            return USER
        is_key = relation.primary_key == (column,)
        said = relation.name if is_key else f"{relation.name}.{column}"
        return Part(said, {OWNER: mine, OTHER: theirs}, is_id=True)

    def _guessed(self, known: Mapping[int, object]) -> Iterator[tuple[int, Part]]:
        """Yield ids of tables that are read, for folders of which it is not known what is asked."""
        places = {int(place) for place in re.findall(r"@part(\d)", self._text)}
        if not places and self._beside and re.search(rf"\b{_NAME}\b", self._text):
            places = {1}  # a helper is told the whole name
        words = set(re.findall(r"\w+", f"{self._text} {self._beside}"))
        parts: dict[str, Part] = {}
        for relation in self._observation.catalog.own_relations:
            if not (relation.is_table and relation.name in words):
                continue
            for column in relation.primary_key:
                part = self._of_row(relation, column)
                if part is not None and part.is_id:
                    parts.setdefault(part.said, part)
        for place in sorted(places - set(known)):
            yield from ((place, part) for part in list(parts.values())[:_MOST_GUESSED])


def _text(said: str) -> Part:
    """Return a folder with a name; in quotes, for a table may have the same."""
    return Part(f"'{said}'", dict.fromkeys((OWNER, OTHER), said))


def _ids(parts: Mapping[int, Iterable[Part]]) -> list[int]:
    """Return the places of the folders that are named by ids of rows."""
    return [place for place, some in parts.items() if any(part.is_id for part in some)]


def _without_place(match: re.Match[str]) -> list[str | None]:
    """Return what a folder is compared with: the groups of a match, but for its place."""
    number = match.re.groupindex["place"]
    return [said for place, said in enumerate(match.groups(), start=1) if place != number]


def _by_place(match: re.Match[str]) -> str:
    """Return a comparison with a pattern as one of each folder: ``name ~~ id || '/%'``."""
    terms = re.split(r" ?(?:\|\||,) ?", match[1])
    whole = "".join(t.strip("'^") if t.startswith("'") else f"\0{t}\0" for t in terms)
    found = []
    for place, piece in enumerate(whole.split("/")[:-1], start=1):
        if re.fullmatch(r"\0[^\0]+\0", piece):
            found.append(f"@part{place} = {piece.strip(chr(0))}")
        elif re.fullmatch(r"[\w-]+", piece):
            found.append(f"@part{place} = '{piece}'")
    return " AND ".join(found) or match[0]
