"""How the access matrix is laid out in a terminal: a row per relation, a column per persona."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, groupby

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import KNOWING, Access, AccessMatrix, TableAccess
from prospectr_db.access.matrix.row_classes import FILES, in_words, is_partly
from prospectr_db.access.review.phrases import joined
from prospectr_db.report.style import Style

__all__ = ["matrix_text", "whose"]

_COMMANDS = (("select", "S"), ("insert", "I"), ("update", "U"), ("delete", "D"))
_COLUMNS = (
    ("owner", "own rows", ("owner",), "own"),
    ("stranger", "others'", ("stranger", "newcomer"), "other"),
    ("anon", "others'", ("anon",), "other"),
    ("service", "any row", ("service_role",), "other"),
)
_USUAL = frozenset(name for _, _, personas, _ in _COLUMNS for name in personas)
_ROWS = {
    "own": "own rows",
    "other": "others' rows",
    "orphan": "rows without an owner",
    "all": "the whole table",
    "any": "any row",
}
_GAP = 2
_NARROWEST_NAME = 12


@dataclass(frozen=True, slots=True)
class _Mark:
    """One command of a cell: its text, and how it is painted."""

    text: str
    meaning: str


def matrix_text(matrix: AccessMatrix, style: Style, *, findings: Iterable[Finding] = ()) -> str:
    """Return the matrix; what an error among the findings is about has an exclamation mark."""
    red = {(f.relation, f.persona, f.rows, f.command) for f in findings if f.severity == "error"}
    lines: list[str] = []
    for kind, group in groupby(_ordered(matrix), key=_section):
        tables = list(group)
        if kind == "function":
            lines += ["", *_functions(tables, style)]
        elif kind == "channel":
            lines += ["", *_channels(tables, style)]
        else:
            lines += _grid(tables, style, red)
    return "\n".join([*lines, "", *_legend(matrix, style, marked=bool(red))])


def _ordered(matrix: AccessMatrix) -> list[TableAccess]:
    return sorted(
        matrix.tables,
        key=lambda table: (_section(table), table.kind != "table", table.relation),
    )


def _section(table: TableAccess) -> str:
    """Return what is shown apart: functions and channels; tables and views come first."""
    return table.kind if table.kind in ("channel", "function") else ""


def _grid(
    tables: Sequence[TableAccess], style: Style, red: set[tuple[str, str, str, str]]
) -> Iterator[str]:
    rows = [(table, _cells(table, red)) for table in tables]
    # Each command gets the width that it needs in its column, and no more.
    widths = [
        [max(len(cells[c][k].text) for _, cells in rows) for k in range(len(_COMMANDS))]
        for c in range(len(_COLUMNS))
    ]
    columns = [
        max(sum(widths[c]) + len(widths[c]) - 1, len(title), len(below))
        for c, (title, below, _, _) in enumerate(_COLUMNS)
    ]
    room = style.width - sum(columns) - _GAP * len(columns)
    longest = max(len(table.relation) for table in tables)
    width = max(min(longest, room), min(longest, _NARROWEST_NAME), len("table"))
    for place, paint in ((0, style.bold), (1, style.dim)):
        titles = [str(column[place]) for column in _COLUMNS]
        first = "" if place else "table"
        yield paint(
            _joined(
                f"{first:<{width}}", [f"{t:<{w}}" for t, w in zip(titles, columns, strict=True)]
            )
        )
    for table, cells in rows:
        painted = [
            " ".join(_paint(mark, w, style) for mark, w in zip(marks, widths[c], strict=True))
            + " " * (columns[c] - sum(widths[c]) - len(widths[c]) + 1)
            for c, marks in enumerate(cells)
        ]
        if len(table.relation) > width:
            yield table.relation  # on a line of its own: a name that is cut may be another's
        name = table.relation if len(table.relation) <= width else ""
        yield _joined(f"{name:<{width}}", painted)
        yield from _extras(table, style)


def _joined(name: str, cells: Sequence[str]) -> str:
    return (name + "".join(f"{'':<{_GAP}}{cell}" for cell in cells)).rstrip()


def _cells(table: TableAccess, red: set[tuple[str, str, str, str]]) -> list[list[_Mark]]:
    found = []
    for _, _, personas, own in _COLUMNS:
        rows = own if table.owned else "any"
        mine = [a for a in table.accesses if a.persona in personas and _is_of(table, a, rows)]
        found.append([_mark(table, mine, command, letter, red) for command, letter in _COMMANDS])
    return found


def _is_of(table: TableAccess, access: Access, rows: str) -> bool:
    """Whether an entry is about the rows of a column: of files, in whichever folder they are."""
    if table.relation != FILES:
        return access.rows == rows
    return access.rows.startswith(f"{rows} in ") and not re.search(r" to | \[", access.rows)


def _mark(
    table: TableAccess,
    accesses: Sequence[Access],
    command: str,
    letter: str,
    red: set[tuple[str, str, str, str]],
) -> _Mark:
    entries = [a for a in accesses if a.command == command]
    through = [a for a in entries if a.succeeds]
    is_red = any((table.relation, a.persona, a.rows, command) in red for a in entries)
    if through:
        text = letter + _count(through[0], table)
        return _Mark(f"{text}!", "bad") if is_red else _Mark(text, "good")
    if entries and all(a.verdict == "unproven" for a in entries):
        return _Mark("?", "warn")
    return _Mark("-!", "bad") if is_red else _Mark("-", "dim")


def _paint(mark: _Mark, width: int, style: Style) -> str:
    paint = {"good": style.good, "bad": style.bad, "warn": style.warn, "dim": style.dim}
    return paint[mark.meaning](mark.text) + " " * (width - len(mark.text))


def _count(access: Access, table: TableAccess) -> str:
    """Return how many columns, where not all."""
    total = len(table.columns_for(access.command))
    names = {column.partition("=")[0] for column in access.columns}
    return str(len(names)) if names and len(names) < total else ""


def _extras(table: TableAccess, style: Style) -> Iterator[str]:
    """Yield what the four columns cannot say: states, roles in a team, other kinds of rows."""
    # First who is treated alike, then which states are.
    alike: dict[tuple[str, str], list[str]] = {}
    for (persona, rows), accesses in _untold(table).items():
        told = _can(accesses, table, state="[" in rows or is_lesser(persona))
        alike.setdefault((rows, told), []).append(persona)
    for one in table.frozen:
        parts = (f"not U of {joined(one.columns)}", f"U of {joined(one.thawed)}")
        told = ", ".join(compress(parts, (one.columns, one.thawed)))
        alike.setdefault((one.rows, told), []).append(one.persona)
    states: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (rows, text), personas in alike.items():
        base, _, state = rows.partition(" [")
        states.setdefault((base, tuple(personas), text), []).append(state.removesuffix("]"))
    for (base, names, text), found in states.items():
        where = _where([state for state in found if state])
        line = f"{_short(names)} on {whose(base)}{where}: {text}"
        yield style.dim(style.wrap(f"    {line}", indent=8))


def _untold(table: TableAccess) -> dict[tuple[str, str], list[Access]]:
    """Return the accesses that none of the four columns shows, by whose they are on which rows."""
    groups: dict[tuple[str, str], list[Access]] = {}
    for access in table.accesses:
        if access.persona == "service_role" or access.command == "call":
            continue
        usual = access.rows in ("own", "other", "any") and access.persona in _USUAL
        repeats = access.rows == "own" and access.persona in ("stranger", "newcomer")
        if (usual and access.command != "truncate") or repeats:
            continue
        if access.succeeds or is_lesser(access.persona) or "[" in access.rows:
            groups.setdefault((access.persona, access.rows), []).append(access)
    told = {(a.persona, a.rows, a.command): set(a.columns) for a in table.accesses if a.succeeds}
    return {
        place: found for place, found in groups.items() if not _is_told_of_all(place, found, told)
    }


def _is_told_of_all(
    place: tuple[str, str],
    accesses: Sequence[Access],
    told: Mapping[tuple[str, str, str], set[str]],
) -> bool:
    """Whether somebody may only what the column of the owner or the stranger says of everybody."""
    persona, rows = place
    if persona in _USUAL or is_lesser(persona) or rows not in ("own", "other", "any"):
        return False
    anybody = "owner" if rows == "own" else "stranger"
    return all(
        a.command != "truncate"
        and set(a.columns) <= told.get((anybody, rows, a.command), set())
        and (anybody, rows, a.command) in told
        for a in accesses
    )


def _can(accesses: Sequence[Access], table: TableAccess, *, state: bool) -> str:
    order = {command: place for place, (command, _) in enumerate(_COMMANDS)}
    ranked = sorted(accesses, key=lambda a: order.get(a.command, len(order)))
    can = " ".join(_letter(a, table) for a in ranked if a.succeeds)
    cannot = " ".join(_letter(a, table) for a in ranked if not a.succeeds) if state else ""
    return ", ".join(part for part in (can, f"not {cannot}" if cannot else "") if part)


def _letter(access: Access, table: TableAccess) -> str:
    """Return the command in short; under another's name or parent few columns are tried."""
    letter = {"truncate": "TRUNCATE"}.get(access.command, access.command[0].upper())
    whole = access.rows.partition(" [")[0] in ("own", "other", "any")
    return letter + (_count(access, table) if whole and access.succeeds else "")


def _where(states: Sequence[str]) -> str:
    """Return in which states, with the values of one column together."""
    values: dict[str, list[str]] = {}
    parts: list[str] = []
    for state in states:
        if is_partly(state):
            parts.append(in_words(state))
            continue
        name, _, value = state.partition("=")
        values.setdefault(name, []).append(in_words(value))
    said = [f"{name} is {joined(found, word='or')}" for name, found in values.items()] + parts
    return f" where {joined(said, word='or')}" if said else ""


def whose(rows: str) -> str:
    """Return a row class in words."""
    base, _, state = rows.partition(" [")
    where = f" where {in_words(state)}" if state else ""
    above, below = "own under other's ", "other's under own "
    if base.startswith(above):
        return f"own rows under somebody else's {base.removeprefix(above)}{where}"
    if base.startswith(below):
        return f"others' rows under their own {base.removeprefix(below)}{where}"
    for head, shown in (("own in ", "own rows in "), ("other in ", "others' rows in ")):
        if base.startswith(head):
            return f"{shown}{base.removeprefix(head)}{where}"
    return f"{_ROWS.get(base, f'rows {base}')}{where}"


def _short(personas: Sequence[str]) -> str:
    """Return personas in few words; everybody and whoever is signed in have names of their own."""
    found = set(personas)
    if {"anon", "stranger"} <= found:
        return "everybody"
    if {"stranger", "owner"} <= found:
        return "signed-in users"
    if len(personas) > 1 and all(name.startswith("role=") for name in personas):
        return f"role={'|'.join(name.removeprefix('role=') for name in personas)}"
    return ", ".join(personas)


def _functions(tables: Sequence[TableAccess], style: Style) -> Iterator[str]:
    yield style.bold("functions")
    for table in tables:
        callers = [a.persona for a in table.accesses if a.command == "call" and a.succeeds]
        reaching = [a for a in table.accesses if a.rows.startswith("other") and a.succeeds]
        other = sorted({a.persona for a in reaching if a.rows == "other"})
        nobody = "could not be called" if table.unbuildable else "nobody"
        line = f"  {table.relation}: {_short(callers) or nobody}"
        reaches = style.bad(f"  reaches others' rows: {_short(other)}") if other else ""
        yield style.wrap(line + reaches + _by_knowing(reaching), indent=6)


def _by_knowing(accesses: Sequence[Access]) -> str:
    """Return who reaches others' rows by which secret."""
    known: dict[str, set[str]] = {}
    for access in accesses:
        name = access.rows.partition(" [")[0].partition(KNOWING)[2]
        if name:
            known.setdefault(name, set()).add(access.persona)
    said = [f"{_short(sorted(who))} by {name}" for name, who in sorted(known.items())]
    return f"  reaches others' rows: {'; '.join(said)}" if said else ""


def _channels(tables: Sequence[TableAccess], style: Style) -> Iterator[str]:
    """Yield a line per private channel: who receives from it and who sends to it, whose it is."""
    yield style.bold("private channels")
    for table in tables:
        parts = []
        for command in ("receive", "send"):
            found = [a for a in table.accesses if a.command == command and a.succeeds]
            names = [f"{a.persona}{_part(a)}" for a in found if a.rows != "other"]
            parts += [f"{command} {', '.join(names)}"] if names else []
            strange = [f"{a.persona}{_part(a)}" for a in found if a.rows == "other"]
            parts += [style.bad(f"{command} another's {', '.join(strange)}")] if strange else []
        line = f"  {table.relation.removeprefix('channel ')}: {'; '.join(parts) or 'nobody'}"
        yield style.wrap(line, indent=6)


def _part(access: Access) -> str:
    """Return which extensions, where not both."""
    return f" ({', '.join(access.columns)})" if len(access.columns) == 1 else ""


def _legend(matrix: AccessMatrix, style: Style, *, marked: bool) -> Iterator[str]:
    first = "S select, I insert, U update, D delete; a number: so many columns; - nothing"
    if any(table.relation == FILES for table in matrix.tables):
        first += "; of files what is allowed in some folder"
    yield style.dim(style.wrap(first + ("; ! see above" if marked else ""), indent=2))
