"""What nobody declared: by which columns policies find a row of another table, or a user."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace

from prospectr_db.access.ownership.polymorphic import Reference, find_references
from prospectr_db.access.policies.claim_spelling import with_plain_claims
from prospectr_db.access.policies.decisions import comparisons, decision_texts, keys_held
from prospectr_db.access.policies.expressions import TABLE
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

__all__ = ["keep_implied", "with_implied_keys"]

_IMPLIED = "implied"
_KEYS = frozenset({"uuid", "int8", "int4", "text", "varchar"})
_TEXTS = frozenset({"text", "varchar"})
_SUFFIX = re.compile(r"_?(?:id|uuid|key)$", re.IGNORECASE)
_SHORTEST = 3
_CAST = r"\)?(?:::\w+)?\)?"
_EQUAL = re.compile(
    rf'"?(\w+)"?\."?(\w+)"?{_CAST}\s*=\s*\(*(?:any\s*\(?)?"?(\w+)"?\."?(\w+)"?', re.I
)


def with_implied_keys(catalog: Catalog) -> Catalog:
    """Return the catalog with a foreign key for each column that is one but for its declaration.

    It has the name of another table and the type of its key; or a policy, helper function or view
    compares it with that key, or reads it and it begins the table's name. The key of a table that
    has a row for each user refers to them. Nothing enforces such a key: no name of it is ever
    refused.
    """
    texts = decision_texts(catalog)
    callers, claims = comparisons(catalog, texts)
    read = {pair for _, pairs in texts for pair in pairs}
    settled = callers | claims.keys()
    tables = [r for r in catalog.own_relations if r.is_table and not r.is_partition]
    keyed = {r.oid: key for r in tables if (key := _key(r)) is not None}
    compared = {pair: oid for text, _ in texts for pair, oid in _compared(text, tables, keyed)}
    several = find_references(texts, tables, keyed)
    found: dict[int, list[Constraint]] = {
        oid: [_implied(keyed[oid].name, catalog.users.oid, "id")]
        for oid in _accounts(catalog, tables, keyed, callers)
        if catalog.users is not None
    }
    for relation in tables:
        linked = {name for fk in relation.foreign_keys for name in fk.columns}
        for column in relation.columns:
            pair = (relation.oid, column.name)
            if pair in settled or column.name in linked or relation.primary_key == (column.name,):
                continue
            if pair in several:
                reference = _reference(column, *several[pair], keyed)
                found.setdefault(relation.oid, []).extend(reference)
                continue
            named = _namesake(relation, column, tables, keyed, whole=pair not in read)
            target = compared.get(pair) or named
            if target is not None and _fits(column, keyed[target], read=pair in read):
                implied = _implied(column.name, target, keyed[target].name)
                found.setdefault(relation.oid, []).append(implied)
    held = keys_held(catalog, texts)
    changed = found.keys() | {oid for oid, _ in held}
    if not changed:
        return catalog
    relations = (
        _holding(replace(r, constraints=(*r.constraints, *found.get(r.oid, ()))), held)
        if r.oid in changed
        else r
        for r in catalog.relations
    )
    return replace(catalog, relations=tuple(relations))


def _holding(relation: Relation, held: Mapping[tuple[int, str], tuple[str, ...]]) -> Relation:
    """Return a relation whose columns of JSON say under which keys they hold a user."""
    columns = (replace(c, holding=held.get((relation.oid, c.name), ())) for c in relation.columns)
    return replace(relation, columns=tuple(columns))


def keep_implied(known: Catalog, fresh: Catalog) -> Catalog:
    """Return a catalog, some of whose relations were read anew, with what was made of the known."""

    def kept(relation: Relation) -> Relation:
        before = known.by_oid.get(relation.oid)
        if before is None or before is relation:
            return relation
        implied = tuple(fk for fk in before.foreign_keys if fk.definition == _IMPLIED)
        names = relation.by_name.keys()
        mine = tuple(fk for fk in implied if set(fk.columns) <= names)
        held = {(relation.oid, c.name): c.holding for c in before.columns if c.holding}
        relation = _holding(relation, held) if held else relation
        return replace(relation, constraints=(*relation.constraints, *mine)) if mine else relation

    return with_plain_claims(replace(fresh, relations=tuple(map(kept, fresh.relations))))


def _fits(column: Column, key: Column, *, read: bool) -> bool:
    """Whether a column can hold a key's values: a text can where policies read it, and cast it."""
    return column.base_name == key.base_name or (read and column.base_name in _TEXTS)


def _key(relation: Relation) -> Column | None:
    """Return the one column that names a row, where it can be referred to."""
    names = relation.primary_key
    column = relation.by_name[names[0]] if len(names) == 1 else None
    return column if column is not None and column.base_name in _KEYS else None


def _accounts(
    catalog: Catalog,
    tables: Iterable[Relation],
    keyed: Mapping[int, Column],
    callers: Collection[tuple[int, str]],
) -> frozenset[int]:
    """Return the tables whose key is a user's id, by what is compared with the caller.

    That is the key itself, or what refers to it. Where another column says who the user is, it is
    the key of something else, and a policy that compares it has a slip of the pen; likewise where
    the server makes it up and the row names another account.
    """
    users = {catalog.users.oid} if catalog.users is not None else set()
    users |= {
        relation.oid
        for relation in tables
        for fk in relation.foreign_keys
        if fk.target in users and fk.columns == relation.primary_key
    }
    referring = {
        fk.target
        for relation in tables
        for fk in relation.foreign_keys
        if len(fk.columns) == 1 and (relation.oid, fk.columns[0]) in callers
    }
    found = {
        relation.oid: relation
        for relation in tables
        if relation.oid in keyed and keyed[relation.oid].base_name == "uuid"
        if (relation.oid, keyed[relation.oid].name) in callers or relation.oid in referring
        if not any(
            (relation.oid, name) in callers
            for name in relation.by_name.keys() - {*relation.primary_key}
        )
        if not _targets(relation) & users
    }
    return frozenset(
        oid
        for oid, relation in found.items()
        if keyed[oid].default is None or not _targets(relation) & (found.keys() - {oid})
    )


def _targets(relation: Relation) -> set[int | None]:
    """Return the tables to which a column of a table refers by itself."""
    return {fk.target for fk in relation.foreign_keys if len(fk.columns) == 1}


def _implied(column: str, target: int, target_column: str) -> Constraint:
    return Constraint(
        name="",
        kind="f",
        columns=(column,),
        target=target,
        target_columns=(target_column,),
        deferrable=False,
        on_delete="a",
        definition=_IMPLIED,
    )


def _reference(
    column: Column,
    kind: str,
    kinds: Iterable[tuple[str, int, str]],
    keyed: Mapping[int, Column],
) -> Iterator[Constraint]:
    """Yield the key that refers to one of several tables, where its type is that of their keys."""
    fit = tuple(one for one in kinds if keyed[one[1]].base_name == column.base_name)
    if fit:
        plain = _implied(column.name, fit[0][1], fit[0][2])
        known = {field.name: getattr(plain, field.name) for field in fields(plain)}
        yield Reference(**known, says=kind, kinds=fit)


def _compared(
    text: str, tables: Iterable[Relation], keyed: Mapping[int, Column]
) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield each column (relation, name) that a text sets equal to the key of a table."""
    named = {relation.name: relation for relation in tables}
    aliases = {r.name: r for r in named.values()}
    for name, alias in TABLE.findall(text):
        if name in named and alias:
            aliases[alias] = named[name]
    for one, column, other, wanted in _EQUAL.findall(text):
        for left, name, right, key in ((one, column, other, wanted), (other, wanted, one, column)):
            relation, target = aliases.get(left), aliases.get(right)
            if relation is None or target is None or relation is target:
                continue
            if target.oid in keyed and keyed[target.oid].name == key and name in relation.by_name:
                yield (relation.oid, name), target.oid


def _namesake(
    relation: Relation,
    column: Column,
    tables: Iterable[Relation],
    keyed: Mapping[int, Column],
    *,
    whole: bool,
) -> int | None:
    """Return the only table that a column such as ``org_id`` names, or whose name it begins."""
    stem = _SUFFIX.sub("", column.name).lower()
    if stem == column.name.lower() or len(stem) < _SHORTEST:
        return None
    near = [
        other
        for other in tables
        if other.oid in keyed and other is not relation and other.schema == relation.schema
    ]
    exact = [other.oid for other in near if other.name.lower() in _forms(stem)]
    begun = [other.oid for other in near if other.name.lower().startswith(stem)]
    found = exact or ([] if whole else begun)
    return found[0] if len(found) == 1 else None


def _forms(stem: str) -> tuple[str, ...]:
    plural = f"{stem[:-1]}ies" if stem.endswith("y") else f"{stem}s"
    return stem, plural, f"{stem}es"
