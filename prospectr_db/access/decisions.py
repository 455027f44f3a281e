"""What policies and the functions they call say: columns, claims and values compared in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from functools import lru_cache

from prospectr_db.database.catalog import Catalog, Function, Relation

__all__ = [
    "Text",
    "all_texts",
    "asked_through_functions",
    "claim_keys",
    "comparisons",
    "decision_texts",
    "helper_functions",
    "literals",
    "mentions",
    "near",
    "near_claim",
    "normalise",
    "user_metadata_keys",
]

Text = tuple[str, frozenset[tuple[int, str]]]
"""An expression or function source, and the columns (relation oid, name) that it can mean."""


@lru_cache(maxsize=8192)
def normalise(expression: str) -> str:
    """Return an expression without casts, parentheses and sub-select wrappers around the caller.

    `auth.uid()`, `(select auth.uid())` and the claim `sub` all become ``@uid``, the token ``@jwt``.
    """
    text = re.sub(r"\s+", " ", expression)
    text = re.sub(
        r"::(?:[\w.\"]+(?: varying| precision| without time zone| with time zone)?)"
        r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*",
        "",
        text,
    )
    text = re.sub(r"\bauth\.uid\(\s*\)", " @uid ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bauth\.jwt\(\s*\)", " @jwt ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bauth\.email\(\s*\)", " @jwt ->> 'email' ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"current_setting\(\s*'request\.jwt\.claims'\s*(?:,\s*true\s*)?\)",
        " @jwt ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"current_setting\(\s*'request\.jwt\.claim\.(\w+)'\s*(?:,\s*true\s*)?\)",
        r" @jwt ->> '\1' ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\b(?:nullif|coalesce)\(", "(", text, flags=re.IGNORECASE)
    text = re.sub(r",\s*''\s*\)", ")", text)
    text = re.sub(
        r"\(\s*select\s+(@\w+)\s*(?:as\s+\"?\w+\"?)?\s*\)", r" \1 ", text, flags=re.IGNORECASE
    )
    text = re.sub(
        r"\(\s*select\s+(\(?\s*@jwt[^()]*(?:\([^()]*\))?[^()]*?)\s*as\s+\"?[\w?]+\"?\s*\)",
        r" \1 ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"[()]", " ", text).replace('"', "")
    text = re.sub(r"@jwt\s*->>\s*'sub'", "@uid", text)
    return re.sub(r"\s+", " ", text).strip()


_CLAIM = r"@jwt((?:\s*(?:->>?|#>>?)\s*(?:'[^']*'|\d+))+)"
_EQUALS = r"\s*(?:=|(?i:IS NOT DISTINCT FROM))\s*(?i:ANY\s+|SOME\s+)?(?i:SELECT\s+)?"
_NAME = r"(?:\w+\.)*(\w+)"
# A list that holds the caller, as an array or in JSON, in the ways there are to ask for that.
_UNFOLDED = r"(?:unnest|jsonb?_array_elements_text)"
_LISTED = (
    rf"{_NAME}\s*(?:@>|&&|\?\|?)\s*(?:(?:to_jsonb|jsonb_build_array)\s+)?(?:ARRAY\[)?\s*@uid",
    rf"(?:ARRAY\[|to_jsonb|jsonb_build_array)\s*@uid\s*\]?\s*(?:<@|&&)\s*{_NAME}",
    rf"@uid\s*(?:=\s*(?i:ANY)|(?i:IN))\s+(?i:SELECT)\s+(?i:DISTINCT\s+)?{_UNFOLDED}\s+{_NAME}",
)


def claim_keys(text: str) -> set[tuple[str, ...]]:
    """Return the paths of the claims that an expression or function source reads."""
    return {_path(found) for found in re.findall(_CLAIM, normalise(text))}


def _path(arrows: str) -> tuple[str, ...]:
    keys: list[str] = []
    for literal in re.findall(r"'([^']*)'", arrows):
        keys.extend(literal.strip("{}").split(",") if literal.startswith("{") else [literal])
    return tuple(key.strip() for key in keys)


def literals(text: str) -> tuple[str, ...]:
    """Return the string and number literals of an expression, in order, without repeats.

    Of an array's literal, such as ``'{editor,admin}'``, the elements.
    """
    quoted = re.findall(r"'((?:[^']|'')*)'", text)
    found = [item for one in quoted for item in (_elements(one) or [one])]
    found += re.findall(r"(?<![\w.'])(-?\d+(?:\.\d+)?)(?![\w.'])", text)
    return tuple(dict.fromkeys(item.replace("''", "'") for item in found))


def _elements(text: str) -> list[str]:
    if not re.fullmatch(r"\{[^{}:]+\}", text):
        return []
    return [element.strip(' "') for element in text.strip("{}").split(",")]


def helper_functions(
    catalog: Catalog, relations: Iterable[Relation] | None = None
) -> dict[int, Function]:
    """Return the project's functions that policies call, directly or through each other.

    The policies of some ``relations`` only, where they are given.
    """
    used: dict[int, Function] = {}
    named: dict[str, list[Function]] = {}
    for function in catalog.functions:
        named.setdefault(function.name, []).append(function)
    odd = [name for name in named if not re.fullmatch(r"\w+", name)]
    frontier = [
        catalog.function_by_oid[oid]
        for relation in (catalog.relations if relations is None else relations)
        for policy in relation.policies
        for oid in policy.functions
        if oid in catalog.function_by_oid
    ]
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
    """Return the columns that a function's source can mean, by the names of tables in it."""
    words = set(re.findall(r"\w+", source))
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


_METADATA = re.compile(r"(?:raw_user_meta_data|user_metadata)'?\s*->>?\s*'(\w+)'")


def user_metadata_keys(catalog: Catalog) -> list[str]:
    """Return the keys of user_metadata that something reads."""
    keys: set[str] = set()
    for text in all_texts(catalog):
        keys |= set(_METADATA.findall(text))
        keys |= {path[-1] for path in claim_keys(text) if path[0] == "user_metadata" and path[1:]}
    return sorted(keys)


_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_ASKS_MORE = re.compile(r"(?<!distinct )\bfrom\b|(?:=|<>|!=)\s*'[^']", re.IGNORECASE)
_CALL = re.compile(r'(?<![\w.])(?:"?(\w+)"?\.)?"?(\w+)"?\(\s*\)')
_MOST_CALLS = 4


def _spelling(catalog: Catalog) -> Callable[[str], str]:
    """Return what writes a claim in the place of each call that only answers with that claim."""
    plain = [
        function
        for function in catalog.functions
        if not function.argument_types
        and not function.returns_set
        and function.return_type not in ("boolean", "void", "trigger")
        and function.language in ("sql", "plpgsql")
    ]
    named: dict[str, int] = {}
    for function in catalog.functions:
        named[function.name] = named.get(function.name, 0) + 1
    answers: dict[tuple[str | None, str], str] = {}

    def say(text: str) -> str:
        if not answers:
            return text
        return _CALL.sub(lambda call: answers.get((call[1], call[2]), call[0]), text)

    for _ in range(_MOST_CALLS):
        before = len(answers)
        for function in plain:
            answer = _only_claim(say(function.source), named)
            if answer is not None:
                answers[function.schema, function.name] = answer
                if named[function.name] == 1:
                    answers[None, function.name] = answer
        if len(answers) == before:
            break
    return say


def _only_claim(source: str, functions: Container[str]) -> str | None:
    """Return the one claim that a function's body answers with, None where it asks anything else.

    Whatever reads a table, compares with a value or calls another function decides for itself.
    """
    if "jwt" not in source and "auth.uid" not in source:
        return None
    source = _COMMENT.sub(" ", source)
    plain = normalise(source)
    calls = re.findall(r'(\w+)"?\s*\(', re.sub(r"\bauth\.\w+\(", "", source))
    if _ASKS_MORE.search(plain) or any(name in functions for name in calls):
        return None
    paths = re.findall(_CLAIM, plain)
    found = {_path(arrows) for arrows in paths}
    if "@uid" in plain:
        return None if "@jwt" in plain else "auth.uid()"
    if len(found) != 1 or len(paths) != plain.count("@jwt"):
        return None
    *above, last = (f"'{key}'" for key in found.pop())
    return "".join(("auth.jwt()", *(f" -> {key}" for key in above), f" ->> {last}"))


def all_texts(catalog: Catalog) -> list[str]:
    """Return everything that may read a claim: policies, functions, views."""
    texts = [p.text for r in catalog.relations for p in r.policies]
    texts += [function.source for function in catalog.functions]
    texts += [r.definition for r in catalog.own_relations if r.definition]
    return texts


def decision_texts(catalog: Catalog) -> list[Text]:
    """Return every policy, helper function and view with the columns each can read.

    Where one calls a function that only answers with a claim, it says the claim instead.
    """
    say = _spelling(catalog)
    texts = [
        (say(policy.text), policy.reads)
        for relation in catalog.relations
        for policy in relation.policies
    ]
    texts += [
        (say(function.source), mentions(catalog, function.source))
        for function in helper_functions(catalog).values()
    ]
    texts += [
        (say(relation.definition), mentions(catalog, relation.definition))
        for relation in catalog.own_relations
        if relation.kind in "vm" and relation.definition
    ]
    return texts


def comparisons(
    texts: Iterable[Text],
) -> tuple[set[tuple[int, str]], dict[tuple[int, str], tuple[str, ...]]]:
    """Find the columns that are compared with the caller's id, and those compared with a claim."""
    uid: set[tuple[int, str]] = set()
    claims: dict[tuple[int, str], tuple[str, ...]] = {}
    for text, pairs in texts:
        plain = normalise(text)
        names = set(re.findall(rf"{_NAME}{_EQUALS}@uid", plain))
        names |= set(re.findall(rf"@uid{_EQUALS}{_NAME}", plain))
        names |= set(re.findall(rf"@uid IN SELECT (?:DISTINCT )?{_NAME}", plain, re.IGNORECASE))
        names |= {name for asked in _LISTED for name in re.findall(asked, plain)}
        uid |= {pair for pair in pairs if pair[1] in names}
        by_name = {
            name: _path(path) for name, path in re.findall(rf"{_NAME}{_EQUALS}{_CLAIM}", plain)
        }
        for found in re.finditer(rf"{_CLAIM}{_EQUALS}{_NAME}", plain):
            by_name[found.group(2)] = _path(found.group(1))
        claims |= {pair: by_name[pair[1]] for pair in pairs if pair[1] in by_name}
    return uid, claims


_COMPARED = (
    r"\s*(?:=|<>|!=|>=|<=|>|<|(?:NOT )?IN|IS (?:NOT )?DISTINCT FROM|\?[|&]?|@>|&&|~~|LIKE)"
    r"\s*(?:(?:ANY|ALL|SOME)\s+)?(?:ARRAY)?\s*"
    r"(\[[^\]]*\]|'[^']*'(?:\s*,\s*'[^']*')*|-?\d+)"
)


def near(name: str, text: str) -> list[str]:
    """Return the literals that stand right of a column's comparison."""
    asked = rf"\b{re.escape(name)}{_COMPARED}"
    found = re.finditer(asked, normalise(text), re.IGNORECASE)
    return [value for match in found for value in literals(match.group(1))]


def near_claim(path: tuple[str, ...], text: str) -> list[str]:
    """Return the literals that stand right of a claim's comparison."""
    found = re.finditer(f"{_CLAIM}(?:\\s*, '[^']*')?{_COMPARED}", normalise(text), re.IGNORECASE)
    return [v for match in found if _path(match.group(1)) == path for v in literals(match.group(2))]
