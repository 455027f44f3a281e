"""What is allowed, as flat facts: the same shape for an observation and for a contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from prospectr_db.access.matrix.baselines import can_lose, is_removed
from prospectr_db.access.matrix.lesser import is_lesser, lesser_base
from prospectr_db.access.matrix.matrix import (
    BY,
    COPY,
    LEAVE,
    SET,
    SIGN,
    THROUGH,
    TOGETHER,
    WITH,
    Access,
    AccessMatrix,
    TableAccess,
)
from prospectr_db.access.matrix.once import once_per
from prospectr_db.access.matrix.row_classes import plainer
from prospectr_db.access.personas.role_names import is_in_role, is_owner_in_role, role_of
from prospectr_db.access.policies.parts import fingerprints

__all__ = [
    "ABOVE",
    "ALL",
    "ALONG",
    "ANSWERS",
    "ANSWER_STATES",
    "BELONGING",
    "BESIDE",
    "BESIDE_NEW",
    "BROUGHT",
    "BY_CLAIM",
    "CHANNEL",
    "COMMANDS",
    "COUNTED",
    "COVERS",
    "CROSSED",
    "EXTENSIONS",
    "FROZEN",
    "FULL",
    "GIVEN",
    "HELPERS",
    "IN_PART",
    "LEFT",
    "LIMITS_APART",
    "LISTED",
    "LISTS",
    "MADE_UP",
    "MASKED",
    "NAMED",
    "OF_NOBODY",
    "OTHER_BUCKETS",
    "OTHER_VALUES",
    "OWNED_TENANTS",
    "OWN_ROWS",
    "OWN_STANDING",
    "PARTS",
    "PUBLICATIONS",
    "REFERRED",
    "RELATED",
    "ROW_FOLDERS",
    "SECRETS",
    "SEVERAL",
    "SHOWN",
    "SIGNED",
    "SIGN_UPS",
    "TRIGGERS",
    "TWO_CONDITIONS",
    "TWO_FOLDERS",
    "VIEWS",
    "VIEW_STATES",
    "Entry",
    "Facts",
    "columns_named",
    "default_rows",
    "expand",
    "facts_of",
]

ALL = "*"
COMMANDS = (
    "select",
    "insert",
    "update",
    "delete",
    "truncate",
    SET,
    LEAVE,
    SIGN,
    "call",
    "escalate",
    "receive",
    "send",
)
CHANNEL = "channel"
"""The kind of a private channel; one that nobody may use and nobody speaks of is no news."""
VIEWS = frozenset({"view", "materialized view"})
"""Kinds of relations that show what other relations hold."""
VIEW_STATES, ANSWER_STATES = "views in states", "answers in states"
PUBLICATIONS, TRIGGERS = "what publications send", "what triggers set"
SIGN_UPS, OTHER_BUCKETS = "what users say as they sign up", "buckets that no policy names"
SECRETS, SEVERAL = "what secrets open", "rows in several states"
ALONG, CROSSED = "what changes with a state", "states of rows between two users"
ANSWERS, OTHER_VALUES = "columns of answers", "values that no policy names"
ABOVE, TWO_CONDITIONS = "states of what is above", "users who meet two conditions"
BESIDE, COUNTED = "numbers beside each other", "how many rows there may be"
MADE_UP, IN_PART = "policies that others make up for", "calls for rows of several users"
SIGNED = "who signs, and rows that may lack a user"
HELPERS, RELATED = "what helpers of policies say", "what related users add"
PARTS, GIVEN = "policies command by command", "which standing functions give"
LISTS, OF_NOBODY = "lists of values in rows", "what calls tell of rows of nobody's"
BROUGHT, LEFT = "rows that are brought from another tenant", "rows that triggers leave"
SHOWN = "what views show of rows without an owner"
TWO_FOLDERS, ROW_FOLDERS = "folders with the ids of two rows", "folders with the id of any row"
OWN_STANDING, REFERRED = "states of users' own standing", "rows that refer to two users"
BELONGING = "who belongs to what, and which standing gives least"
BY_CLAIM = "users whom a row names by what is in their token"
BESIDE_NEW, OWNED_TENANTS = "states of what is beside new rows", "members of tenants with an owner"
NAMED = "whom related users name, and what they reach by calls and as members"
LISTED = "what calls show of users with a standing"
FROZEN = "columns that stay as they are in a state"
MASKED = "columns of answers in states"
FULL = "calls where a limit is reached"
OWN_ROWS = "rows of users whose standing triggers ask for"
LIMITS_APART = "limits that do not stand beside their count"
COVERS = (
    *(ANSWERS, ANSWER_STATES, VIEW_STATES, PUBLICATIONS, TRIGGERS, SECRETS, SEVERAL, SIGN_UPS),
    *(OTHER_BUCKETS, OTHER_VALUES, ALONG, CROSSED, HELPERS, ABOVE, TWO_CONDITIONS, RELATED),
    *(BESIDE, COUNTED, MADE_UP, IN_PART, PARTS, GIVEN, OWN_STANDING, REFERRED, LISTS, SIGNED),
    *(OF_NOBODY, BROUGHT, LEFT, SHOWN, TWO_FOLDERS, ROW_FOLDERS, BELONGING),
    *(BY_CLAIM, BESIDE_NEW, OWNED_TENANTS, NAMED, LISTED, FROZEN, MASKED, FULL, OWN_ROWS),
    LIMITS_APART,
)
"""What older contracts were written without asking."""
EXTENSIONS = ("broadcast", "presence")
"""What is sent in a channel; they stand where other relations have columns."""

Entry = tuple[str, str, str, str]
"""Relation, persona, row class, command."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is allowed, flat: the same shape for a contract and for an observation.

    ``allowed`` maps an entry to the columns it covers (empty where columns mean nothing);
    ``forms`` to the only statement forms that get through, where not all do. ``idle`` are grants
    that no policy lets anybody use, ``outside`` privileges that policies do not govern.
    ``database`` and ``buckets`` are what stands around the tables; None where nobody looked.
    ``shut`` are rows in a state that keeps out whoever is let in without it, ``frozen`` the columns
    that only a state keeps from being changed, with others of the row changing, ``thawed`` those
    that change there only. ``states`` are the
    columns that tell rows apart, ``standing`` those that give users power elsewhere: nobody holds
    the database to them, but what they tell apart is tried for as long as they are named.
    ``covers`` are the ways of asking that were known: what only others show is in no contract.
    ``without_rls`` are the tables whose row-level security is off, be there policies or not,
    ``unseen`` the policies that nothing of the world needs, held by their text, and
    ``spellings`` all that a relation has; a contract does not say those, but ``alternatives``, the
    marks of such as say several things at once. ``once`` are the columns in which no two rows are
    the same, so that a user has one row of a kind; of all ``keys`` a contract does not speak, nor
    of ``guarded``, the columns of states of which only triggers ask.
    ``members`` are the tables that say who belongs to a row, ``joined_by`` those that do so only
    for what is below it, ``least`` what a column says of users who may least (``role=viewer``):
    another spelling shall find the same people in the world.
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
    writable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shut: frozenset[Entry] = frozenset()
    frozen: Mapping[Entry, tuple[str, ...]] = field(default_factory=dict)
    thawed: Mapping[Entry, tuple[str, ...]] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, tuple[str | None, ...]]] = field(default_factory=dict)
    standing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covers: frozenset[str] = frozenset()
    without_rls: frozenset[str] = frozenset()
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    once: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guarded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joined_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spellings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def columns_for(self, relation: str, command: str) -> tuple[str, ...]:
        """Return what "*" stands for: nobody writes a generated column."""
        if relation.startswith(f"{CHANNEL} "):
            return EXTENSIONS
        found = self.writable if command in ("insert", "update") else self.columns
        return found.get(relation, ())


def expand(value: tuple[str, ...] | None, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that an entry covers, of those that there are."""
    if value is None:
        return ()
    return columns if value == (ALL,) else value


def columns_named(shown: Iterable[str]) -> set[str]:
    """Return the columns behind what is shown: one with a value, or several that go together.

    Of what a trigger sets, the column that it comes through; and it, where it is of this table.
    """
    links = (THROUGH, BY, WITH)
    plain = (reduce(lambda said, link: said.replace(link, TOGETHER), links, t) for t in shown)
    names = {name for text in plain for name in text.partition("=")[0].split(TOGETHER)}
    return {name for name in names if "." not in name}


def default_rows(persona: str, *, owned: bool) -> str:
    """Return the row class that needs no name: own rows for the owner, others' for the rest."""
    if not owned:
        return "any"
    return "own" if lesser_base(persona) == "owner" or is_owner_in_role(persona) else "other"


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
        writable={table.relation: table.writable for table in matrix.tables},
        shut=frozenset(_shut(matrix)),
        frozen={
            (table.relation, one.persona, one.rows, "update"): one.columns
            for table in matrix.tables
            for one in table.frozen
            if one.columns
        },
        thawed={
            (table.relation, one.persona, one.rows, "update"): one.thawed
            for table in matrix.tables
            for one in table.frozen
            if one.thawed
        },
        states={table.relation: table.states for table in matrix.tables if table.states},
        standing={table.relation: table.standing for table in matrix.tables if table.standing},
        covers=frozenset(COVERS),
        unseen={table.relation: table.unseen for table in matrix.tables if table.unseen},
        alternatives={t.relation: m for t in matrix.tables if (m := fingerprints(t.spellings))},
        spellings={table.relation: table.spellings for table in matrix.tables},
        once={t.relation: keys for t in matrix.tables if (keys := once_per(t))},
        keys={t.relation: tuple(t.keys) for t in matrix.tables},
        guarded={table.relation: table.guarded for table in matrix.tables},
        members={table.relation: table.members for table in matrix.tables if table.members},
        joined_by={table.relation: table.joined_by for table in matrix.tables if table.joined_by},
        least={table.relation: table.least for table in matrix.tables if table.least},
        without_rls=frozenset(
            table.relation for table in matrix.tables if table.kind == "table" and not table.rls
        ),
    )


def _shut(matrix: AccessMatrix) -> Iterator[Entry]:
    """Yield the rows that a persona is kept from only because of the state they are in."""
    for table in matrix.tables:
        for access in table.accesses:
            if can_lose(access.persona) and not access.succeeds and not access.unproven:
                yield table.relation, access.persona, access.rows, access.command
            without = plainer(access.rows)
            if access.succeeds or access.unproven or without == access.rows:
                continue
            plain = table.find(access.persona, without, access.command)
            if plain is not None and plain.succeeds and not _is_repetition(table, plain):
                yield table.relation, access.persona, access.rows, access.command


def _covers_all(table: TableAccess, access: Access) -> bool:
    writable = set(table.writable) if access.command in ("insert", "update") else set(table.columns)
    return (
        bool(writable)
        and {c.partition("=")[0] for c in access.columns} >= writable
        and not any("=" in column or TOGETHER in column for column in access.columns)
    )


def _is_repetition(table: TableAccess, access: Access) -> bool:
    """Whether the entry says of another user what the owner's entry says already."""
    if access.persona in ("owner", "service_role") or access.rows != "own" or "=" in access.persona:
        return False
    persona = access.persona
    if is_removed(persona) or is_lesser(persona) or is_in_role(persona):
        return False  # what is left to him is not what an owner may
    owner = table.find("owner", "own", access.command)
    return owner is not None and owner.succeeds and set(owner.columns) >= set(access.columns)


def _limited(access: Access) -> tuple[str, ...]:
    """Return the forms that alone get through, where a plain form does not."""
    shut = {form.form for form in access.forms if form.verdict != "allowed"} & {"where", "no where"}
    opened = tuple(sorted(form.form for form in access.forms if form.verdict == "allowed"))
    if access.verdict != "allowed":
        return opened
    if any(form.form == COPY for form in access.forms):
        return (COPY,)  # told only where no INSERT gets through
    return ("no where",) if shut == {"where"} else ("where",) if shut == {"no where"} else ()


def _server_only(table: TableAccess) -> tuple[str, ...]:
    """Return columns of a table that users write to, but not these columns."""
    written = {
        name
        for access in table.accesses
        if access.command in ("insert", "update", SIGN) and access.persona != "service_role"
        for name in columns_named(access.columns)
    }
    if not written:
        return ()
    return tuple(name for name in table.writable if name not in written)


def _idle_grants(table: TableAccess) -> tuple[str, ...]:
    """Return privileges of the API roles that no persona could use on any row."""
    names = {"r": "select", "a": "insert", "w": "update", "d": "delete", "X": "call"}
    found = []
    for role, held in table.privileges.items():
        mine = [
            access
            for access in table.accesses
            if access.succeeds and role_of(access.persona) == role
        ]
        for letter, command in names.items():
            as_said = (command, SIGN) if command == "update" else (command,)
            used = [access for access in mine if access.command in as_said]
            columns = table.column_privileges.get(f"{role} {command}", ())
            if letter in held and not used:
                found.append(f"{role}: {command}")
            elif columns and command in ("insert", "update"):
                reached = {name for access in used for name in columns_named(access.columns)}
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
