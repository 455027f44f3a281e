"""Whose row is it: which columns hold a user, a tenant or a claim, and which states matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from prospectr_db.database.catalog import Catalog, Column, Function, Relation

__all__ = ["Ownership", "Standing", "claim_keys", "find_ownership", "literals", "normalise"]

_USERISH = re.compile(
    r"^(user|owner|author|creator|account|profile|member|sender|recipient|assignee|uploader)"
    r"(_?(u?id|uuid))?$|^(user|owner|auth_user|account)_?(auth)?_?id(_auth)?$|_by$|^uid$",
    re.IGNORECASE,
)
_MAX_VALUES = 6


@dataclass(frozen=True, slots=True)
class Ownership:
    """What is known of the owner of one relation's rows.

    ``users`` are columns that hold a user's id; ``deciding`` those of them that policies compare
    with the caller (all of them where policies name none). ``parents`` are foreign keys to tables
    whose rows have an owner. ``claims`` maps a column to the path of the claim it is compared
    with. ``soft`` are columns without a foreign key that policies match across tables.
    ``states`` maps other columns that policies read to the values worth telling apart.
    """

    users: tuple[str, ...] = ()
    deciding: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    soft: tuple[str, ...] = ()
    states: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    user_keyed: bool = False
    members: tuple[str, ...] = ()
    weakest: Mapping[str, str] = field(default_factory=dict)

    @property
    def owned(self) -> bool:
        """Whether rows belong to somebody, directly or through a parent."""
        return bool(self.users or self.parents or self.claims or self.members)

    @property
    def path(self) -> str:
        """The owner path in words, as the contract shows it."""
        if self.deciding:
            return " or ".join(self.deciding)
        if self.claims:
            return ", ".join(f"{c} = claim {'.'.join(p)}" for c, p in sorted(self.claims.items()))
        if self.members:
            return f"members in {', '.join(self.members)}"
        if self.parents:
            return "through " + ", ".join(self.parents)
        if self.users:
            return " or ".join(self.users)
        return "nobody"


@dataclass(frozen=True, slots=True)
class Standing:
    """A column that says what a user may do: a role in a membership table, a flag on a profile."""

    relation: int
    column: str
    values: tuple[str | None, ...]


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


def claim_keys(text: str) -> set[tuple[str, ...]]:
    """Return the paths of the claims that an expression or function source reads."""
    return {_path(found) for found in re.findall(_CLAIM, normalise(text))}


def _path(arrows: str) -> tuple[str, ...]:
    keys: list[str] = []
    for literal in re.findall(r"'([^']*)'", arrows):
        keys.extend(literal.strip("{}").split(",") if literal.startswith("{") else [literal])
    return tuple(key.strip() for key in keys)


def literals(text: str) -> tuple[str, ...]:
    """Return the string and number literals of an expression, in order, without repeats."""
    found = re.findall(r"'((?:[^']|'')*)'", text)
    found += re.findall(r"(?<![\w.'])(-?\d+(?:\.\d+)?)(?![\w.'])", text)
    return tuple(dict.fromkeys(item.replace("''", "'") for item in found))


@dataclass(slots=True)
class _Texts:
    """Every expression that decides about rows, with the columns it can mean."""

    entries: list[tuple[str, frozenset[tuple[int, str]]]] = field(default_factory=list)


def helper_functions(catalog: Catalog) -> dict[int, Function]:
    """Return the project's functions that policies call, directly or through each other."""
    used: dict[int, Function] = {}
    frontier = [
        catalog.function_by_oid[oid]
        for relation in catalog.relations
        for policy in relation.policies
        for oid in policy.functions
        if oid in catalog.function_by_oid
    ]
    while frontier:
        function = frontier.pop()
        if function.oid in used:
            continue
        used[function.oid] = function
        frontier += [
            other
            for other in catalog.functions
            if other.oid not in used
            and re.search(rf"\b{re.escape(other.name)}\s*\(", function.source)
        ]
    return used


def _mentions(catalog: Catalog, source: str) -> frozenset[tuple[int, str]]:
    """Return the columns that a function's source can mean, by the names of tables in it."""
    words = set(re.findall(r"\w+", source))
    return frozenset(
        (relation.oid, column.name)
        for relation in catalog.relations
        if relation.name in words and relation.is_table
        for column in relation.columns
        if column.name in words
    )


def decision_texts(catalog: Catalog) -> list[tuple[str, frozenset[tuple[int, str]]]]:
    """Return every policy and helper function with the columns each can read."""
    texts = [
        (policy.text, policy.reads)
        for relation in catalog.relations
        for policy in relation.policies
    ]
    texts += [
        (function.source, _mentions(catalog, function.source))
        for function in helper_functions(catalog).values()
    ]
    texts += [
        (relation.definition, _mentions(catalog, relation.definition))
        for relation in catalog.own_relations
        if relation.kind in "vm" and relation.definition
    ]
    return texts


def find_ownership(
    catalog: Catalog, *, declared: Mapping[str, Iterable[str]] | None = None
) -> tuple[dict[int, Ownership], tuple[Standing, ...]]:
    """Return whose rows each relation holds, and which columns give users their standing.

    ``declared`` names owner columns by relation label and overrides what is found.
    """
    declared = declared or {}
    texts = decision_texts(catalog)
    compared, claims = _comparisons(texts)
    reads = frozenset(pair for _, pairs in texts for pair in pairs)
    keyed = {r.oid for r in catalog.relations if _is_user_keyed(catalog, r)}
    users: dict[int, tuple[str, ...]] = {}
    for relation in catalog.relations:
        found = declared.get(relation.label)
        users[relation.oid] = (
            tuple(found)
            if found is not None
            else tuple(
                c.name
                for c in relation.columns
                if _holds_user(catalog, relation, c, keyed, compared, claims)
            )
        )
    tenants = _tenants(catalog, users)
    owned = _owned(catalog, users, claims) | tenants
    result: dict[int, Ownership] = {}
    for relation in catalog.relations:
        result[relation.oid] = _describe(
            catalog, relation, users, owned, tenants, compared, claims, reads, texts, keyed
        )
    standings = _standings(catalog, result)
    for standing in standings:
        mine = result[standing.relation]
        weakest = {**mine.weakest, standing.column: _weakest(standing.values, texts)}
        result[standing.relation] = replace(mine, weakest=weakest)
    return result, standings


_LOW = re.compile(r"member|user|view|guest|read|basic|free|false|none|student|customer", re.I)


def _weakest(
    values: tuple[str | None, ...], texts: Iterable[tuple[str, frozenset[tuple[int, str]]]]
) -> str:
    """Return the value that gives the least: policies do not ask for it, or it sounds like it."""
    said = {value for text, _ in texts for value in literals(text)}
    some = [value for value in values if value is not None]
    ranked = sorted(range(len(some)), key=lambda i: (not _LOW.search(some[i]), some[i] in said, -i))
    return some[ranked[0]] if ranked else ""


def _comparisons(
    texts: Iterable[tuple[str, frozenset[tuple[int, str]]]],
) -> tuple[set[tuple[int, str]], dict[tuple[int, str], tuple[str, ...]]]:
    """Find the columns that are compared with the caller's id, and those compared with a claim."""
    uid: set[tuple[int, str]] = set()
    claims: dict[tuple[int, str], tuple[str, ...]] = {}
    for text, pairs in texts:
        plain = normalise(text)
        names = set(re.findall(rf"{_NAME}{_EQUALS}@uid", plain))
        names |= set(re.findall(rf"@uid{_EQUALS}{_NAME}", plain))
        names |= set(re.findall(rf"@uid IN SELECT (?:DISTINCT )?{_NAME}", plain, re.IGNORECASE))
        uid |= {pair for pair in pairs if pair[1] in names}
        by_name = {
            name: _path(path) for name, path in re.findall(rf"{_NAME}{_EQUALS}{_CLAIM}", plain)
        }
        for found in re.finditer(rf"{_CLAIM}{_EQUALS}{_NAME}", plain):
            by_name[found.group(2)] = _path(found.group(1))
        claims |= {pair: by_name[pair[1]] for pair in pairs if pair[1] in by_name}
    return uid, claims


def _is_user_keyed(catalog: Catalog, relation: Relation) -> bool:
    return catalog.users is not None and any(
        fk.target == catalog.users.oid and fk.columns == relation.primary_key
        for fk in relation.foreign_keys
    )


def _points_at_user(catalog: Catalog, relation: Relation, keyed: set[int]) -> bool:
    """Whether some column is a foreign key to users."""
    return any(
        fk.target in keyed or (catalog.users is not None and fk.target == catalog.users.oid)
        for fk in relation.foreign_keys
        if len(fk.columns) == 1
    )


def _holds_user(
    catalog: Catalog,
    relation: Relation,
    column: Column,
    keyed: set[int],
    compared: set[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
) -> bool:
    if relation is catalog.users:
        return column.name == "id"
    for fk in relation.foreign_keys:
        if fk.columns == (column.name,):
            return fk.target in keyed or (
                catalog.users is not None and fk.target == catalog.users.oid
            )
    if (relation.oid, column.name) in claims:
        return False
    if (relation.oid, column.name) in compared:
        # A column of a composite foreign key still says whose row it is; but a primary key beside
        # a foreign key to users is a slip of the pen in a policy: the owner is elsewhere.
        in_primary = column.name in relation.primary_key
        return not (in_primary and _points_at_user(catalog, relation, keyed))
    in_key = any(column.name in fk.columns for fk in relation.foreign_keys)
    return (
        relation.is_table
        and not in_key
        and column.base_name == "uuid"
        and column.name not in relation.primary_key
        and bool(_USERISH.search(column.name))
    )


def _owned(
    catalog: Catalog,
    users: Mapping[int, tuple[str, ...]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
) -> set[int]:
    """Return the relations whose rows have an owner, by following foreign keys."""
    owned = {oid for oid, columns in users.items() if columns} | {oid for oid, _ in claims}
    owned |= _tenants(catalog, users)
    changed = True
    while changed:
        changed = False
        for relation in catalog.own_relations:
            if relation.oid not in owned and any(
                fk.target in owned for fk in relation.foreign_keys
            ):
                owned.add(relation.oid)
                changed = True
    return owned


def _tenants(catalog: Catalog, users: Mapping[int, tuple[str, ...]]) -> set[int]:
    """Return the tables that have members: another table holds a user and points at them.

    Only where policies of that table, or helper functions, read the joining table: otherwise a
    list of countries that profiles point at would have "members".
    """
    read_by: dict[int, set[int]] = {}
    mentions = frozenset(
        p for f in helper_functions(catalog).values() for p in _mentions(catalog, f.source)
    )
    for relation in catalog.own_relations:
        read_by[relation.oid] = {oid for policy in relation.policies for oid, _ in policy.reads}
        if any(policy.functions & set(helper_functions(catalog)) for policy in relation.policies):
            read_by[relation.oid] |= {oid for oid, _ in mentions}
    return {
        fk.target
        for relation in catalog.own_relations
        if users[relation.oid]
        for fk in relation.foreign_keys
        if fk.target and relation.oid in read_by.get(fk.target, ()) and fk.target != relation.oid
    }


def _describe(
    catalog: Catalog,
    relation: Relation,
    users: Mapping[int, tuple[str, ...]],
    owned: set[int],
    tenants: set[int],
    compared: set[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
    reads: frozenset[tuple[int, str]],
    texts: list[tuple[str, frozenset[tuple[int, str]]]],
    keyed: set[int],
) -> Ownership:
    mine = users[relation.oid]
    in_key = {name for fk in relation.foreign_keys for name in fk.columns}
    parents = tuple(
        ", ".join(fk.columns)
        for fk in relation.foreign_keys
        if fk.target in owned and not (len(fk.columns) == 1 and fk.columns[0] in mine)
    )
    members = _members(catalog, relation, users) if relation.oid in tenants else ()
    asked = {name for policy in relation.policies for oid, name in policy.reads}
    # A user column that no policy compares decides nothing where a parent or a membership does:
    # whoever a task is assigned to does not own it.
    elsewhere = members or any(set(path.split(", ")) & asked for path in parents)
    deciding = tuple(name for name in mine if (relation.oid, name) in compared)
    deciding = deciding or (() if elsewhere else mine)
    claimed = {name: path for (oid, name), path in claims.items() if oid == relation.oid}
    read = {name for oid, name in reads if oid == relation.oid}
    free = [
        column
        for column in relation.columns
        if column.name in read
        and column.name not in {*mine, *in_key, *claimed, *relation.primary_key}
    ]
    return Ownership(
        users=mine,
        deciding=deciding,
        parents=parents,
        claims=claimed,
        soft=tuple(c.name for c in free if c.base_name in ("uuid", "int8", "int4") and c.not_null),
        states={c.name: values for c in free if (values := _values(relation, c, texts))},
        user_keyed=relation.oid in keyed,
        members=members,
    )


def _members(
    catalog: Catalog, relation: Relation, users: Mapping[int, tuple[str, ...]]
) -> tuple[str, ...]:
    return tuple(
        other.label
        for other in catalog.own_relations
        if users[other.oid] and any(fk.target == relation.oid for fk in other.foreign_keys)
    )


def _values(
    relation: Relation, column: Column, texts: list[tuple[str, frozenset[tuple[int, str]]]]
) -> tuple[str | None, ...]:
    """Return the values of a column that policies can tell apart, if there are any."""
    if column.category == "B":
        return ("false", "true")
    if column.labels:
        return column.labels[: _MAX_VALUES * 2]
    if column.category == "D":
        ago, ahead = "2020-01-01 00:00:00+00", "2090-01-01 00:00:00+00"
        return (ago, ahead) if column.not_null else (None, ago, ahead)
    if column.category not in "SN":
        return ()
    pair = (relation.oid, column.name)
    said: list[str] = []
    for check in relation.checks:
        if check.columns == (column.name,):
            said += literals(check.definition)
    if not said:
        for text, pairs in texts:
            if pair in pairs:
                said += _near(column.name, text)
    if column.category == "N":
        whole = [int(v) for v in said if re.fullmatch(r"-?\d+", v)]
        said = [str(near) for v in whole for near in (v, v + 1, v - 1)]
    elif said:
        said += literals(column.default or "")
    return tuple(dict.fromkeys(said))[:_MAX_VALUES]


def _near(name: str, text: str) -> list[str]:
    """Return the literals that stand right of a column's comparison."""
    found: list[str] = []
    for match in re.finditer(
        rf"\b{re.escape(name)}\s*(?:=|<>|!=|>=|<=|>|<|IN|~~|LIKE)\s*(?:ANY\s+)?(?:ARRAY)?\s*"
        r"(\[[^\]]*\]|'[^']*'(?:\s*,\s*'[^']*')*|-?\d+)",
        normalise(text),
        re.IGNORECASE,
    ):
        found += literals(match.group(1))
    return found


def _standings(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
) -> tuple[Standing, ...]:
    """Return the columns on users' own rows that decide about other tables' rows."""
    helpers = frozenset(
        pair for f in helper_functions(catalog).values() for pair in _mentions(catalog, f.source)
    )
    found: list[Standing] = []
    for relation in catalog.own_relations:
        mine = ownership[relation.oid]
        if not mine.users or not relation.is_table or relation.is_partition:
            continue
        for name, values in mine.states.items():
            readers = [
                other
                for other in catalog.relations
                for policy in other.policies
                if (relation.oid, name) in policy.reads and other.oid != relation.oid
            ]
            one_per_user = any(
                set(unique.columns) & set(mine.users)
                for unique in relation.uniques
                if unique.kind != "x"
            )
            apart = any(
                relation.oid not in {fk.target for fk in other.foreign_keys} for other in readers
            )
            if (readers and (one_per_user or apart)) or (relation.oid, name) in helpers:
                found.append(Standing(relation.oid, name, values))
    return tuple(found)
