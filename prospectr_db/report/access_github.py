"""The answer of an access check for a pull request: annotations and a Markdown summary."""

from __future__ import annotations

import re

from prospectr_db.access.check import CheckReport
from prospectr_db.access.review.telling import tell
from prospectr_db.access.review.told import Told
from prospectr_db.project import Project
from prospectr_db.report.access_places import Places
from prospectr_db.report.access_size import size_of

__all__ = ["github_annotations", "markdown_text"]

# GitHub shows so many annotations of each level for a step, and drops the rest silently.
_MOST_SHOWN = 10
# A comment on a pull request holds 65,536 characters; a step's summary 1 MiB.
_MOST_CHARACTERS = 60_000
_SIGNS = re.compile(r"([\\`*\[\]~#|])|(?<!\w)_|_(?!\w)")


def github_annotations(report: CheckReport, project: Project) -> str:
    """Return GitHub's workflow commands, one line each, and one that counts what is not shown."""
    places = Places(project)
    by_level: dict[str, list[Told]] = {}
    for one in tell(report.findings):
        by_level.setdefault("notice" if one.severity == "note" else one.severity, []).append(one)
    lines: list[str] = []
    for level, told in by_level.items():
        fits = len(told) <= _MOST_SHOWN
        shown = told if fits else told[: _MOST_SHOWN - 1]
        for one in shown:
            place = places.of(one.findings[0])
            properties = f"file={_property(place.path)},line={place.line}"
            title = _property(f"access: {one.kind}")
            lines.append(f"::{level} {properties},title={title}::{_data(one.sentence)}")
        if not fits:
            more = len(told) - len(shown)
            lines.append(
                f"::{level} title=access::{more} more; the job's log and summary have all."
            )
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def markdown_text(report: CheckReport) -> str:
    """Return a summary for a pull request, short enough for a comment."""
    errors = tell(report.errors)
    warnings = [one for one in tell(report.findings) if one.severity == "warning"]
    lines = [f"### Database access: {_state(report)}", ""]
    for title, told in (("what is wrong", errors), ("worth a look", warnings)):
        if not told:
            continue
        lines += [f"| | {title} |", "|---|---|"]
        size = sum(map(len, lines))
        for number, one in enumerate(told):
            row = f"| **{one.kind}** | {_cell(one.sentence)} |"
            size += len(row) + 1
            if size > _MOST_CHARACTERS:
                lines.append(f"| | and {len(told) - number} more: the job's log has all |")
                break
            lines.append(row)
        lines.append("")
    lines += [
        (
            f"{size_of(report.matrix.tables) or 'No table'}, {report.matrix.probes} statements in "
            f"{report.seconds:.1f} s. Self-test: {_cell(report.sabotage)}."
        ),
        "",
    ]
    return "\n".join(lines)


def _state(report: CheckReport) -> str:
    if report.contract is None:
        return "nothing to object to" if report.ok else "needs attention"
    return "as the contract says" if report.ok else "not as the contract says"


def _cell(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, nobody mentioned."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _SIGNS.sub(lambda sign: f"\\{sign[0]}", escaped.replace("@", "&#64;"))
    return re.sub(r"\s+", " ", escaped)
