"""The access contract: the committed file that says what the matrix must be, as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prospectr_db.access.contract.file import read_text
from prospectr_db.access.contract.reading import read_parts
from prospectr_db.access.matrix.facts import BELONGING, Facts
from prospectr_db.access.matrix.given import (
    Given,
    folders_named,
    held_claims,
    lesser_users,
    listed_owners,
    listing_tables,
    own_standing_states,
    parent_states,
    personal_tables,
    powers_elsewhere,
    related_pairs,
    signed_columns,
    states_together,
)

__all__ = [
    "Contract",
    "given_by",
    "parse_contract",
    "read_contract",
]


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as read. ``accepted`` maps a finding's key to the reason why it may be.

    ``owners`` are owner columns that override what is found, ``values`` rows' values that cannot
    be guessed, both by relation.
    """

    facts: Facts
    accepted: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    path: Path | None = None
    personas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def given(self) -> Given:
        """What an observation is to work with."""
        return given_by(self.facts, values=self.values, owners=self.owners, personas=self.personas)


def given_by(
    facts: Facts,
    *,
    values: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    personas: Mapping[str, Mapping[str, Any]] | None = None,
) -> Given:
    """Return what is to be told apart because some facts do so; with what else is supplied."""
    entries = [*facts.allowed, *facts.shut, *facts.frozen, *facts.thawed]
    parents = parent_states(entries)
    own_standing = own_standing_states(entries, facts.standing)
    return Given(
        values=values or {},
        owners=owners or {},
        personas=personas or {},
        states=facts.states,
        parents={r: frozenset(found) - own_standing[r] for r, found in parents.items()},
        own_standing=own_standing,
        standing=facts.standing,
        pairs=related_pairs(entries),
        owned={r: path for r, path in facts.owners.items() if facts.relations.get(r) == "table"},
        lesser=lesser_users(entries),
        listed=listing_tables(entries, facts.standing),
        listed_owners=listed_owners(entries),
        personal=personal_tables(entries),
        together=states_together(entries),
        signed=signed_columns(facts.allowed),
        folders=folders_named(entries),
        members=facts.members if BELONGING in facts.covers else None,
        joined_by=facts.joined_by,
        least={r: dict(_pair(one) for one in told) for r, told in facts.least.items()},
        powers=powers_elsewhere(entries),
        claims=held_claims(
            entries,
            {name for columns in facts.standing.values() for name in columns},
        ),
    )


def _pair(told: str) -> tuple[str, str]:
    name, _, value = told.partition("=")
    return name, value


def read_contract(path: Path) -> Contract | None:
    """Read a contract; None where there is no file. Raises ConfigError with the place."""
    text = read_text(path)
    return None if text is None else parse_contract(text, path=path)


def parse_contract(text: str, *, path: Path | None = None) -> Contract:
    """Read a contract's text. Raises ConfigError with the line of whatever is wrong with it."""
    parts = read_parts(text, str(path) if path else "access.toml")
    return Contract(parts.facts, parts.accepted, parts.owners, parts.values, path, parts.personas)
