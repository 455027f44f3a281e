"""Rows of their own for those on a list, where policies ask for both: that, and the row's owner."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.policies.asking import ask_at_once
from prospectr_db.access.policies.decisions import functions_behind, mentioned_by
from prospectr_db.access.policies.expressions import EQUALS, normalise
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database.catalog import Function, Policy, Relation

if TYPE_CHECKING:
    from prospectr_db.access.rows.building import Builder

__all__ = ["add_rows_of_listed_owners"]


def add_rows_of_listed_owners(
    builder: Builder, relations: Sequence[Relation], known: Mapping[str, Collection[str]]
) -> None:
    """Make rows that are their own for those on a list, where a policy asks for both at once.

    The owner is on no list, and whoever is on one owns nothing else: without such a row nobody came
    through. What hangs below one of theirs is asked for like it. ``known`` are the relations where
    those users had rows of their own once, whatever policies ask now.
    """
    world, before = builder.world, len(builder.world.unbuildable)
    for oid, key in [(oid, key) for oid, key in world.rows if world.is_listed(oid, key)]:
        roster = builder.catalog.by_oid[oid]
        for relation in relations:
            if oid != relation.oid and (
                relation.label in known.get(key, ()) or _asks_both(builder, relation, roster)
            ):
                _make_own(builder, relation, key)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del world.unbuildable[before:]


def _asks_both(builder: Builder, relation: Relation, roster: Relation) -> bool:
    """Whether a policy asks for somebody on a list who is the owner of the row, or of one above."""
    for policy in relation.policies:
        behind = functions_behind(builder.catalog, [policy]).values()
        said = {f.name: mentioned_by(builder.catalog, f) for f in behind}
        listing = [name for name, read in said.items() if _reads(read, roster)]
        if not listing and not _reads(policy.reads, roster):
            continue
        if _ask_both(builder, roster, listing, policy, list(behind)):
            return True
    return False


def _reads(pairs: Collection[tuple[int, str]], roster: Relation) -> bool:
    return any(oid == roster.oid for oid, _ in pairs)


def _ask_both(
    builder: Builder,
    roster: Relation,
    listing: Sequence[str],
    policy: Policy,
    behind: Sequence[Function],
) -> bool:
    texts = [(policy.text, policy.reads)]
    texts += [(f.source, mentioned_by(builder.catalog, f)) for f in behind]
    asked = re.compile(rf"\b(?:{'|'.join(map(re.escape, (roster.name, *listing)))})\b")
    for text, pairs in texts:
        columns = {
            name
            for oid, name in pairs
            if oid != roster.oid and oid in builder.ownership
            if name in builder.ownership[oid].users
            if name not in builder.ownership[oid].listing
        }
        if columns and ask_at_once(text, asked.search, _comparing(text, columns, roster)):
            return True
    return False


def _comparing(text: str, columns: Collection[str], roster: Relation) -> Callable[[str], object]:
    """Return what finds one of some columns compared with the caller or with who is on the list.

    The list's own comparison with the caller does not count.
    """
    named = rf"\b{re.escape(roster.name)}\s+(?:as\s+)?(\w+)"
    aliases = {roster.name, *re.findall(named, text, re.IGNORECASE)}
    inside = "|".join(map(re.escape, aliases))
    column = rf"(?<![\w.])(?!(?:{inside})\.)(?:\w+\.)?(?:{'|'.join(map(re.escape, columns))})\b"
    listed = rf"\b(?:{inside})\.\w+"
    sides = (("@uid", column), (column, "@uid"), (listed, column), (column, listed))
    mine = re.compile("|".join(f"{one}{EQUALS}{other}" for one, other in sides))
    # Beside the list's name a column that is called as the list's may be either.
    alike = set(columns) & set(roster.by_name)
    plain = re.search(rf"\b{re.escape(roster.name)}\b", text) and not re.search(listed, text)
    if alike and plain and len(mine.findall(normalise(text))) < 2:
        return lambda _: None
    return lambda said: mine.search(normalise(said))


def _make_own(builder: Builder, relation: Relation, key: str) -> None:
    """Make somebody's own row, below rows of his own where there are such."""
    world = builder.world
    if world.row(relation, key) is not None or world.row(relation, OWNER) is None:
        return
    owner = builder.ownership[relation.oid]
    for target in _above(builder, relation) if not owner.users else ():
        _make_own(builder, target, key)
    given = builder.given(relation, key)
    if given is None:
        return
    values = given[0]
    for fk in relation.foreign_keys:
        parent = world.rows.get((fk.target or 0, key))
        if parent is not None and fk.target not in world.rosters:
            links = zip(fk.columns, fk.target_columns, strict=True)
            values |= {name: parent.values[wanted] for name, wanted in links}
    builder.attempt(relation, key, values, set(values))


def _above(builder: Builder, relation: Relation) -> Iterator[Relation]:
    for fk in relation.foreign_keys:
        target = builder.catalog.by_oid.get(fk.target or 0)
        if target is None or target.oid == relation.oid or target.oid in builder.world.rosters:
            continue
        if ", ".join(fk.columns) in builder.ownership[relation.oid].parents:
            yield target
