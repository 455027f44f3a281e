"""The access contract: the committed file that says what the matrix must be, as it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prospectr_db.access.baselines import is_related
from prospectr_db.access.contract_text import render
from prospectr_db.access.facts import ALL, CHANNEL, COMMANDS, Entry, Facts, default_rows, facts_of
from prospectr_db.access.given import Given, parent_states, related_pairs
from prospectr_db.access.matrix import plainer
from prospectr_db.access.surroundings import GROUPS
from prospectr_db.errors import ConfigError

__all__ = [
    "ALL",
    "Contract",
    "Entry",
    "Facts",
    "facts_of",
    "given_by",
    "parse_contract",
    "read_contract",
    "render",
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
    parents = parent_states([*facts.allowed, *facts.shut])
    return Given(
        values=values or {},
        owners=owners or {},
        personas=personas or {},
        states=facts.states,
        parents={relation: frozenset(found) for relation, found in parents.items()},
        standing=facts.standing,
        pairs=related_pairs([*facts.allowed, *facts.shut]),
    )


def read_contract(path: Path) -> Contract | None:
    """Read a contract; None where there is no file. Raises ConfigError with the place."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", hint="It must be a UTF-8 text file.", file=str(path)
        ) from error
    return parse_contract(text, path=path)


def parse_contract(text: str, *, path: Path | None = None) -> Contract:
    """Read a contract's text."""
    name = str(path) if path else "access.toml"
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{name} is not valid TOML: {error}.",
            hint="Correct that line, or write the contract anew with `prospectr-db access write`.",
            file=name,
        ) from error
    known = {
        "version",
        "personas",
        "database",
        "buckets",
        "tables",
        "views",
        "functions",
        "channels",
        "accepted",
    }
    strange = sorted(set(raw) - known)
    if strange:
        raise ConfigError(
            f"{name} has a section that nothing reads: {strange[0]}.",
            hint=f"Sections are {', '.join(sorted(known))}.",
            file=name,
        )
    return _contract(raw, name, path)


_LISTS = ("server_only", "idle_grants", "outside_policies", "owner_columns", "standing")
_PLAIN_KEYS = {
    "owned_by",
    "server_only",
    "idle_grants",
    "outside_policies",
    "owner_columns",
    "values",
    "states",
    "standing",
}


def _contract(raw: Mapping[str, Any], name: str, path: Path | None) -> Contract:
    allowed: dict[Entry, tuple[str, ...]] = {}
    forms: dict[Entry, tuple[str, ...]] = {}
    relations: dict[str, str] = {}
    lists: dict[str, dict[str, tuple[str, ...]]] = {key: {} for key in _PLAIN_KEYS}
    owners: dict[str, str] = {}
    shut: set[Entry] = set()
    states: dict[str, Mapping[str, tuple[str | None, ...]]] = {}
    values: dict[str, Mapping[str, str]] = {}
    for section in ("tables", "views", "functions", "channels"):
        for key, body in raw.get(section, {}).items():
            if not isinstance(body, Mapping):
                raise _bad(name, f"{section}.{key} is not a table")
            relation = f"{CHANNEL} {key}" if section == "channels" else key
            relations[relation] = section[:-1]
            owners[relation] = str(body.get("owned_by", ""))
            owned = section == "functions" or owners[relation] != "nobody"
            if "states" in body:
                states[relation] = _states(body["states"], name, relation)
            for part in _LISTS:
                if part in body:
                    lists[part][relation] = _strings(body[part], name, f"{relation}.{part}")
            values[relation] = {k: str(v) for k, v in body.get("values", {}).items()}
            for persona, grants in body.items():
                if persona in _PLAIN_KEYS:
                    continue
                if not isinstance(grants, Mapping):
                    raise _bad(name, f"{relation}.{persona} is not a table of commands")
                rows = default_rows(persona, owned=owned)
                _read_grants(relation, persona, rows, grants, allowed, forms, shut, name)
    facts = Facts(
        relations=relations,
        owners=owners,
        allowed=allowed,
        forms=forms,
        server_only=lists["server_only"],
        idle=lists["idle_grants"],
        outside=lists["outside_policies"],
        columns={},
        database=_database(raw.get("database"), name),
        buckets=_buckets(raw.get("buckets", {}), name),
        shut=frozenset(shut),
        states=states,
        standing={relation: names for relation, names in lists["standing"].items() if names},
    )
    return Contract(
        facts,
        _accepted(raw.get("accepted", {}), name),
        lists["owner_columns"],
        {relation: given for relation, given in values.items() if given},
        path,
        _personas(raw.get("personas", {}), name),
    )


def _read_grants(
    relation: str,
    persona: str,
    rows: str,
    grants: Mapping[str, Any],
    allowed: dict[Entry, tuple[str, ...]],
    forms: dict[Entry, tuple[str, ...]],
    shut: set[Entry],
    name: str,
) -> None:
    for key, value in grants.items():
        if isinstance(value, Mapping) and key != "forms":
            _read_grants(relation, persona, key, value, allowed, forms, shut, name)
        elif key == "forms":
            for command, only in value.items():
                forms[relation, persona, rows, command] = _strings(only, name, f"{relation}.forms")
        elif key not in COMMANDS:
            raise _bad(name, f"{relation}.{persona}.{key} is neither a command nor a row class")
        elif value is False:
            if plainer(rows) != rows or is_related(persona):
                shut.add((relation, persona, rows, key))
        else:
            place = "all" if key in ("truncate", "call") else rows
            columns = () if value is True else _strings(value, name, f"{relation}.{persona}.{key}")
            allowed[relation, persona, place, key] = columns


def _states(raw: Any, name: str, relation: str) -> dict[str, tuple[str | None, ...]]:
    """Read ``states``: by column, ``true`` or the list of its values."""
    if not isinstance(raw, Mapping):
        raise _bad(name, f"{relation}.states is not a table of columns")
    place = f"{relation}.states"
    return {
        str(column): () if values is True else _strings(values, name, f"{place}.{column}")
        for column, values in raw.items()
    }


def _database(raw: Any, name: str) -> dict[str, tuple[str, ...]] | None:
    """Read ``[database]``: a list for each kind of thing around the tables."""
    if raw is None:
        return None
    if not isinstance(raw, Mapping) or set(raw) - set(GROUPS):
        raise _bad(name, f"database has other keys than {', '.join(GROUPS)}")
    return {group: _strings(raw.get(group, []), name, f"database.{group}") for group in GROUPS}


_BUCKET_KEYS = {"public", "file_size_limit", "allowed_mime_types"}


def _buckets(raw: Any, name: str) -> dict[str, Mapping[str, Any]]:
    if not isinstance(raw, Mapping):
        raise _bad(name, "buckets is not a table of buckets")
    for bucket, body in raw.items():
        if not isinstance(body, Mapping) or set(body) - _BUCKET_KEYS:
            keys = ", ".join(sorted(_BUCKET_KEYS))
            raise _bad(name, f"buckets.{bucket} has other keys than {keys}")
    return dict(raw)


def _personas(raw: Any, name: str) -> dict[str, Mapping[str, Any]]:
    """Read ``[personas.NAME]``: ``like`` (owner, stranger, newcomer), ``role`` and ``claims``."""
    if not isinstance(raw, Mapping):
        raise _bad(name, "personas is not a table of personas")
    for persona, body in raw.items():
        if not isinstance(body, Mapping) or set(body) - {"like", "role", "claims"}:
            raise _bad(name, f"personas.{persona} has other keys than like, role and claims")
        if body.get("like", "newcomer") not in ("owner", "stranger", "newcomer"):
            raise _bad(name, f"personas.{persona}.like is none of owner, stranger, newcomer")
    return dict(raw)


def _accepted(raw: Any, name: str) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise _bad(name, "accepted is not a table of reasons")
    return {str(key): str(reason).strip() for key, reason in raw.items()}


def _strings(value: Any, name: str, place: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _bad(name, f'{place} is not true, "*" or a list of columns')


def _bad(name: str, what: str) -> ConfigError:
    return ConfigError(
        f"{name}: {what}.",
        hint="docs/reference/access-toml.md shows every key; `access write` writes a contract.",
        file=name,
    )
