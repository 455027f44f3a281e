"""How a witness and a mutation score are shown in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.mutants import MutationReport
from prospectr_db.access.witness.why import Why
from prospectr_db.report.style import Style

__all__ = ["mutation_text", "why_text"]


def why_text(report: Why, style: Style) -> str:
    """Return the row, the statement, the grants and the policies that decided."""
    column = f" ({report.column})" if report.column else ""
    paint = style.good if report.verdict == "allowed" else style.bold
    lines = [
        f"{report.persona}: {report.command}{column} on {report.relation}, {report.rows} rows: "
        + paint(report.verdict)
    ]
    if report.reason:
        lines.append(style.dim(f"  {report.reason}"))
    lines += ["", style.bold("The row")]
    lines += [f"  {name} = {value}" for name, value in report.row.items() if value is not None]
    lines += ["", style.bold("Paste this (as a superuser; it brings its rows and undoes itself)")]
    lines += [report.script, "", style.bold("Grants")]
    lines += [f"  {grant}" for grant in report.grants] or ["  none"]
    lines += ["", style.bold("Policies") + ("" if report.rls else " (row-level security is off)")]
    lines += _policies(report)
    return "\n".join(lines)


def _policies(report: Why) -> Iterator[str]:
    if report.command == "truncate":
        yield "  none is asked: TRUNCATE is a matter of the grant alone"
    elif not report.policies:
        yield "  none"
    shown = ""
    for policy in report.policies:
        mark = "decides" if policy.applies else "does not apply"
        kind = "" if policy.permissive else ", restrictive"
        line = f'  "{policy.name}" for {policy.command} to {", ".join(policy.roles)}{kind}: {mark}'
        if line != shown:
            yield line
            shown = line
        for part in policy.parts if policy.applies else ():
            lead = policy.kind if not part.depth else " " * len(policy.kind)
            yield f"    {lead} {'  ' * part.depth}{part.expression}  =>  {part.value}"


def mutation_text(report: MutationReport, style: Style) -> str:
    """Return the survivors, then the score."""
    lines = []
    for mutant in report.mutants:
        if mutant.outcome == "survived":
            lines.append(f"{style.bad('survived')}  {mutant.change}")
            lines.append(style.dim(f"          {mutant.statement};"))
    paint = style.good if report.ok else style.bad
    rate = len(report.mutants) / report.seconds if report.seconds else 0
    lines.append(
        paint(
            f"{report.score} % killed: {report.killed} killed, {report.survived} survived, "
            f"{report.equivalent} that changed nobody's access, "
            f"{report.impossible} impossible "
            f"({len(report.mutants)} mutants in {report.seconds:.1f} s, {rate:.0f} per second)."
        )
    )
    return "\n".join(lines)
