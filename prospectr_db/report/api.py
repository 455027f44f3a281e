"""How the local Data API, its comparison with the database, and a seed through it read."""

from __future__ import annotations

from dataclasses import dataclass

from prospectr_db.api.compare import ApiComparison, CellDifference
from prospectr_db.api.node import Installing
from prospectr_db.api.seed import ApiSeed, UserCreated
from prospectr_db.report.access import finding_lines
from prospectr_db.report.progress import line_for
from prospectr_db.report.style import Style

__all__ = ["Serving", "comparison_text", "seeded_text", "serving_text"]

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Serving:
    """What a front end needs to know; the keys are for this machine's copy only."""

    url: str
    anon_key: str
    service_role_key: str
    log: str


@line_for.register
def _(event: Installing, style: Style) -> str:
    return style.dim(f"installing {event.packages} (once) into {event.folder}")


@line_for.register
def _(event: UserCreated, style: Style) -> str:
    return style.dim(f"user {event.email} {'created' if event.is_new else 'is there already'}")


def serving_text(report: Serving, style: Style) -> str:
    """Return the variables that Supabase's clients are configured with, ready for an .env file."""
    del style
    return "\n".join(
        (
            f"SUPABASE_URL={report.url}",
            f"SUPABASE_ANON_KEY={report.anon_key}",
            f"SUPABASE_SERVICE_ROLE_KEY={report.service_role_key}",
        )
    )


def comparison_text(report: ApiComparison, style: Style) -> str:
    """Return the cells that disagree, what could not be asked, and a verdict."""
    lines = [line for found in report.differences[:_MOST_SHOWN] for line in _cell(found, style)]
    if len(report.differences) > _MOST_SHOWN:
        lines.append(f"… and {len(report.differences) - _MOST_SHOWN} more (--json has them all)")
    left_out = sum(report.not_expressible.values())
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in report.verdicts.items())
    lines += finding_lines(report.held.check.findings, style)
    lines += [
        _count(report, verdicts),
        style.dim(f"{left_out} probes have no request in the Data API and were not asked"),
        _contract_line(report),
        style.dim(f"self-test: {report.sabotage}"),
    ]
    if not report.unchanged:
        lines.append(style.bad("grants, policies or functions are not what they were before"))
    return "\n".join([*lines, _verdict(report, style)])


def _contract_line(report: ApiComparison) -> str:
    """Return how much of the contract was asked over HTTP, and what was not."""
    held = report.held
    if held.check.contract is None:
        return "no access.toml: held to what a careful reviewer asks"
    rest = ", ".join(f"{count} {command}" for command, count in held.left_out.items())
    total = held.entries + sum(held.left_out.values())
    return (
        f"held to the contract: {held.entries} of its {total} entries, and {held.forbidden} that "
        f"it does not mention" + (f"; no request expresses the rest: {rest}" if rest else "")
    )


def _verdict(report: ApiComparison, style: Style) -> str:
    if report.differences:
        return style.bad(
            f"the Data API and the database disagree in {len(report.differences)} cells"
        )
    errors = len(report.held.check.errors)
    if errors:
        return style.bad(f"NOT OK: over HTTP {errors} findings")
    if not report.unchanged:
        return style.bad("NOT OK: asking the Data API left something behind")
    said = f"the Data API and the database agree in all of them, in {report.seconds:.1f} s"
    return style.good(said) if report.ok else style.bad("nothing was compared")


def _count(report: ApiComparison, verdicts: str) -> str:
    relations, personas = len(report.relations), len(report.personas)
    return f"{report.cells} cells of {relations} relations, {personas} personas: {verdicts}"


def seeded_text(report: ApiSeed, style: Style) -> str:
    """Return what was created through the API."""
    lines = [f"{table}: {count} rows" for table, count in report.rows.items()]
    lines.append(
        style.good("seeded")
        + f" {report.url} through the API: {report.users_created} users created, "
        f"{report.users_found} were there, {sum(report.rows.values())} rows"
    )
    return "\n".join(lines)


def _cell(found: CellDifference, style: Style) -> list[str]:
    column = f".{found.column}" if found.column else ""
    rows = f" ({found.rows})" if found.rows else ""
    where = f"{found.persona} {found.command} {found.relation}{column}{rows}"
    here, there = style.good(found.by_database), style.bad(found.by_api)
    return [
        f"{where}: {here} in the database, {there} over HTTP",
        f"    {found.statement}",
        f"    {found.request}" + (f"  -> {found.message}" if found.message else ""),
    ]
