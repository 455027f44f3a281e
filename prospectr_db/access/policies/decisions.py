"""What policies and the functions they call say: columns, claims and values compared in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from prospectr_db.access.policies.claim_spelling import spelling
from prospectr_db.access.policies.expressions import (
    CLAIM,
    EACH,
    EQUALS,
    LISTED,
    NAME,
    claim_keys,
    claim_path,
    normalise,
)
from prospectr_db.access.policies.ordering import without_ordering
from prospectr_db.database.catalog import Catalog, Function, Policy, Relation

__all__ = [
    "Text",
    "all_texts",
    "asked_by_policies",
    "asked_through_functions",
    "comparisons",
    "decision_texts",
    "functions_behind",
    "helper_functions",
    "helper_texts",
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


def asked_through_functions(catalog: Catalog) -> dict[int, frozenset[tuple[int, str]]]:
    """Return the columns that the functions behind each relation's policies can mean."""
    said = {oid: mentions(catalog, f.source) for oid, f in helper_functions(catalog).items()}
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
    said = {oid: mentions(catalog, f.source) for oid, f in helper_functions(catalog).items()}
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
        yield function.source, mentions(catalog, function.source)


def comparisons(
    texts: Iterable[Text],
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
        uid |= {pair for pair in pairs if pair[1] in names}
        by_name = {
            name: claim_path(path) for name, path in re.findall(rf"{NAME}{EQUALS}{CLAIM}", plain)
        }
        for found in re.finditer(rf"{CLAIM}{EQUALS}{NAME}", plain):
            by_name[found.group(2)] = claim_path(found.group(1))
        claims |= {pair: by_name[pair[1]] for pair in pairs if pair[1] in by_name}
    return uid, claims
