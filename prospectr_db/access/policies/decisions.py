"""What policies and the functions they call say: columns, claims and values compared in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.policies.claim_spelling import spelling
from prospectr_db.access.policies.expressions import (
    CLAIM,
    EACH,
    EQUALS,
    HELD,
    KEY,
    LISTED,
    NAME,
    TABLE,
    claim_keys,
    claim_path,
    normalise,
)
from prospectr_db.access.policies.ordering import without_ordering
from prospectr_db.database.catalog import Catalog, Function, Policy, Relation

__all__ = [
    "Keyed",
    "Text",
    "all_texts",
    "asked_by_policies",
    "asked_through_functions",
    "comparisons",
    "decision_texts",
    "functions_behind",
    "helper_functions",
    "helper_texts",
    "keyed_claims",
    "keys_held",
    "mentioned_by",
    "mentions",
    "user_metadata_keys",
]

_TEXTS = "_decision_texts"

Text = tuple[str, frozenset[tuple[int, str]]]
"""An expression or function source, and the columns (relation oid, name) that it can mean."""


def helper_functions(
    catalog: Catalog, relations: Iterable[Relation] | None = None
) -> dict[int, Function]:
    """Return the project's functions that policies call, directly or through each other.

    The policies of some ``relations`` only, where they are given.
    """
    asking = catalog.relations if relations is None else relations
    return functions_behind(catalog, [p for relation in asking for p in relation.policies])


def functions_behind(catalog: Catalog, policies: Iterable[Policy]) -> dict[int, Function]:
    """Return the project's functions that some policies call, directly or through each other."""
    used: dict[int, Function] = {}
    named = catalog.functions_by_name
    frontier = [
        catalog.function_by_oid[oid]
        for policy in policies
        for oid in policy.functions
        if oid in catalog.function_by_oid
    ]
    odd = [name for name in named if not name.isidentifier()] if frontier else []
    while frontier:
        function = frontier.pop()
        if function.oid in used:
            continue
        used[function.oid] = function
        called = {name for name in re.findall(r"(\w+)\s*\(", function.source) if name in named}
        called |= {n for n in odd if re.search(rf"\b{re.escape(n)}\s*\(", function.source)}
        frontier += [other for name in sorted(called) for other in named[name]]
    return used


def mentions(catalog: Catalog, source: str) -> frozenset[tuple[int, str]]:
    """Return the columns that a function's source can mean, by the names of tables in it.

    Not those by which it only puts rows in order.
    """
    words = set(re.findall(r"\w+", without_ordering(source)))
    return frozenset(
        (relation.oid, column.name)
        for relation in catalog.relations
        if relation.name in words and relation.is_table
        for column in relation.columns
        if column.name in words
    )


def mentioned_by(catalog: Catalog, function: Function) -> frozenset[tuple[int, str]]:
    """Return the columns that a function can mean, also of a whole row that it is given."""
    return mentions(catalog, " ".join((function.source, *function.argument_types)))


def asked_through_functions(catalog: Catalog) -> dict[int, frozenset[tuple[int, str]]]:
    """Return the columns that the functions behind each relation's policies can mean."""
    said = {oid: mentioned_by(catalog, f) for oid, f in helper_functions(catalog).items()}
    return {
        relation.oid: frozenset().union(*(said[oid] for oid in called))
        for relation in catalog.relations
        if said and (called := helper_functions(catalog, (relation,)))
    }


def asked_by_policies(
    catalog: Catalog, commands: Collection[str] | None = None
) -> dict[int, frozenset[tuple[int, str]]]:
    """Return the columns that each relation's policies read, be it through functions.

    The policies for some ``commands`` only, where they are given.
    """
    said = {oid: mentioned_by(catalog, f) for oid, f in helper_functions(catalog).items()}
    found: dict[int, frozenset[tuple[int, str]]] = {}
    for relation in catalog.relations:
        mine = [p for p in relation.policies if commands is None or p.command in commands]
        reads = frozenset().union(*(policy.reads for policy in mine))
        called = functions_behind(catalog, mine) if said else ()
        found[relation.oid] = reads.union(*(said[oid] for oid in called))
    return found


_METADATA = re.compile(r"(?:raw_user_meta_data|user_metadata)'?\s*->>?\s*'(\w+)'")


def user_metadata_keys(catalog: Catalog) -> list[str]:
    """Return the keys of user_metadata that something reads."""
    keys: set[str] = set()
    for text in all_texts(catalog):
        keys |= set(_METADATA.findall(text))
        paths = (path[:-1] if path[-1] == EACH else path for path in claim_keys(text))
        keys |= {path[-1] for path in paths if path[0] == "user_metadata" and path[1:]}
    return sorted(keys)


def all_texts(catalog: Catalog) -> list[str]:
    """Return everything that may read a claim: policies, functions, views."""
    texts = [p.text for r in catalog.relations for p in r.policies]
    texts += [function.source for function in catalog.functions]
    texts += [r.definition for r in catalog.own_relations if r.definition]
    return texts


def decision_texts(catalog: Catalog) -> Sequence[Text]:
    """Return every policy, helper function and view with the columns each can read.

    Where one calls a function that only answers with a claim, it says the claim instead: policies
    and functions do so in any catalog that is observed (`with_plain_claims`). Put together once for
    each catalog, which is kept with it.
    """
    known: dict[str, Sequence[Text]] = vars(catalog)
    if _TEXTS not in known:
        known[_TEXTS] = tuple(_decision_texts(catalog))
    return known[_TEXTS]


def _decision_texts(catalog: Catalog) -> Iterator[Text]:
    for relation in catalog.relations:
        yield from ((policy.text, policy.reads) for policy in relation.policies)
    yield from helper_texts(catalog)
    views = [r for r in catalog.own_relations if r.kind in "vm" and r.definition]
    say = spelling(catalog) if views else str
    for view in views:
        yield say(view.definition or ""), mentions(catalog, view.definition or "")


def helper_texts(catalog: Catalog) -> Iterator[Text]:
    """Yield what helpers of policies say, with the columns that each can read."""
    for function in helper_functions(catalog).values():
        yield function.source, mentioned_by(catalog, function)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A claim whose key stands in a column: where it is, which column, and what it is compared to.

    That is another column by its name, a text in quotes, or nothing.
    """

    inside: tuple[str, ...]
    key: tuple[int, str]
    value: str


def keyed_claims(texts: Iterable[Text]) -> tuple[Keyed, ...]:
    """Return the claims that are asked for under a key that rows hold: ``->> flags.claim``."""
    found: dict[Keyed, None] = {}
    for text, pairs in texts:
        plain = normalise(text)
        for claim in re.finditer(CLAIM, plain):
            *inside, last = claim_path(claim[1]) or ("",)
            if not last.startswith(KEY):
                continue
            after = re.match(rf"{EQUALS}('[^']*'|{NAME})", plain[claim.end() :])
            before = re.search(rf"({NAME}){EQUALS}$", plain[: claim.start()])
            side = after or before
            value = side[1].rpartition(".")[2] if side else ""
            key = last.removeprefix(KEY)
            found |= {Keyed(tuple(inside), pair, value): None for pair in pairs if pair[1] == key}
    return tuple(sorted(found, key=lambda one: (one.key, one.inside, one.value)))


def comparisons(
    catalog: Catalog, texts: Iterable[Text]
) -> tuple[set[tuple[int, str]], dict[tuple[int, str], tuple[str, ...]]]:
    """Find the columns that are compared with the caller's id, and those compared with a claim."""
    uid: set[tuple[int, str]] = set()
    claims: dict[tuple[int, str], tuple[str, ...]] = {}
    for text, pairs in texts:
        plain = normalise(text)
        names = set(re.findall(rf"{NAME}{EQUALS}@uid", plain))
        # What is compared behind `(select … where id = @uid)` is not compared with the caller.
        names |= set(re.findall(rf"(?<!= )@uid{EQUALS}{NAME}", plain))
        names |= set(
            re.findall(rf"(?<!= )@uid IN SELECT (?:DISTINCT )?{NAME}", plain, re.IGNORECASE)
        )
        names |= {name for asked in LISTED for name in re.findall(asked, plain)}
        names |= {name for asked in HELD for name, *_ in re.findall(asked, plain)}
        uid |= {pair for name in names for pair in _meant(catalog, name, plain, pairs)}
        by_name = {
            name: claim_path(path) for name, path in re.findall(rf"{NAME}{EQUALS}{CLAIM}", plain)
        }
        for found in re.finditer(rf"{CLAIM}{EQUALS}{NAME}", plain):
            by_name[found.group(2)] = claim_path(found.group(1))
        # Under a key of the row's own, what is compared is no claim that says whose the row is.
        by_name = {name: path for name, path in by_name.items() if not path[-1].startswith(KEY)}
        for name, path in by_name.items():
            claims |= dict.fromkeys(_meant(catalog, name, plain, pairs), path)
    return uid, claims


def keys_held(catalog: Catalog, texts: Iterable[Text]) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the columns of JSON that hold a user under a key, with the keys on the way there."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for text, pairs in texts:
        plain = normalise(text)
        for name, steps, _ in (held for asked in HELD for held in re.findall(asked, plain)):
            for oid, column in _meant(catalog, name, plain, pairs):
                if catalog.by_oid[oid].by_name[column].base_name in ("json", "jsonb"):
                    found.setdefault((oid, column), claim_path(steps))
    return found


def _meant(
    catalog: Catalog, name: str, text: str, pairs: Iterable[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Return the columns that a name can mean: of the tables that it is qualified with.

    Else that ``u.id = auth.uid()`` is asked beside ``t.id`` would make a user of every ``t``.
    """
    before, _, column = name.rpartition(".")
    found = {pair for pair in pairs if pair[1] == column}
    qualifier = before.rpartition(".")[2]
    if len(found) < 2 or not qualifier:
        return found
    tables = {table for table, alias in TABLE.findall(text) if qualifier == alias} or {qualifier}
    return {pair for pair in found if catalog.by_oid[pair[0]].name in tables} or found
