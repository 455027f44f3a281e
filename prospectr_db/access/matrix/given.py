"""What a contract gives an observation to work with, besides the database itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prospectr_db.access.matrix.baselines import (
    BOTH,
    ELSEWHERE,
    NEIGHBOURING,
    is_elsewhere,
    is_related,
)
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import SIGN, WITH
from prospectr_db.access.matrix.row_classes import folder_of

__all__ = [
    "NOTHING",
    "Given",
    "folders_named",
    "held_claims",
    "lesser_users",
    "listed_owners",
    "listing_tables",
    "own_standing_states",
    "parent_states",
    "personal_tables",
    "powers_elsewhere",
    "related_pairs",
    "signed_columns",
    "states_together",
]

States = Mapping[str, tuple[str | None, ...]]
"""Values by column; none for a column whose type or checks say which there are."""


@dataclass(frozen=True, slots=True)
class Given:
    """All by relation label, but for ``personas``.

    ``values`` are what rows need and nobody can guess, ``owners`` the columns that hold a row's
    owner, ``personas`` further ones, by name. ``states`` are columns whose values were told apart
    when the contract was written, ``parents`` those of parents as (name, column),
    ``own_standing`` those of its user's own standing, ``standing``
    columns that gave users power elsewhere, ``pairs`` tables that relate two users, with the
    relations to whose rows that mattered, ``lesser`` users with one claim less or more, with the
    relations of which something was told of them, ``claims`` the server's that had users of their
    own, with the relations again: they are tried even if no policy mentions them any more, for that
    is how a condition is lost. ``together`` are states of what is above rows that were tried at
    once, ``listed`` the tables that gave power to whoever was in them, ``listed_owners`` the
    relations in which such users had rows of their own, by their names, and ``personal`` those in
    which the owner had a row of his own, so that they did not, ``signed`` the columns that users
    put themselves into, ``folders`` whose folders of which bucket files were tried in. For the
    same reason ``owned`` says by which columns rows belonged to users, and by which to whom a claim
    names, ``members`` which tables said who belongs to a row (None where that was not asked),
    ``joined_by`` which ones did so only for what is below it,
    ``least`` which value of a column gave least, and ``powers`` which values gave power in other
    tenants.
    """

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owners: Mapping[str, Iterable[str]] = field(default_factory=dict)
    personas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    states: Mapping[str, States] = field(default_factory=dict)
    parents: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    own_standing: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    standing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owned: Mapping[str, str] = field(default_factory=dict)
    lesser: Mapping[str, frozenset[str]] = field(default_factory=dict)
    claims: Mapping[str, frozenset[str]] = field(default_factory=dict)
    together: Mapping[str, frozenset[tuple[str, ...]]] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    listed_owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    signed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    members: Mapping[str, tuple[str, ...]] | None = None
    joined_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    powers: frozenset[tuple[str, str]] = frozenset()


NOTHING = Given()
"""Where there is no contract."""


def related_pairs(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, frozenset[str]]:
    """Return the tables that relate two users, by what the contract says of such users.

    Where two tables do together, the name of such users stands for them.
    """
    found: dict[str, set[str]] = {}
    for relation, persona, _, _ in entries:
        if is_related(persona):
            for part in filter(is_related, persona.split(BOTH)):
                who, _, table = part.partition(", ")[0].rpartition(" in ")
                name = f"{who} in {table}" if "." in who else table
                found.setdefault(name, set()).add(relation)
    return {table: frozenset(relations) for table, relations in found.items()}


def lesser_users(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, frozenset[str]]:
    """Return the users with another token that the contract speaks of, with the relations."""
    found: dict[str, set[str]] = {}
    for relation, persona, _, _ in entries:
        if is_lesser(persona):
            found.setdefault(persona, set()).add(relation)
    return {persona: frozenset(relations) for persona, relations in found.items()}


def held_claims(
    entries: Iterable[tuple[str, str, str, str]], standing: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Return the users with a claim of the server's that the contract speaks of, and where.

    ``standing`` are the columns that give others theirs, who are called alike.
    """
    held = re.compile(rf"(?!(?:{'|'.join(map(re.escape, standing)) or '(?!)'})=)[][\w.-]+=\S+")
    found: dict[str, set[str]] = {}
    for relation, persona, _, _ in entries:
        if held.fullmatch(persona):
            found.setdefault(persona, set()).add(relation)
    return {persona: frozenset(relations) for persona, relations in found.items()}


def folders_named(entries: Iterable[tuple[str, str, str, str]]) -> frozenset[str]:
    """Return the folders of buckets in which files are, such as ``docs/classes``."""
    found = (folder_of(rows) for _, _, rows, _ in entries)
    return frozenset(place for place in found if place is not None)


def parent_states(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, set[tuple[str, str]]]:
    """Return the parents' columns that row classes such as ``own [orders.status=paid]`` name."""
    found: dict[str, set[tuple[str, str]]] = {}
    for relation, _, rows, _ in entries:
        for state in rows.partition(" [")[2].rstrip("]").split(", "):
            parent, dot, column = state.partition("=")[0].rpartition(".")
            if dot:
                found.setdefault(relation, set()).add((parent, column))
    return found


def own_standing_states(
    entries: Sequence[tuple[str, str, str, str]], standing: Mapping[str, Iterable[str]]
) -> dict[str, frozenset[tuple[str, str]]]:
    """Return those of them of which only the owner is told, in columns that give ``standing``."""
    known = {
        (label.rpartition(".")[2], name) for label, names in standing.items() for name in names
    }
    apart = [entry for entry in entries if entry[1] != "owner"]
    others = parent_states(apart)
    return {
        relation: frozenset(found & known - others.get(relation, set()))
        for relation, found in parent_states(entries).items()
    }


def states_together(
    entries: Iterable[tuple[str, str, str, str]],
) -> dict[str, frozenset[tuple[str, ...]]]:
    """Return the states of one parent that row classes name at once, by relation."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for relation, _, rows, _ in entries:
        by_parent: dict[str, list[str]] = {}
        for state in rows.partition(" [")[2].rstrip("]").split(", "):
            parent, dot, _ = state.partition("=")[0].rpartition(".")
            if dot:
                by_parent.setdefault(parent, []).append(state)
        for some in by_parent.values():
            if len(some) > 1:
                found.setdefault(relation, set()).add(tuple(some))
    return {relation: frozenset(sets) for relation, sets in found.items()}


def listing_tables(
    entries: Iterable[tuple[str, str, str, str]], standing: Mapping[str, tuple[str, ...]]
) -> frozenset[str]:
    """Return the tables that give power to whoever is in them, by their names.

    The contract speaks of their members as ``in TABLE``, or of rows in them that are such a user's
    own, and of none that is an owner's.
    """
    named, theirs, owners = set(), set(), set()
    for relation, persona, rows, _ in entries:
        column = persona.partition("=")[0].rpartition(".")[2]
        if persona.startswith("in "):
            named.add(persona.removeprefix("in "))
        elif persona == "owner":
            owners.add(relation)
        elif rows == "own" and column in standing.get(relation, ()):
            theirs.add(relation)
    return frozenset(named | {relation.rpartition(".")[2] for relation in theirs - owners})


def listed_owners(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, frozenset[str]]:
    """Return where whoever is in a table that gives power has rows of his own besides, by name."""
    found: dict[str, set[str]] = {}
    for relation, persona, rows, command in entries:
        there = relation.rpartition(".")[2] == persona.removeprefix("in ")
        if persona.startswith("in ") and rows == "own" and command != "insert" and not there:
            found.setdefault(persona, set()).add(relation)
    return {persona: frozenset(relations) for persona, relations in found.items()}


def personal_tables(entries: Iterable[tuple[str, str, str, str]]) -> frozenset[str]:
    """Return the relations of which the contract says what the owner may on rows of his own."""
    return frozenset(
        relation for relation, persona, rows, _ in entries if (persona, rows) == ("owner", "own")
    )


def powers_elsewhere(entries: Iterable[tuple[str, str, str, str]]) -> frozenset[tuple[str, str]]:
    """Return the values of columns by which users of other tenants are named."""
    found: set[tuple[str, str]] = set()
    for persona in {entry[1] for entry in entries}:
        if is_elsewhere(persona):
            power = persona.removesuffix(ELSEWHERE).partition(NEIGHBOURING)[0]
            name, _, value = power.partition("=")
            found.add((name, value))
    return frozenset(found)


def signed_columns(
    allowed: Mapping[tuple[str, str, str, str], tuple[str, ...]],
) -> dict[str, tuple[str, ...]]:
    """Return the columns that the contract says users put themselves into, by relation."""
    found: dict[str, dict[str, None]] = {}
    for (relation, _, _, command), columns in allowed.items():
        if command == SIGN:
            found.setdefault(relation, {}).update({c.partition(WITH)[0]: None for c in columns})
    return {relation: tuple(names) for relation, names in found.items()}
