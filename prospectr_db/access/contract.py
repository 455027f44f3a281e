"""The access contract: the committed file that says what the matrix must be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prospectr_db.access.matrix import Access, AccessMatrix, TableAccess
from prospectr_db.access.surroundings import GROUPS
from prospectr_db.errors import ConfigError

__all__ = ["Contract", "Entry", "Facts", "facts_of", "parse_contract", "read_contract", "render"]

ALL = "*"
_PERSONA_ORDER = ("anon", "newcomer", "stranger", "owner", "service_role")
_COMMAND_ORDER = ("select", "insert", "update", "delete", "truncate", "call", "escalate")

Entry = tuple[str, str, str, str]
"""Relation, persona, row class, command."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is allowed, flat: the same shape for a contract and for an observation.

    ``allowed`` maps an entry to the columns it covers (empty where columns mean nothing);
    ``forms`` to the only statement forms that get through, where not all do. ``idle`` are grants
    that no policy lets anybody use, ``outside`` privileges that policies do not govern.
    ``database`` and ``buckets`` are what stands around the tables; None where nobody looked.
    """

    relations: Mapping[str, str]
    owners: Mapping[str, str]
    allowed: Mapping[Entry, tuple[str, ...]]
    forms: Mapping[Entry, tuple[str, ...]]
    server_only: Mapping[str, tuple[str, ...]]
    idle: Mapping[str, tuple[str, ...]]
    outside: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[str, ...]]
    database: Mapping[str, tuple[str, ...]] | None = None
    buckets: Mapping[str, Mapping[str, Any]] | None = None


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


def default_rows(persona: str, *, owned: bool) -> str:
    """Return the row class that needs no name: own rows for the owner, others' for the rest."""
    if not owned:
        return "any"
    return "own" if persona == "owner" else "other"


# From a matrix -----------------------------------------------------------------------------------


def facts_of(matrix: AccessMatrix) -> Facts:
    """Return what a matrix allows."""
    allowed: dict[Entry, tuple[str, ...]] = {}
    forms: dict[Entry, tuple[str, ...]] = {}
    for table in matrix.tables:
        for access in table.accesses:
            if not access.succeeds or _is_repetition(table, access):
                continue
            entry = (table.relation, access.persona, access.rows, access.command)
            allowed[entry] = () if _covers_all(table, access) else access.columns
            if access.columns and _covers_all(table, access):
                allowed[entry] = (ALL,)
            limited = _limited(access)
            if limited:
                forms[entry] = limited
    for token in matrix.tokens:
        allowed.setdefault((token.relation, token.persona, token.rows, token.command), ())
    return Facts(
        relations={table.relation: table.kind for table in matrix.tables},
        owners={table.relation: table.owner_path for table in matrix.tables},
        allowed=allowed,
        forms=forms,
        server_only={t.relation: names for t in matrix.tables if (names := _server_only(t))},
        idle={t.relation: names for t in matrix.tables if (names := _idle_grants(t))},
        outside={t.relation: names for t in matrix.tables if (names := _outside(t))},
        columns={table.relation: table.columns for table in matrix.tables},
        database=matrix.surroundings.groups if matrix.surroundings else None,
        buckets=matrix.surroundings.buckets if matrix.surroundings else None,
    )


def _covers_all(table: TableAccess, access: Access) -> bool:
    writable = set(table.writable) if access.command in ("insert", "update") else set(table.columns)
    return (
        bool(writable)
        and {c.partition("=")[0] for c in access.columns} >= writable
        and not any("=" in column for column in access.columns)
    )


def _is_repetition(table: TableAccess, access: Access) -> bool:
    """Whether the entry says of another user what the owner's entry says already."""
    if access.persona in ("owner", "service_role") or access.rows != "own" or "=" in access.persona:
        return False
    owner = table.find("owner", "own", access.command)
    return owner is not None and owner.succeeds and set(owner.columns) >= set(access.columns)


def _limited(access: Access) -> tuple[str, ...]:
    """Return the forms that alone get through, where a plain form does not."""
    shut = {form.form for form in access.forms if form.verdict != "allowed"} & {"where", "no where"}
    opened = tuple(sorted(form.form for form in access.forms if form.verdict == "allowed"))
    if access.verdict != "allowed":
        return opened
    return ("no where",) if shut == {"where"} else ("where",) if shut == {"no where"} else ()


def _server_only(table: TableAccess) -> tuple[str, ...]:
    """Return columns of a table that users write to, but not these columns."""
    written = {
        column.partition("=")[0]
        for access in table.accesses
        if access.command in ("insert", "update") and access.persona != "service_role"
        for column in access.columns
    }
    if not written:
        return ()
    return tuple(name for name in table.writable if name not in written)


def _idle_grants(table: TableAccess) -> tuple[str, ...]:
    """Return privileges of the API roles that no persona could use on any row."""
    names = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
    found = []
    for role, held in table.privileges.items():
        mine = [
            access
            for access in table.accesses
            if access.succeeds
            and access.persona != "service_role"
            and (access.persona == "anon") is (role == "anon")
        ]
        for letter, command in names.items():
            used = [access for access in mine if access.command == command]
            columns = table.column_privileges.get(f"{role} {command}", ())
            if letter in held and not used:
                found.append(f"{role}: {command}")
            elif columns and command in ("insert", "update"):
                reached = {c.partition("=")[0] for access in used for c in access.columns}
                idle = [name for name in columns if name not in reached]
                if idle:
                    found.append(f"{role}: {command} ({', '.join(idle)})")
    return tuple(sorted(found))


def _outside(table: TableAccess) -> tuple[str, ...]:
    names = {"D": "truncate", "x": "references", "t": "trigger", "m": "maintain"}
    found = [
        f"{role}: {name}"
        for role, held in table.privileges.items()
        for letter, name in names.items()
        if letter in held
    ]
    return tuple(sorted(found)) + tuple(f"published: {name}" for name in table.publications)


# Reading -----------------------------------------------------------------------------------------


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


_PLAIN_KEYS = {
    "owned_by",
    "server_only",
    "idle_grants",
    "outside_policies",
    "owner_columns",
    "values",
}


def _contract(raw: Mapping[str, Any], name: str, path: Path | None) -> Contract:
    allowed: dict[Entry, tuple[str, ...]] = {}
    forms: dict[Entry, tuple[str, ...]] = {}
    relations: dict[str, str] = {}
    lists: dict[str, dict[str, tuple[str, ...]]] = {key: {} for key in _PLAIN_KEYS}
    owners: dict[str, str] = {}
    values: dict[str, Mapping[str, str]] = {}
    for section in ("tables", "views", "functions"):
        for relation, body in raw.get(section, {}).items():
            if not isinstance(body, Mapping):
                raise _bad(name, f"{section}.{relation} is not a table")
            relations[relation] = section[:-1]
            owners[relation] = str(body.get("owned_by", ""))
            owned = section == "functions" or owners[relation] != "nobody"
            for key in ("server_only", "idle_grants", "outside_policies", "owner_columns"):
                if key in body:
                    lists[key][relation] = _strings(body[key], name, f"{relation}.{key}")
            values[relation] = {k: str(v) for k, v in body.get("values", {}).items()}
            for persona, grants in body.items():
                if persona in _PLAIN_KEYS:
                    continue
                if not isinstance(grants, Mapping):
                    raise _bad(name, f"{relation}.{persona} is not a table of commands")
                rows = default_rows(persona, owned=owned)
                _read_grants(relation, persona, rows, grants, allowed, forms, name)
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
    name: str,
) -> None:
    for key, value in grants.items():
        if isinstance(value, Mapping) and key != "forms":
            _read_grants(relation, persona, key, value, allowed, forms, name)
        elif key == "forms":
            for command, only in value.items():
                forms[relation, persona, rows, command] = _strings(only, name, f"{relation}.forms")
        elif key not in _COMMAND_ORDER:
            raise _bad(name, f"{relation}.{persona}.{key} is neither a command nor a row class")
        elif value is not False:
            place = "all" if key in ("truncate", "call") else rows
            columns = () if value is True else _strings(value, name, f"{relation}.{persona}.{key}")
            allowed[relation, persona, place, key] = columns


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


# Writing -----------------------------------------------------------------------------------------

_HEAD = """\
# Who may do what to which rows and columns of this database, as observed by running statements.
# Written by `prospectr-db access write`; change it by hand when a change of access is meant, and
# let `prospectr-db access check` hold the database to it. "*" is every column. Whoever and
# whatever is not mentioned may do nothing.
"""


def render(
    facts: Facts, *, accepted: Mapping[str, str], previous: str = "", extras: Contract | None = None
) -> str:
    """Return a contract's text, sorted; comments of the previous text stay where they were."""
    lines: list[str] = [_HEAD.rstrip(), "", "version = 1"]
    for persona, body in sorted(extras.personas.items()) if extras else ():
        lines += ["", f"[personas.{_key(persona)}]"]
        lines += [f"{key} = {_inline(value)}" for key, value in sorted(body.items())]
    lines += _surroundings_lines(facts)
    for section, kinds in (
        ("tables", ("table", "foreign table")),
        ("views", ("view", "materialized view")),
        ("functions", ("function",)),
    ):
        for relation in sorted(r for r, kind in facts.relations.items() if kind in kinds):
            lines += ["", *_relation_lines(section, relation, facts, extras)]
    if accepted:
        lines += [
            "",
            "# Meant, and not to be stated above. Each needs a reason, or the check stays red.",
        ]
        lines += [
            "[accepted]",
            *(f"{_quote(k)} = {_quote(v)}" for k, v in sorted(accepted.items())),
        ]
    return _with_comments("\n".join(lines) + "\n", previous)


def _surroundings_lines(facts: Facts) -> Iterator[str]:
    if facts.database is not None:
        yield from ("", "[database]")
        for group in GROUPS:
            yield f"{group} = {_list(facts.database.get(group, ()))}"
    for bucket, settings in sorted((facts.buckets or {}).items()):
        yield from ("", f"[buckets.{_key(bucket)}]")
        yield from (f"{key} = {_inline(value)}" for key, value in settings.items())


def _relation_lines(
    section: str, relation: str, facts: Facts, extras: Contract | None
) -> Iterator[str]:
    head = f"{section}.{_key(relation)}"
    yield f"[{head}]"
    owner = facts.owners.get(relation, "")
    yield f"owned_by = {_quote(owner)}"
    if extras and relation in extras.owners:
        yield f"owner_columns = {_list(extras.owners[relation])}"
    for key, found in (
        ("server_only", facts.server_only),
        ("idle_grants", facts.idle),
        ("outside_policies", facts.outside),
    ):
        if found.get(relation):
            yield f"{key} = {_list(found[relation])}"
    if extras and extras.values.get(relation):
        pairs = ", ".join(f"{_key(k)} = {_quote(v)}" for k, v in extras.values[relation].items())
        yield f"values = {{ {pairs} }}"
    mine = {entry: columns for entry, columns in facts.allowed.items() if entry[0] == relation}
    owned = section == "functions" or owner != "nobody"
    for persona in sorted({entry[1] for entry in mine}, key=_persona_rank):
        default = default_rows(persona, owned=owned)
        by_rows: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for (_, who, rows, command), columns in mine.items():
            if who == persona:
                place = default if rows == "all" else rows
                by_rows.setdefault(place, []).append((command, columns))
        for rows in sorted(by_rows, key=lambda name: (name != default, name)):
            tail = "" if rows == default else f".{_quote(rows)}"
            yield ""
            yield f"[{head}.{_key(persona)}{tail}]"
            for command, columns in sorted(by_rows[rows], key=lambda c: _COMMAND_ORDER.index(c[0])):
                yield f"{command} = {_value(columns)}"
            limited = {
                command: facts.forms[entry]
                for command, _ in by_rows[rows]
                if (entry := (relation, persona, rows, command)) in facts.forms
            }
            if limited:
                pairs = ", ".join(f"{c} = {_list(f)}" for c, f in sorted(limited.items()))
                yield f"forms = {{ {pairs} }}"


def _persona_rank(persona: str) -> tuple[int, str]:
    known = persona in _PERSONA_ORDER
    return (_PERSONA_ORDER.index(persona) if known else len(_PERSONA_ORDER), persona)


def _value(columns: tuple[str, ...]) -> str:
    if not columns:
        return "true"
    return _quote(ALL) if columns == (ALL,) else _list(columns)


def _list(items: Iterable[str]) -> str:
    quoted = [_quote(item) for item in items]
    line = "[" + ", ".join(quoted) + "]"
    if len(line) <= 88:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in quoted) + "]"


def _inline(value: Any) -> str:
    """Return any TOML value on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _quote(str(value))


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quote(text)


def _with_comments(text: str, previous: str) -> str:
    """Put comments that stood above a line or behind it back to that line."""
    above, behind = _comments(previous)
    head = set(_HEAD.splitlines())
    out: list[str] = []
    section = ""
    for line in text.splitlines():
        section = line if line.startswith("[") and line.endswith("]") else section
        place = (section, line.partition(" = ")[0])
        fresh = [c for c in above.get(place, ()) if c not in head and c not in out[-1:]]
        out += fresh
        out.append(line + (f"  {behind[place]}" if place in behind and "#" not in line else ""))
    return "\n".join(out) + "\n"


def _comments(
    text: str,
) -> tuple[dict[tuple[str, str], list[str]], dict[tuple[str, str], str]]:
    above: dict[tuple[str, str], list[str]] = {}
    behind: dict[tuple[str, str], str] = {}
    waiting: list[str] = []
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            waiting.append(stripped)
            continue
        if stripped:
            bare, mark, comment = _split_comment(stripped)
            section = bare if bare.startswith("[") and bare.endswith("]") else section
            place = (section, bare.partition(" = ")[0])
            if waiting:
                above[place] = waiting
            if mark:
                behind[place] = comment
            waiting = []
    return above, behind


def _split_comment(line: str) -> tuple[str, bool, str]:
    """Split off a comment that is outside quotes."""
    quoted = False
    for place, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "#" and not quoted:
            return line[:place].rstrip(), True, line[place:]
    return line, False, ""
