"""What was observed, by persona, row class, command, form and column, collapsed where it agrees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.baselines import (
    anybody,
    beyond,
    compared_with,
    is_like_anybody,
    is_related,
)
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.row_classes import AT_TIMES, DEPENDENT, is_below_part, plainer

if TYPE_CHECKING:
    from prospectr_db.access.matrix.finding import Finding
    from prospectr_db.access.matrix.frozen import Frozen
    from prospectr_db.access.surroundings import Surroundings

__all__ = [
    "AT_TIMES",
    "BY",
    "COPY",
    "DEPENDENT",
    "GIVES",
    "KNOWING",
    "LEAVE",
    "SET",
    "SIGN",
    "THROUGH",
    "TOGETHER",
    "USER_METADATA",
    "WITH",
    "Access",
    "AccessMatrix",
    "Cell",
    "FormAccess",
    "TableAccess",
    "TokenAccess",
    "Verdict",
    "collapse",
]

# What stands between whose rows are reached and the secret that one must know for it.
KNOWING = ", knowing "
# What stands between a row that names its user and the standing that it gives him.
GIVES = " with "
# How columns that only together do something are shown: an owner in several of them.
TOGETHER = " + "
# The statement form of a new row that gets in by COPY and by no INSERT.
COPY = "copy"
COMMANDS = ("select", "insert", "update", "delete", "truncate")
# What triggers do with what is written: a column is set through another, or follows by it somehow.
SET, THROUGH, BY = "set", " through ", " by "
# What triggers add to other tables for what is changed: ``audit_log.actor_id as caller on delete``.
LEAVE = "leave"
# Putting one's own id into a column: what is told with it is a state that changes at once.
SIGN, WITH = "sign", " with "
# What a user says of himself as he signs up, where that is what is written.
USER_METADATA = "user_metadata."


class Verdict(StrEnum):
    """How a statement ended."""

    ALLOWED = "allowed"
    FILTERED = "filtered"
    REJECTED = "rejected"
    DENIED = "denied"
    REFUSED = "refused"
    UNPROVEN = "unproven"


# Which verdict speaks for a group: what came nearest to the row.
_NEARNESS = {
    verdict: place
    for place, verdict in enumerate(
        (
            Verdict.ALLOWED,
            Verdict.REFUSED,
            Verdict.REJECTED,
            Verdict.FILTERED,
            Verdict.DENIED,
            Verdict.UNPROVEN,
        )
    )
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One statement and how it ended. ``reason`` is the server's message where there was one.

    ``passed`` says that row-level security let the statement through, although a constraint
    refused it afterwards: with other values it would have succeeded.
    """

    persona: str
    rows: str
    command: str
    form: str
    column: str | None
    verdict: Verdict
    statement: str
    reason: str | None = None
    sqlstate: str | None = None
    constraint: str | None = None
    passed: bool = False

    @property
    def succeeds(self) -> bool:
        """Whether it got through, be it with other values."""
        return self.verdict is Verdict.ALLOWED or self.passed


@dataclass(frozen=True, slots=True)
class FormAccess:
    """A statement form that ends otherwise than the rest."""

    form: str
    verdict: Verdict
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What one persona's command does to one row class of one relation.

    ``columns`` are those that can be read or written; ``forms`` the statement forms that differ;
    ``unproven`` what could not be shown, because not even the control touched a row.
    """

    persona: str
    rows: str
    command: str
    verdict: Verdict
    columns: tuple[str, ...]
    forms: tuple[FormAccess, ...]
    statement: str
    reason: str | None = None
    sqlstate: str | None = None
    passed: bool = False
    unproven: tuple[str, ...] = ()
    columns_total: int = 0

    @property
    def succeeds(self) -> bool:
        """Whether the persona gets through, by any form."""
        return self.verdict is Verdict.ALLOWED or self.passed

    @property
    def is_endless(self) -> bool:
        """Whether the statement failed because something asks for itself again, without end."""
        return self.sqlstate in ("42P17", "54001")


@dataclass(frozen=True, slots=True)
class TableAccess:
    """Everything observed about one relation.

    ``reads`` are the conditions of the policies under which each API role reads it; ``untried``
    the policies through which nothing came that was tried, so that nothing is known of them.
    ``states`` are the columns whose values were told apart; the values, where only the policies'
    text names them. ``tried`` are the states in which its rows were tried, such as ``locked=true``,
    ``usual`` how they are otherwise, by the column of a state: ``locked=false``. ``serves`` says of
    a function that policies call it, ``secrets`` are those that it asks for by name, of a table
    its own, ``sources`` the tables that it can reach, ``roster`` says of a table that whoever is
    in it may more than others.
    ``spellings`` are all its policies as the contract would hold them, and as an older one did,
    which did not say what helpers do; ``unseen`` those of them that nothing of the world
    needs, so that nothing tried would show that they go. ``keys`` are the columns of which rows
    must differ, with whether they say that a user has one row of a kind. ``hindered`` says of a
    bucket what refuses every file in it, and by which words. ``members`` are the tables
    that say who belongs to its rows, ``joined_by`` those of which only what is below it asks that,
    ``least`` the values of whoever may least. ``circle`` are the
    policies, with their tables, that ask each other again, where statements failed of it.
    ``counted`` are columns that functions with their owner's rights count, with their names.
    ``tells_key`` says of a function that policies call that its answer is a key and no secret.
    ``silent`` says that nothing else in the project speaks of its rows, and that none stands in
    another's way. ``frozen`` is what triggers keep as it is while a row is in a state,
    ``guarded`` are the columns of states of which only they ask.
    """

    relation: str
    kind: str
    owner_path: str
    owned: bool
    rls: bool
    accesses: tuple[Access, ...]
    privileges: Mapping[str, str] = field(default_factory=dict)
    unbuildable: tuple[str, ...] = ()
    owner_columns: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    standing: tuple[str, ...] = ()
    membership: bool = False
    sharing: bool = False
    default_truncate: bool = False
    idle: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    public_rows: tuple[str, ...] = ()
    column_privileges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    states: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()
    serves: bool = False
    roster: bool = False
    usual: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, bool] = field(default_factory=dict)
    hindered: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    circle: tuple[tuple[str, str], ...] = ()
    counted: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    joined_by: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    silent: bool = False
    tells_key: bool = False
    frozen: tuple[Frozen, ...] = ()
    guarded: tuple[str, ...] = ()

    def columns_for(self, command: str) -> tuple[str, ...]:
        """Return the columns that a command can be about: nobody writes a generated one."""
        return self.writable if command in ("insert", "update") else self.columns

    def find(self, persona: str, rows: str, command: str) -> Access | None:
        """Return one entry."""
        for access in self.accesses:
            if (access.persona, access.rows, access.command) == (persona, rows, command):
                return access
        return None


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """What a strange token reaches that the same user with an ordinary one does not."""

    relation: str
    persona: str
    rows: str
    command: str
    statement: str
    claims: str


@dataclass(frozen=True, slots=True)
class AccessMatrix:
    """The access matrix of a database."""

    tables: tuple[TableAccess, ...]
    personas: tuple[str, ...]
    probes: int
    seconds: float
    notes: tuple[str, ...] = ()
    tokens: tuple[TokenAccess, ...] = ()
    oracles: tuple[Finding, ...] = ()
    surroundings: Surroundings | None = None

    def table(self, label: str) -> TableAccess | None:
        """Return one relation's access by its label."""
        return next((table for table in self.tables if table.relation == label), None)


def collapse(
    cells: Iterable[Cell],
    order: Mapping[str, int],
    *,
    exact: bool = False,
    told: Collection[tuple[str, str, str]] = (),
) -> tuple[Access, ...]:
    """Group single cells into entries; ``order`` is the position of each column in its relation.

    With ``exact`` rows in a state are told where other columns of them are read, too; those
    ``told`` (persona, rows, command) anyhow.
    """
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.persona, cell.rows, cell.command), []).append(cell)
    found = {key: _access(key, group, order) for key, group in groups.items()}
    left = {key for key, group in groups.items() if _is_only_left(key, group)} | {*told}
    kept = (
        beyond(access, found)
        for key, access in found.items()
        if key in left or not _repeats(access, found) or (exact and _reads_otherwise(access, found))
    )
    return tuple(access for access in kept if access is not None)


def _repeats(access: Access, found: Mapping[tuple[str, str, str], Access]) -> bool:
    """Whether a row in another state is treated as the row is without it."""
    plain = found.get((access.persona, plainer(access.rows), access.command))
    if is_lesser(access.persona) or is_related(access.persona):
        usual = found.get((compared_with(access.persona), access.rows, access.command))
        if usual is not None and not _repeats(usual, found):
            return False
    if plainer(access.rows) == access.rows or plain is None:
        return False
    if is_like_anybody(access.persona) and access.succeeds:
        usual = next(iter(anybody(access, found)), None)
        if usual is not None and not usual.succeeds and not _repeats(usual, found):
            return False  # it keeps out everybody but him
    valued = any("=" in name for name in access.columns)
    moved = access.command == "update" and valued and is_below_part(access.rows)
    if (access.command == "insert" or moved) and access.columns_total:
        names = {name.partition("=")[0] for name in access.columns}
        known = {name for name in plain.columns if name.partition("=")[0] in names}
        if set(access.columns) != known:
            return False  # below such a parent a row may be in other states, or in fewer
    return access.succeeds == plain.succeeds and not access.forms and not access.unproven


def _is_only_left(key: tuple[str, str, str], cells: Iterable[Cell]) -> bool:
    """Whether all that can be done to a row in a state is to take it out of that state."""
    column = key[1].rpartition("[")[2].rstrip("]").rpartition(", ")[2].partition("=")[0]
    through: dict[str, bool] = {}
    for cell in cells if key[2] == "update" else ():
        name = (cell.column or "").partition("=")[0].rpartition(TOGETHER)[2]
        through[name] = through.get(name, False) or cell.succeeds
    return len(through) > 1 and {name for name, did in through.items() if did} == {column}


def _reads_otherwise(access: Access, found: Mapping[tuple[str, str, str], Access]) -> bool:
    """Whether other columns are read of a row in a state than of the row without it."""
    plain = found.get((access.persona, plainer(access.rows), access.command))
    return access.command == "select" and plain is not None and access.columns != plain.columns


_PLAIN = frozenset({"where", "no where"})


def _access(key: tuple[str, str, str], cells: list[Cell], order: Mapping[str, int]) -> Access:
    speaker = min(cells, key=lambda cell: (_NEARNESS[cell.verdict], cell.form != "where"))
    columns = _told(_columns(cells, order), key[1])
    plain = tuple(name for name in columns if TOGETHER not in name)
    by_form: dict[str, list[Cell]] = {}
    for cell in cells:
        by_form.setdefault(cell.form, []).append(cell)
    succeeds = any(cell.succeeds for cell in cells)
    forms = []
    for form, group in by_form.items():
        verdict = min((cell.verdict for cell in group), key=_NEARNESS.__getitem__)
        mine = _columns(group, order)
        compares_columns = any(cell.column for cell in group) and len(group) > 1
        through = any(cell.succeeds for cell in group)
        differs = compares_columns and through and form in _PLAIN and mine != plain
        asked = {cell.column for cell in group}
        if succeeds and not through and None not in asked and not asked & set(columns):
            continue  # it was tried with none of the columns that get through
        if through is not succeeds or differs or form == COPY:
            forms.append(FormAccess(form, verdict, mine))
    total = {cell.column for cell in cells if cell.column}
    return Access(
        *key,
        verdict=speaker.verdict,
        columns=columns,
        forms=tuple(forms),
        statement=speaker.statement,
        reason=speaker.reason,
        sqlstate=speaker.sqlstate,
        passed=any(cell.passed for cell in cells),
        unproven=tuple(
            sorted({cell.column or cell.form for cell in cells if cell.verdict is Verdict.UNPROVEN})
        ),
        columns_total=len(total),
    )


def _told(columns: tuple[str, ...], rows: str) -> tuple[str, ...]:
    """Leave out sets of columns each of which gets through alone, unless a row could be given."""
    alone = set(columns)
    return tuple(
        name
        for name in columns
        if TOGETHER not in name or rows == "own" or not set(name.split(TOGETHER)) <= alone
    )


def _columns(cells: Iterable[Cell], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return the columns that get through; ``column=value`` only where another value does not."""
    tried: dict[str, set[str]] = {}
    allowed: dict[str, set[str]] = {}
    for cell in cells:
        if cell.column is not None:
            name = cell.column.partition("=")[0]
            tried.setdefault(name, set()).add(cell.column)
            if cell.succeeds:
                allowed.setdefault(name, set()).add(cell.column)
    found = {
        shown
        for name, values in allowed.items()
        for shown in ({name} if values == tried[name] else values)
    }
    last = len(order) + 1
    return tuple(sorted(found, key=lambda shown: (order.get(shown.partition("=")[0], last), shown)))
