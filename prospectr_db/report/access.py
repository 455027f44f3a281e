"""How the access matrix and the answer of a check are shown in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from prospectr_db.access.check import CheckReport
from prospectr_db.access.findings import Finding
from prospectr_db.access.matrix import Access, AccessMatrix, TableAccess
from prospectr_db.access.verify import Written
from prospectr_db.report.style import Style

__all__ = ["check_text", "finding_lines", "matrix_text", "verdict_line", "written_text"]

_COMMANDS = (("select", "S"), ("insert", "I"), ("update", "U"), ("delete", "D"))
_COLUMNS = (
    ("owner", ("owner",), ("own",)),
    ("stranger", ("stranger", "newcomer"), ("other",)),
    ("anon", ("anon",), ("other",)),
    ("service", ("service_role",), ("other",)),
)
_NOTHING = "-"


def matrix_text(matrix: AccessMatrix, style: Style) -> str:
    """Return the matrix: a row per relation, a column per persona, four commands in each cell."""
    lines = [_header(matrix, style)]
    for kind, tables in groupby(_ordered(matrix), key=_section):
        if kind == "function":
            lines += ["", *_functions(list(tables), style)]
        elif kind == "channel":
            lines += ["", *_channels(list(tables), style)]
        else:
            lines += [line for table in tables for line in _table_lines(table, matrix, style)]
    lines += ["", style.dim(_legend())]
    return "\n".join(lines)


def _ordered(matrix: AccessMatrix) -> list[TableAccess]:
    return sorted(
        matrix.tables,
        key=lambda table: (_section(table), table.kind != "table", table.relation),
    )


def _section(table: TableAccess) -> str:
    """Return what is shown apart: functions and channels; tables and views come first."""
    return table.kind if table.kind in ("channel", "function") else ""


def _width(matrix: AccessMatrix) -> int:
    longest = max((len(t.relation) for t in matrix.tables if not _section(t)), default=10)
    return min(max(longest, 10), 30)


def _header(matrix: AccessMatrix, style: Style) -> str:
    titles = ("own rows", "others' rows", "others' rows", "any row")
    width = _width(matrix)
    above = " " * width + "".join(f"  {title:<12}" for title in titles)
    below = f"{'table':<{width}}" + "".join(f"  {name:<12}" for name, _, _ in _COLUMNS)
    return f"{style.dim(above.rstrip())}\n{style.bold(below.rstrip())}"


def _table_lines(table: TableAccess, matrix: AccessMatrix, style: Style) -> Iterator[str]:
    width = _width(matrix)
    name = table.relation if len(table.relation) <= width else table.relation[: width - 1] + "~"
    cells = []
    for title, personas, rows in _COLUMNS:
        wanted = rows if table.owned else ("any",)
        found = [a for a in table.accesses if a.persona in personas and a.rows in wanted]
        cells.append(_cell(found, table, style, bad=title in ("stranger", "anon") and table.owned))
    yield f"{name:<{width}}" + "".join(f"  {cell}" for cell in cells)
    yield from _extras(table, style)


def _cell(found: list[Access], table: TableAccess, style: Style, *, bad: bool) -> str:
    parts = []
    for command, letter in _COMMANDS:
        entries = [a for a in found if a.command == command]
        if not entries:
            parts.append(style.dim(f"{_NOTHING:<3}"))
            continue
        through = [a for a in entries if a.succeeds]
        if through:
            paint = style.bad if bad else style.good
            parts.append(paint(f"{letter + _count(through[0], table):<3}"))
        elif all(a.verdict == "unproven" for a in entries):
            parts.append(style.warn(f"{'?':<3}"))
        else:
            parts.append(style.dim(f"{_NOTHING:<3}"))
    return "".join(parts)


def _count(access: Access, table: TableAccess) -> str:
    """Return how many columns, where not all."""
    total = len(table.columns if access.command == "select" else table.writable)
    names = {column.partition("=")[0] for column in access.columns}
    return str(len(names)) if names and len(names) < total else ""


def _extras(table: TableAccess, style: Style) -> Iterator[str]:
    """Yield what the four columns cannot say: states, roles in a team, other kinds of rows."""
    groups: dict[tuple[str, str], list[Access]] = {}
    for access in table.accesses:
        if access.persona == "service_role" or access.command == "call":
            continue
        usual = access.rows in ("own", "other", "any") and "=" not in access.persona
        strange_own = access.rows == "own" and access.persona in ("stranger", "newcomer")
        if (not usual or access.command == "truncate") and not strange_own:
            stateful = "[" in access.rows
            if access.succeeds or stateful:
                groups.setdefault((access.persona, access.rows), []).append(access)
    seen: dict[tuple[str, str], list[str]] = {}
    for (persona, rows), accesses in groups.items():
        can = "".join(_letter(a) for a in accesses if a.succeeds)
        cannot = "".join(_letter(a).lower() for a in accesses if not a.succeeds and "[" in rows)
        text = f"{can or ''}{(' not ' + cannot.upper()) if cannot else ''}".strip()
        seen.setdefault((rows, text), []).append(persona)
    for (rows, text), personas in seen.items():
        yield style.dim(f"    {', '.join(personas)} on {rows} rows: {text}")


def _letter(access: Access) -> str:
    return {"truncate": "TRUNCATE"}.get(access.command, access.command[0].upper())


def _functions(tables: list[TableAccess], style: Style) -> Iterator[str]:
    yield style.bold("functions")
    for table in tables:
        callers = [a.persona for a in table.accesses if a.command == "call" and a.succeeds]
        other = sorted({a.persona for a in table.accesses if a.rows == "other" and a.succeeds})
        line = f"  {table.relation}: {', '.join(callers) or 'nobody'}"
        yield line + (style.bad(f"  reaches others' rows: {', '.join(other)}") if other else "")


def _channels(tables: list[TableAccess], style: Style) -> Iterator[str]:
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
        yield f"  {table.relation.removeprefix('channel ')}: {'; '.join(parts) or 'nobody'}"


def _part(access: Access) -> str:
    """Return which extensions, where not both."""
    return f" ({', '.join(access.columns)})" if len(access.columns) == 1 else ""


def _legend() -> str:
    return (
        "S select  I insert  U update  D delete; a number is how many columns where not all; "
        "- nothing"
    )


def verdict_line(report: CheckReport, style: Style) -> str:
    """Return the answer in one line."""
    matrix = report.matrix
    size = f"{len(matrix.tables)} relations, {matrix.probes} statements, {report.seconds:.1f} s"
    if report.source:
        size = f"observed on {report.source}; {size}"
    errors = report.errors
    if not errors:
        against = "the contract is kept" if report.contract else "no leak found"
        return style.good(f"OK: {against} ({size}; self-test: {report.sabotage}).")
    kinds = {
        kind: sum(f.kind == kind for f in errors) for kind in dict.fromkeys(f.kind for f in errors)
    }
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return style.bad(f"NOT OK: {counted} ({size}).")


def finding_lines(
    findings: tuple[Finding, ...], style: Style, *, notes: bool = False
) -> Iterator[str]:
    """Yield one line per finding, and the statement that shows it."""
    paint = {"error": style.bad, "warning": style.warn, "note": style.dim}
    for finding in findings:
        if finding.severity == "note" and not notes:
            continue
        yield f"{paint[finding.severity](f'{finding.kind:<11}')} {finding.sentence}"


def check_text(report: CheckReport, style: Style) -> str:
    """Return the findings and the answer."""
    lines = [*finding_lines(report.findings, style), verdict_line(report, style)]
    stated = [f for f in report.findings if f.severity == "note" and f.kind == "leak"]
    if report.contract and stated:
        count = f"{len(stated)} of the things it states"
        lines.append(style.dim(f"{count} would be a leak without it; `prospectr-db access` shows."))
    return "\n".join(lines)


def observed_text(report: CheckReport, style: Style) -> str:
    """Return the matrix, then the findings and the answer."""
    parts = [matrix_text(report.matrix, style), ""]
    found = list(finding_lines(report.findings, style, notes=True))
    return "\n".join([*parts, *found, verdict_line(report, style)])


def written_text(report: Written, style: Style) -> str:
    """Return what was written, and what still needs a reason."""
    verb = "Wrote" if report.changed else "Nothing to change in"
    lines = [f"{verb} {report.path}: {report.tables} relations."]
    if report.stated:
        lines.append(style.warn("These are in the contract now; read them before you commit:"))
        lines += [f"  {finding.sentence}" for finding in report.stated]
    if report.unreasoned:
        lines.append(style.warn("These need a reason under [accepted], or to be put right:"))
        lines += [f"  {finding.sentence}" for finding in report.unreasoned]
    return "\n".join(lines)
