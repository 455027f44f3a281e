"""How an examination reads."""

from __future__ import annotations

from prospectr_db.doctor.findings import DoctorReport, Finding
from prospectr_db.report.style import Style

__all__ = ["doctor_text"]


def doctor_text(report: DoctorReport, style: Style) -> str:
    """Return the facts, each finding with why and what to do, and a one-line verdict."""
    lines = [f"{style.bold(report.name)}  {report.url}  ({report.route})"]
    lines += [f"  {name:<21}{value}" for name, value in report.facts]
    for found in report.findings:
        lines += ["", *_finding(found, style)]
    if not report.compared:
        lines += ["", style.dim("Not compared with a local database (--no-compare).")]
    problems = sum(found.severity == "problem" for found in report.findings)
    warnings = sum(found.severity == "warning" for found in report.findings)
    verdict = f"{problems} problems, {warnings} warnings; nothing was written"
    return "\n".join([*lines, "", style.good(verdict) if report.ok else style.bad(verdict)])


def _finding(found: Finding, style: Style) -> list[str]:
    paint = {"problem": style.bad, "warning": style.warn, "note": style.dim}[found.severity]
    return [
        f"{paint(found.severity)} ({found.check.replace('_', ' ')}) {found.what}",
        *(f"    - {name}" for name in found.objects),
        f"    why: {found.why}",
        f"    do:  {found.todo}",
    ]
