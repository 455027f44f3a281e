"""How the verbs that care for the history read."""

from __future__ import annotations

from prospectr_db.migrations.fetch import Fetched
from prospectr_db.migrations.repair import Change, Repaired
from prospectr_db.migrations.restamp import Reconciled, Restamped
from prospectr_db.migrations.rollback import RollbackCheck, Undone
from prospectr_db.report.plan import changes_text
from prospectr_db.report.style import Style

__all__ = ["fetched", "reconciled", "repaired", "restamped", "rollbacks_checked", "undone"]

_FETCHED = {
    "written": "written",
    "same": "is the same",
    "differs": "differs",
    "unknown": "no statements were recorded",
}


def repaired(report: Repaired, style: Style) -> str:
    """Return what became of each version."""
    lines = [
        f"{version} {style.warn(change.value) if change is Change.NONE else change.value}"
        for version, change in report.versions
    ]
    return "\n".join([*lines, f"{style.good('repaired')} the history of {report.target}"])


def fetched(report: Fetched, style: Style) -> str:
    """Return what became of each file."""
    if not report.files:
        return f"{report.target} has no history"
    lines = []
    for item in report.files:
        said = _FETCHED[item.action]
        painted = style.good(said) if item.action in {"written", "same"} else style.warn(said)
        lines.append(f"{item.path} {painted}")
        if item.diff:
            lines.append(item.diff.rstrip("\n"))
    return "\n".join(lines)


def restamped(report: Restamped, style: Style) -> str:
    """Return each file's old and new name."""
    if not report.files:
        return f"{style.good('nothing to restamp')}: no file is older than what is applied"
    return "\n".join(f"{item.before} -> {style.good(item.after)}" for item in report.files)


def reconciled(report: Reconciled, style: Style) -> str:
    """Return each disagreement with its way out."""
    if not report.proposals:
        return f"{style.good('nothing to reconcile')}: {report.target} has nothing of its own"
    lines = []
    for item in report.proposals:
        mark = style.good("done") if item.done else style.warn(item.kind)
        lines += [f"{mark} {item.what}"]
        lines += [] if item.done else [f"  {style.dim(item.command)}"]
    return "\n".join(lines)


def undone(report: Undone, style: Style) -> str:
    """Return which versions were taken back."""
    if not report.versions:
        return f"{report.target}: nothing to take back"
    return f"{style.good('rolled back')} {', '.join(report.versions)} on {report.target}"


def rollbacks_checked(report: RollbackCheck, style: Style) -> str:
    """Return for each rollback whether it is exact, and what it leaves."""
    lines = []
    for item in report.checked:
        verdict = style.good("exact") if item.ok else style.bad("not exact")
        lines.append(f"{item.version}_{item.name} {verdict}")
        if item.error:
            lines.append(f"  {item.error}")
        lines += [f"  left behind: {line}" for line in changes_text(item.left, style)]
        lines += [f"  after a second run: {line}" for line in changes_text(item.again, style)]
    if not report.checked:
        lines.append(style.warn("there is no rollback to check: supabase/rollbacks is empty"))
    elif report.without:
        lines.append(style.dim(f"{len(report.without)} migrations have no rollback"))
    return "\n".join(lines)
