"""What a dump consists of, entry by entry, and which entries a copy of the platform needs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.database.statements import split

__all__ = ["Entry", "Place", "is_platform_role", "read_entries", "wanted"]

_HEADER = re.compile(
    r"^--\n-- (?:Data for )?Name: (?P<name>.*); Type: (?P<type>[^;\n]*); Schema: (?P<schema>.*); "
    r"Owner: (?P<owner>.*?)(?:; Tablespace: .*)?\n--\n",
    re.MULTILINE,
)
_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z))*")
_END = re.compile(r"^--\n-- PostgreSQL database dump complete\n--\n", re.MULTILINE)
# A command of psql's that a dump begins and ends with; nothing of the schema.
_RESTRICT = re.compile(r"^\\(?:un)?restrict .*\n?", re.MULTILINE)
_EXECUTES = re.compile(r'EXECUTE (?:FUNCTION|PROCEDURE) "?([^".(]+)"?\.')
_EVENT_TRIGGER = "EVENT TRIGGER"
# Extensions are the copy's own; the others hold secrets, or reach out to other servers.
_NEVER = frozenset({"SUBSCRIPTION", "USER MAPPING", "SECURITY LABEL"})
_CLUSTER = "-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a dump: what it is, whose, and the SQL that makes it."""

    name: str
    type: str
    schema: str
    owner: str
    sql: str


@dataclass(frozen=True, slots=True)
class Place:
    """What the copy has before the schema is built on it.

    ``platform`` are the schemas of Supabase's own; ``known`` the identities of what is in them, as
    ``schema.name`` or ``schema.name(types)``.
    """

    platform: Collection[str]
    known: Collection[str]
    event_triggers: Collection[str]


def read_entries(dump: str) -> tuple[Entry, ...]:
    """Return a plain dump's entries in their order; the first holds the settings it begins with.

    Each begins with the comment that says what it is. A comment or a function's body may hold what
    looks like one: only what stands between statements counts.
    """
    between = _between_statements(dump)
    heads = [head for head in _HEADER.finditer(dump) if _is_in(between, head.start())]
    first = heads[0].start() if heads else len(dump)
    entries = [Entry("settings", "SETTINGS", _CLUSTER, "", _RESTRICT.sub("", dump[:first]))]
    ends = [head.start() for head in heads[1:]] + [_end(dump, first)]
    for head, end in zip(heads, ends, strict=False):
        entries.append(Entry(**head.groupdict(), sql=dump[head.start() : end]))
    return tuple(entries)


def _between_statements(dump: str) -> list[tuple[int, int]]:
    """Return from where to where comments and white space stand before each statement."""
    spans = []
    for statement in split(dump):
        lead = _LEAD.match(statement.text)
        spans.append((statement.offset, statement.offset + (lead.end() if lead else 0)))
    return spans


def _is_in(spans: Sequence[tuple[int, int]], position: int) -> bool:
    at = bisect_right(spans, position, key=lambda span: span[0]) - 1
    return at >= 0 and position < spans[at][1]


def _end(dump: str, begin: int) -> int:
    found = list(_END.finditer(dump, begin))
    return found[-1].start() if found else len(dump)


def wanted(entries: Iterable[Entry], place: Place) -> Iterator[Entry]:
    """Yield the entries that are a project's, and not there already."""
    for entry in entries:
        if entry.type in _NEVER or (
            entry.type == "COMMENT" and entry.name.startswith("EXTENSION ")
        ):
            continue
        if entry.type == "EXTENSION":
            yield entry
        elif entry.schema != _CLUSTER:
            if entry.schema not in place.platform or _is_own(entry, place):
                yield entry
        elif _in_cluster(entry, place):
            yield entry


def _in_cluster(entry: Entry, place: Place) -> bool:
    """Whether an object without a schema is the project's."""
    kind, _, name = entry.name.rpartition(" ")
    if entry.type == "SCHEMA":
        return entry.name not in place.platform
    if kind == "SCHEMA":  # its privileges, or its comment
        return name.strip('"') not in place.platform
    if entry.type == _EVENT_TRIGGER:
        schema = _EXECUTES.search(entry.sql)
        return entry.name not in place.event_triggers and (
            schema is None or schema[1] not in place.platform
        )
    if kind == _EVENT_TRIGGER:
        return name.strip('"') not in place.event_triggers
    return True


def _is_own(entry: Entry, place: Place) -> bool:
    """Whether something in the platform's schemas was made by the project."""
    if is_platform_role(entry.owner) or entry.type == "DEFAULT ACL":
        return False
    # Privileges and comments are named after their object's kind.
    names = (entry.name, entry.name.partition(" ")[2])
    return not any(f"{entry.schema}.{name}" in place.known for name in names)


def is_platform_role(name: str) -> bool:
    """Whether a role is one of Supabase's own logins, whose objects no project makes."""
    return name.startswith("supabase_") or name in ("dashboard_user", "pgbouncer")
