"""Another spelling of a claim: functions that only answer with it, variables that only hold it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from functools import partial

from prospectr_db.access.policies.expressions import CLAIM, COMMENT, EACH, claim_path, normalise
from prospectr_db.access.policies.ordering import only_orders_by
from prospectr_db.database.catalog import Catalog, Function, Relation

__all__ = ["answers_with_claim", "spelling", "with_plain_claims"]

_ASKS_MORE = re.compile(r"(?<!distinct )\bfrom\b|(?:=|<>|!=)\s*'[^']", re.IGNORECASE)
_OF_TOKEN = re.compile(r"\bfrom (?=@jwt)", re.IGNORECASE)
_CALL = re.compile(r'(?<![\w.])(?:"?(\w+)"?\.)?"?(\w+)"?\(\s*\)')
_MOST_CALLS = 4
_TOKEN = re.compile(r"\bauth\.(?:jwt|uid|email)\(|request\.jwt")
_HOLDS = r"[^;]*?(?:\bauth\.(?:jwt|uid|email)\(|request\.jwt)[^;]*?"
_OPENS = r"(?:begin|then|else|loop)\b"
# How PL/pgSQL lets a variable hold the token (its manual, "Declarations", "Basic Statements"): the
# statement, and which of its groups are the name and what it holds.
_HELD = (
    (
        re.compile(
            rf"\b(?!{_OPENS})(\w+)\s+(?:constant\s+)?[\w.]+\s*(?::=|default)\s*({_HOLDS});", re.I
        ),
        1,
        2,
    ),
    (re.compile(rf"\bselect\s+({_HOLDS})\s+into\s+(?:strict\s+)?(\w+)\s*;", re.I), 2, 1),
    (re.compile(rf"^\s*(\w+)\s*:=\s*({_HOLDS});", re.I | re.M), 1, 2),
)


def with_plain_claims(catalog: Catalog) -> Catalog:
    """Return the catalog with the claims themselves where policies and functions call for them.

    What is shown of a policy stays as it is; what is asked of it is asked of the plain spelling.
    What it only puts rows in order by it does not ask for.
    """
    say = spelling(catalog)
    functions = tuple(
        function
        if (source := say(function.source)) == function.source
        else replace(function, source=source)
        for function in catalog.functions
    )
    names = {function.oid: function.name for function in functions}
    relations = tuple(_plainer(relation, say, names) for relation in catalog.relations)
    return replace(catalog, functions=functions, relations=relations)


def _plainer(relation: Relation, say: Callable[[str], str], names: Mapping[int, str]) -> Relation:
    policies = []
    for policy in relation.policies:
        said = say(policy.text)
        if said != policy.text:
            words = set(re.findall(r"\w+", said))
            called = frozenset(oid for oid in policy.functions if names.get(oid, "") in words)
            policy = replace(policy, said=said, functions=called)
        if sorting := frozenset(p for p in policy.reads if only_orders_by(policy.text, p[1])):
            policy = replace(policy, reads=policy.reads - sorting)
        policies.append(policy)
    found = tuple(policies)
    return relation if found == relation.policies else replace(relation, policies=found)


def spelling(catalog: Catalog) -> Callable[[str], str]:
    """Return what writes a claim in the place of each call, or variable, that only answers with it.

    A function may be told which claim: ``claim('tenant_id')`` is the claim of that name.
    """
    asked = [
        function
        for function in catalog.functions
        if function.argument_types in ((), ("text",))
        and function.return_type not in ("boolean", "void", "trigger")
        and function.language in ("sql", "plpgsql")
    ]
    plain = [function for function in asked if not function.argument_types]
    named: dict[str, int] = {}
    for function in catalog.functions:
        named[function.name] = named.get(function.name, 0) + 1
    told = [
        (_told(function, named), function)
        for function in asked
        if function.argument_types and _TOKEN.search(function.source)
    ]
    answers: dict[tuple[str | None, str], str] = {}

    def say(text: str) -> str:
        text = _without_variables(text)
        for called, function in told:
            text = called.sub(partial(_answer, function, named), text)
        if not answers:
            return text
        return _CALL.sub(lambda call: answers.get((call[1], call[2]), call[0]), text)

    for _ in range(_MOST_CALLS):
        before = len(answers)
        for function in plain:
            answer = _only_claim(say(function.source), named)
            if answer is not None and (not function.returns_set or EACH in answer):
                answers[function.schema, function.name] = answer
                if named[function.name] == 1:
                    answers[None, function.name] = answer
        if len(answers) == before:
            break
    return say


def answers_with_claim(catalog: Catalog, function: Function) -> bool:
    """Whether a function only says what stands in its caller's token."""
    if function.returns_set or function.return_type in ("boolean", "void", "trigger"):
        return False
    return _only_claim(function.source, {other.name for other in catalog.functions}) is not None


def _told(function: Function, named: Mapping[str, int]) -> re.Pattern[str]:
    """Return what matches a call of a function with one literal, by its full name or alone."""
    schema = rf'"?{re.escape(function.schema)}"?\.'
    prefix = f"(?:{schema})?" if named[function.name] == 1 else schema
    called = rf'"?{re.escape(function.name)}"?'
    return re.compile(rf"(?<![\w.]){prefix}{called}\(\s*'(\w+)'(?:::\w+)?\s*\)")


def _answer(function: Function, named: Container[str], call: re.Match[str]) -> str:
    """Return the claim that a call answers with; the call itself where it asks anything else."""
    source = function.source
    for name in ("$1", *(n for n in function.input_names if n)):
        source = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", f"'{call[1]}'", source)
    return _only_claim(_without_variables(source), named) or call[0]


def _without_variables(source: str) -> str:
    """Write what a variable holds in its place, where it is the token or something of it."""
    if not _TOKEN.search(source):
        return source
    source = COMMENT.sub(" ", source)
    for pattern, name, value in _HELD:
        for found in list(pattern.finditer(source)):
            if re.search(r"\bfrom\b", found[value], re.IGNORECASE):
                continue
            rest = source.replace(found[0], " ", 1)
            held = re.compile(rf"(?<![\w.@']){re.escape(found[name])}(?![\w(.'])")
            said = f"({found[value].strip()})".replace("\\", r"\\")
            source = held.sub(said, rest)
    return source


def _only_claim(source: str, functions: Container[str]) -> str | None:
    """Return the one claim that a function's body answers with, None where it asks anything else.

    Whatever reads a table, compares with a value or calls another function decides for itself.
    """
    if "jwt" not in source and "auth.uid" not in source:
        return None
    source = COMMENT.sub(" ", source)
    plain = normalise(source)
    calls = re.findall(r'(\w+)"?\s*\(', re.sub(r"\bauth\.\w+\(", "", source))
    plain = _OF_TOKEN.sub("", plain)
    if _ASKS_MORE.search(plain) or any(name in functions for name in calls):
        return None
    paths = re.findall(CLAIM, plain)
    found = {claim_path(arrows) for arrows in paths}
    if "@uid" in plain:
        return None if "@jwt" in plain else "auth.uid()"
    if len(found) != 1 or len(paths) != plain.count("@jwt"):
        return None
    *above, last = (f"'{key}'" for key in found.pop())
    return "".join(("auth.jwt()", *(f" -> {key}" for key in above), f" ->> {last}"))
