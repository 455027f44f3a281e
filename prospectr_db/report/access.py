"""How the access matrix and the answer of a check are shown in a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from prospectr_db.access.check import CheckReport
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import SIGN
from prospectr_db.access.review.telling import tell
from prospectr_db.access.verify import Written
from prospectr_db.report.access_matrix import matrix_text
from prospectr_db.report.access_size import counted, size_of
from prospectr_db.report.style import Style

__all__ = [
    "check_text",
    "finding_lines",
    "matrix_text",
    "observed_text",
    "verdict_line",
    "written_text",
]
_KINDS = {
    "leak": ("leak", "leaks"),
    "loss": ("loss", "losses"),
    "vacuous": ("thing unproven", "things unproven"),
    "surprise": ("surprise", "surprises"),
    "oracle": ("oracle", "oracles"),
    "unmentioned": ("thing not in the contract", "things not in the contract"),
    "gone": ("thing that is gone", "things that are gone"),
    "drift": ("difference", "differences"),
}

_LABELS = {"vacuous": "unproven"}


def verdict_line(report: CheckReport, style: Style) -> str:
    """Return the answer in one line."""
    matrix = report.matrix
    seen = size_of(matrix.tables) or "no table"
    size = f"{seen}, {matrix.probes} statements, {report.seconds:.1f} s"
    if report.source:
        size = f"observed on {report.source}; {size}"
    errors = report.errors
    if not errors:
        against = "the contract is kept" if report.contract else "no leak found"
        warnings = sum(one.severity == "warning" for one in tell(report.findings))
        besides = f", {counted(warnings, 'warning', 'warnings')}" if warnings else ""
        size = f"{size}; self-test: {report.sabotage}"
        return style.good(style.wrap(f"OK: {against}{besides} ({size}).", indent=4))
    told = [one.kind for one in tell(errors)]
    wrong = ", ".join(counted(told.count(k), *_KINDS[k]) for k in dict.fromkeys(told))
    return style.bad(style.wrap(f"NOT OK: {wrong} ({size}).", indent=8))


def finding_lines(
    findings: Iterable[Finding], style: Style, *, notes: bool = False
) -> Iterator[str]:
    """Yield one line per sentence; what is no error says so instead of its kind."""
    paint = {"error": style.bad, "warning": style.warn, "note": style.dim}
    for one in tell(findings):
        if one.severity == "note" and not notes:
            continue
        label = _LABELS.get(one.kind, one.kind) if one.severity == "error" else one.severity
        width = 1 + max(len(kind) for kind in _KINDS)
        # The label keeps its place: what is wrapped begins behind it.
        text = style.wrap(f"{'':<{width}}{one.sentence}", indent=width)
        yield paint[one.severity](f"{label:<{width}}") + text[width:]


def check_text(report: CheckReport, style: Style) -> str:
    """Return the findings and the answer."""
    lines = [*finding_lines(report.findings, style), verdict_line(report, style)]
    stated = tell(f for f in report.findings if f.severity == "note" and f.kind == "leak")
    if report.contract and stated:
        count = f"{len(stated)} of the things it states"
        said = f"{count} would be a leak without it; `prospectr-db access` shows."
        lines.append(style.dim(style.wrap(said)))
    return "\n".join([*lines, *_next(report, style)])


def observed_text(report: CheckReport, style: Style) -> str:
    """Return what should surprise, in words; then who can do what; then the answer."""
    found = list(finding_lines(report.findings, style, notes=True))
    matrix = matrix_text(report.matrix, style, findings=report.findings)
    parts = [*found, *([""] if found else []), matrix, "", verdict_line(report, style)]
    return "\n".join([*parts, *_next(report, style)])


def _next(report: CheckReport, style: Style) -> Iterator[str]:
    """Yield what to do next: look closer at what is red, write the contract that is missing."""
    closed = {t.relation for t in report.matrix.tables if t.kind not in _EXPLAINED}
    found = [f for f in report.errors if f.relation not in closed and _can_be_explained(f)]
    shown = min(found, key=lambda f: f.kind not in ("leak", "loss"), default=None)
    if shown is not None:
        relation, persona = shlex.quote(shown.relation), shlex.quote(shown.persona)
        command = "update" if shown.command == SIGN else shown.command
        why = f"access why {relation} --as {persona} --command {command}"
        yield style.dim(style.wrap(f"Why: `prospectr-db {why}`", indent=2))
    if report.contract is None and report.matrix.tables:
        first = "What is meant goes" if report.errors else "This goes"
        line = (
            f"{first} into supabase/access.toml by `prospectr-db access write`; "
            "`prospectr-db access check` keeps it so."
        )
        yield style.dim(style.wrap(line))


# What has policies of its own; views and functions are explained by the tables that they use.
_EXPLAINED = ("table",)


def _can_be_explained(finding: Finding) -> bool:
    commands = ("select", "insert", "update", "delete")
    return finding.command in commands and bool(finding.persona) and bool(finding.statement)


def written_text(report: Written, style: Style) -> str:
    """Return what was written, and what still needs a reason."""
    verb = "Wrote" if report.changed else "Nothing to change in"
    lines = [style.warn(f"note: {note}") for note in report.notes]
    lines += [f"{verb} {report.path}: {report.tables} tables, views and functions."]
    if report.stated:
        lines.append(style.warn("These are in the contract now; read them before you commit:"))
        lines += [style.wrap(f"  {one.sentence}", indent=4) for one in tell(report.stated)]
    if report.unreasoned:
        lines.append(style.warn("These need a reason under [accepted], or to be put right:"))
        lines += [style.wrap(f"  {one.sentence}", indent=4) for one in tell(report.unreasoned)]
    return "\n".join(lines)
