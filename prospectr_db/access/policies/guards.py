"""Triggers that users set off: which columns they name, and by which values they decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from prospectr_db.access.policies.decisions import Text, mentions
from prospectr_db.access.policies.reach import called_functions
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["Guards", "asked_by_guards", "guard_texts", "guards_of"]

_RETURNED = re.compile(r"\breturn\s+(?:old|new)\b", re.IGNORECASE)
_OLD = re.compile(r"\bold\b|\bupdate of\b", re.IGNORECASE)
_WHOLE = re.compile(r"\b(?:old|new)\b(?!\s*\.\s*\"?\w)", re.IGNORECASE)
_SIDE = r"\(?\s*{}\s*\.\s*\"?\w+\"?(?:::\w+)?\s*\)?"
_EQUALS = r"\s*(?::=|=|<>|!=|\bis\s+(?:not\s+)?distinct\s+from\b)\s*"
_SAME = re.compile(
    "|".join(
        _SIDE.format(one) + _EQUALS + _SIDE.format(other)
        for one, other in (("old", "new"), ("new", "old"))
    ),
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"(?:;|\bthen|\belse|\bbegin|\bloop)\s*new\s*\.\s*\"?\w+\"?\s*:?=", re.IGNORECASE
)
_ASKED = re.compile(
    r"\bold\s*\.\s*\"?(\w+)"
    r"|\bnew\s*\.\s*\"?(\w+)\"?(?:::\w+)?\s*(?:[<>=!]+|\b(?:not\s+)?in\b|\bis\b)"
    r"|\bcase\s+new\s*\.\s*\"?(\w+)",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"\bselect\s+((?:[\w.\"]+\s*,\s*)*[\w.\"]+)\s+into\s+(?:strict\s+)?((?:\w+\s*,\s*)*\w+)"
    r"|\b(\w+)(?:\s+[\w.]+)?\s*:=\s*\(\s*select\s+([\w.\"]+)\s+from\b",
    re.IGNORECASE,
)
_LETTERS = {"insert": "a", "update": "w", "delete": "d"}


@dataclass(frozen=True)
class Guards:
    """What the triggers of a table say that a command sets off, and when they are set off."""

    text: str

    @cached_property
    def compare(self) -> bool:
        """Whether they look at the row as it was, or are set off by some columns only."""
        return _OLD.search(self.text) is not None

    def names(self, word: str) -> bool:
        """Whether they may mean a column: by its name, or with the whole row."""
        return self._is_of_whole or self.says(word)

    def says(self, *words: str) -> bool:
        """Whether all of some names stand there."""
        return set(words) <= self._words

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", self.text))

    @cached_property
    def _is_of_whole(self) -> bool:
        return _WHOLE.search(self.text) is not None

    @property
    def asked(self) -> frozenset[str]:
        """The columns whose values decide: not those that only must stay, or are written there."""
        conditions = _GIVEN.sub(" ", _SAME.sub("", self.text))
        return frozenset(filter(None, (name for one in _ASKED.findall(conditions) for name in one)))


def guards_of(catalog: Catalog, relation: Relation, *commands: str) -> Guards:
    """Return what a table's triggers say that are set off by some commands, and what they call."""
    said = []
    for trigger in relation.triggers:
        function = catalog.function_by_oid.get(trigger.function)
        events = trigger.definition.partition(" ON ")[0]
        follows = any(f" {command.upper()}" in events for command in commands)
        if trigger.enabled != "D" and follows and function is not None:
            called = called_functions(catalog, function)
            said += [trigger.definition, *(one.source for one in (function, *called))]
    return Guards(_RETURNED.sub("", _with_columns(" ".join(said))))


def _with_columns(source: str) -> str:
    """Say a column where a variable stands that was read from it."""
    for columns, variables, one, column in _INTO.findall(source):
        names = [name.strip().rpartition(".")[2].strip('"') for name in columns.split(",")]
        pairs = zip((v.strip() for v in variables.split(",")), names, strict=False)
        for variable, name in ((one, column.rpartition(".")[2]), *pairs):
            if variable and name != "*":
                source = re.sub(rf"(?<![.\w]){re.escape(variable)}\b", name, source)
    return source


def asked_by_guards(catalog: Catalog, relation: Relation) -> frozenset[tuple[int, str]]:
    """Return the columns of any table that triggers can mean when users write into a relation."""
    return mentions(
        catalog, guards_of(catalog, relation, *_written_by_users(catalog, relation)).text
    )


def _written_by_users(catalog: Catalog, relation: Relation) -> list[str]:
    """Return the commands by which some user may write, if triggers follow at all."""
    return [
        command
        for command, letter in _LETTERS.items()
        if relation.triggers and any(relation.holds_any(r, letter) for r in catalog.user_roles)
    ]


def guard_texts(catalog: Catalog) -> dict[int, Text]:
    """Return by relation what triggers say of what users write, with the columns that decide there.

    Those of its rows, and of the tables that the rows refer to.
    """
    found: dict[int, Text] = {}
    for relation in catalog.own_relations:
        guards = guards_of(catalog, relation, *_written_by_users(catalog, relation))
        parents = {fk.target for fk in relation.foreign_keys} - {relation.oid}
        keys = {
            (oid, name)
            for oid in parents
            if oid in catalog.by_oid
            for name in catalog.by_oid[oid].primary_key
        }
        named = {pair for pair in mentions(catalog, guards.text) if pair[0] in parents} - keys
        own = {(relation.oid, name) for name in guards.asked & relation.by_name.keys()}
        if own or named:
            found[relation.oid] = guards.text, frozenset(own | named)
    return found
