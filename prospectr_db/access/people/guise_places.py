"""Where a claim is asked for: relations by their policies, triggers and definitions, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prospectr_db.access.matrix.facts import CHANNEL
from prospectr_db.access.policies.decisions import helper_functions, mentioned_by, mentions
from prospectr_db.access.policies.reach import called_functions
from prospectr_db.database.catalog import Catalog, Function, Relation

__all__ = ["Places"]

Where = tuple[frozenset[int], frozenset[int]]
"""Relations and functions, by oid."""


class Places:
    """All that relations and functions of a database say, each with what it calls."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._functions = {f.oid: self._said_by(f) for f in catalog.functions}
        read = {
            oid: {up for up, _ in mentioned_by(catalog, function)}
            for oid, function in helper_functions(catalog).items()
            if not function.definer
        }
        self._relations: dict[int, str] = {}
        self._above: dict[int, set[int]] = {}
        self._known: dict[tuple[re.Pattern[str], bool], Where] = {}
        for relation in catalog.relations:
            parts = [policy.text for policy in relation.policies]
            called = {oid for policy in relation.policies for oid in policy.functions}
            called |= {trigger.function for trigger in relation.triggers}
            parts += [self._functions[oid] for oid in called if oid in self._functions]
            above = {oid for policy in relation.policies for oid, _ in policy.reads}
            above |= {up for oid in called for up in read.get(oid, ())}
            if relation.definition:
                parts.append(relation.definition)
                parts += [self._functions[f.oid] for f in self._named_in(relation.definition)]
                above |= {oid for oid, _ in mentions(catalog, relation.definition)}
                above |= set(relation.sources)
            self._relations[relation.oid] = "\n".join(parts)
            self._above[relation.oid] = above - {relation.oid}

    def _said_by(self, function: Function) -> str:
        called = called_functions(self.catalog, function)
        return "\n".join((function.source, *(other.source for other in called)))

    def _named_in(self, text: str) -> Iterable[Function]:
        words = set(re.findall(r"\w+", text))
        return [function for function in self.catalog.functions if function.name in words]

    def asking(self, pattern: re.Pattern[str], *, of_rows: bool = False) -> Where:
        """Return the relations and functions where a claim can decide, also through each other.

        With ``of_rows`` only those where it is one of several conditions: a policy that lets in
        whoever holds the claim, whichever row it is, gives nothing to an owner as an owner.
        """
        if (pattern, of_rows) in self._known:
            return self._known[pattern, of_rows]
        found = {oid for oid, text in self._relations.items() if pattern.search(text)}
        if of_rows:
            found = {oid for oid in found if self._asks_for_more(self.catalog.by_oid[oid], pattern)}
        while more := {oid for oid, up in self._above.items() if oid not in found and up & found}:
            found |= more
        names = {self.catalog.by_oid[oid].name for oid in found}
        calls = {
            function.oid
            for function in self.catalog.functions
            if pattern.search(self._functions[function.oid])
            or (not function.definer and names & set(re.findall(r"\w+", function.source)))
        }
        self._known[pattern, of_rows] = frozenset(found), frozenset(calls)
        return self._known[pattern, of_rows]

    def _asks_for_more(self, relation: Relation, pattern: re.Pattern[str]) -> bool:
        return relation.definition is not None or any(
            (policy.reads or not policy.permissive)
            and pattern.search(
                "\n".join((policy.text, *(self._functions.get(f, "") for f in policy.functions)))
            )
            for policy in relation.policies
        )

    def oids(self, labels: Iterable[str]) -> frozenset[int]:
        """Return the relations that a contract means; a channel is a matter of its messages."""
        names = {"realtime.messages" if n.startswith(f"{CHANNEL} ") else n for n in labels}
        return frozenset(r.oid for r in self.catalog.relations if r.label in names)

    def called(self, labels: Iterable[str]) -> frozenset[int]:
        """Return the functions that a contract means."""
        names = set(labels)
        return frozenset(f.oid for f in self.catalog.functions if f.label in names)
