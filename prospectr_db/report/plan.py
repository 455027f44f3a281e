"""How a plan, a drift and a squash read: on a terminal, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from prospectr_db.database.snapshot import Change
from prospectr_db.migrations.access_change import AccessChange
from prospectr_db.migrations.drift import Drift
from prospectr_db.migrations.plan import Plan
from prospectr_db.migrations.rehearsal import Effect, RehearsedMigration
from prospectr_db.migrations.row_questions import RowQuestion
from prospectr_db.migrations.squash import Squashed
from prospectr_db.report.style import Style

__all__ = ["changes_text", "drift_text", "plan_markdown", "plan_text", "squashed"]

_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_WIDEST_FACT = 160
_NOT_SEEN = "who gains or loses access could not be observed"
_WAY_OUT = (
    "A leak is mended by a policy or a grant; if it is meant, state it in supabase/access.toml."
)


def plan_text(report: Plan, style: Style) -> str:
    """Return a plan for a terminal."""
    lines = [style.warn(f"note: {note}") for note in report.notes]
    if not report.migrations:
        return "\n".join([*lines, f"{style.good('up to date')}: nothing is pending"])
    for migration in report.migrations:
        lines += ["", style.bold(migration.file), *_migration_lines(migration, style)]
    if report.changes:
        lines += ["", style.bold("what changes"), *changes_text(report.changes, style)]
    if report.rows:
        lines += ["", style.bold("what depends on rows"), *_row_lines(report.rows, style)]
    if report.access is not None:
        lines += ["", style.bold("who gains or loses access"), *_access_lines(report, style)]
    if report.access_error:
        lines += ["", style.bad(f"{_NOT_SEEN}: {report.access_error}")]
    if report.findings:
        lines += ["", style.bold("squawk")]
        lines += [
            f"  {finding.file}:{finding.line} {style.warn(finding.rule)} {finding.message}"
            for finding in report.findings
        ]
    lines += ["", *(style.bad(f"danger: {danger}") for danger in report.dangers)]
    failed = sum(item.error is not None for item in report.migrations)
    leaks = f", {len(report.leaks)} leaking" if report.leaks else ""
    verdict = style.good("ready") if report.ok else style.bad("not ready")
    count = len(report.migrations)
    lines.append(f"{verdict}: {count} to run on {report.target}, {failed} failing{leaks}")
    return "\n".join(lines)


def plan_markdown(report: Plan, style: Style) -> str:
    """Return a plan as Markdown."""
    plain = Style(width=style.width, color=False)
    verdict = "ready" if report.ok else "**not ready**"
    lines = [f"### Migration plan for {report.target}: {verdict}", ""]
    if not report.migrations:
        lines += ["Nothing is pending.", ""]
    for migration in report.migrations:
        lines += [f"#### `{migration.file}`", "", "```text"]
        lines += [*_migration_lines(migration, plain), "```", ""]
    if report.dangers:
        lines += ["#### Dangers", "", *(f"- {danger}" for danger in report.dangers), ""]
    if report.changes:
        lines += ["#### What changes", "", "```diff", *changes_text(report.changes, plain, pad="")]
        lines += ["```", ""]
    if report.rows:
        lines += ["#### What depends on rows", "", "```text"]
        lines += [*_row_lines(report.rows, plain, pad=""), "```", ""]
    if report.access is not None:
        lines += ["#### Who gains or loses access", "", *_access_items(report), ""]
    if report.access_error:
        lines += [f"**{_NOT_SEEN}**: {report.access_error}", ""]
    if report.findings:
        lines += ["#### squawk", "", "| place | rule | remark |", "|---|---|---|"]
        lines += [
            f"| {finding.file}:{finding.line} | {finding.rule} | {_cell(finding.message)} |"
            for finding in report.findings
        ]
        lines.append("")
    lines += [f"> {note}" for note in report.notes]
    return "\n".join(lines).rstrip()


def _migration_lines(migration: RehearsedMigration, style: Style) -> list[str]:
    lines = []
    for statement in migration.statements:
        head = f"  {statement.line:>4} {statement.text[: max(40, style.width - 8)]}"
        lines.append(head)
        if statement.alone:
            lines.append(style.dim("       runs by itself, outside a transaction"))
        lines += [f"       {_effect(effect, style)}" for effect in statement.effects]
    if migration.error:
        lines.append(style.bad(f"  fails: {migration.error['message']}"))
        lines += [f"    {line}" for line in str(migration.error.get("excerpt") or "").split("\n")]
        if migration.error.get("hint"):
            lines.append(f"    hint: {migration.error['hint']}")
    return lines


def _row_lines(questions: Sequence[RowQuestion], style: Style, *, pad: str = "  ") -> Iterator[str]:
    """Return what each rule or loss comes to; where it matters, the query that finds the rows."""
    for question in questions:
        place = f"{question.file}:{question.line}"
        if question.found == 0:
            yield f"{pad}{style.good('ok')} {place} {question.sentence}"
            continue
        if question.found is None:
            not_asked = question.error or "not asked"
            yield f"{pad}{style.warn('?')} {place} {question.sentence} ({not_asked})"
        else:
            mark = "loss" if question.is_loss else "fails"
            mended = " (an earlier statement writes to it)" if question.changed_before else ""
            yield f"{pad}{style.bad(mark)} {place} {question.sentence}{mended}"
        if question.query:
            yield f"{pad}  {style.dim(question.query)}"


def _access_lines(report: Plan, style: Style) -> list[str]:
    if not report.access:
        return ["  nobody"]
    paint = {"leak": style.bad, "loss": style.warn, "gain": style.good}
    lines = []
    for change in report.access:
        lines.append(f"  {paint.get(change.kind, style.dim)(change.kind)}: {change.sentence}")
        if change.kind == "leak" and change.statement:
            lines.append(f"    {style.dim(_fact(change.statement))}")
    return [*lines, *([f"  {_WAY_OUT}"] if report.leaks else [])]


def _access_items(report: Plan) -> list[str]:
    """Return Markdown's list; a leak is bold, and its statement can be run by hand."""
    items = []
    for change in report.access or ():
        kind = "**leak**" if change.kind == "leak" else change.kind
        items.append(f"- {kind}: {_sentence(change)}")
        if change.kind == "leak" and change.statement:
            items.append(f"  `{_fact(change.statement).replace('`', ' ')}`")
    if report.leaks:
        items += ["", _WAY_OUT]
    return items or ["Nobody."]


def _sentence(change: AccessChange) -> str:
    return change.sentence.replace("_", "\\_").replace("*", "\\*").replace("<", "&lt;")


def _effect(effect: Effect, style: Style) -> str:
    does = [f"locks {effect.table} ({effect.lock})"] if effect.lock else [effect.table]
    if effect.blocks and effect.lock:
        does.append(f"blocks {effect.blocks}")
    if effect.rewrites:
        does.append(style.warn("rewrites it"))
    elif effect.scans:
        does.append(style.warn("reads all of it"))
    if effect.rows is not None:
        does.append(f"about {effect.rows} rows, {(effect.bytes or 0) / 1e6:.1f} MB")
    return ", ".join(does)


def changes_text(changes: Sequence[Change], style: Style, *, pad: str = "  ") -> list[str]:
    """Return one line for each object that differs, and what differs of it."""
    paint = {"added": style.good, "removed": style.bad, "changed": style.warn}
    lines = []
    for change in changes:
        lines.append(f"{pad}{paint[change.action](_MARKS[change.action])} {change.object}")
        if change.action == "changed":
            lines += [
                f"{pad}    {fact}: {_fact((change.before or {}).get(fact))} -> "
                f"{_fact((change.after or {}).get(fact))}"
                for fact in change.what
            ]
    return lines


def _fact(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _WIDEST_FACT else f"{text[:_WIDEST_FACT]}…"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def drift_text(report: Drift, style: Style) -> str:
    """Return what a database has otherwise than its migrations say."""
    lines = [style.warn(f"note: {note}") for note in report.notes]
    if report.ok:
        lines.append(
            f"{style.good('no drift')}: {report.target} is what its migrations say "
            f"({report.compared} objects compared)"
        )
    else:
        lines += changes_text(report.changes, style)
        lines.append(
            f"{style.bad('drift')}: {len(report.changes)} objects of {report.target} are not what "
            "its migrations say (+ only there, - gone there, ~ changed there)"
        )
    return "\n".join(lines)


def squashed(report: Squashed, style: Style) -> str:
    """Return what a squash did, or why it did not."""
    if report.ok:
        head = (
            f"{style.good('squashed')} {len(report.removed)} files into {report.path} "
            f"({report.statements} statements); both build the same database, rows included"
        )
        if report.unproven:
            head += (
                f"\nnote: differs with every build, so only its presence was compared: "
                f"{', '.join(report.unproven)}"
            )
        tail = ["On a database that has the old files, bring the history in line:"]
        return "\n".join([head, *tail, *(f"  {line}" for line in report.commands)])
    lines = [style.bad("not squashed: one file would not build the same database")]
    lines += changes_text(report.changes, style)
    lines += [f"  {item.name}: {item.what}" for item in report.rows]
    return "\n".join(lines)
