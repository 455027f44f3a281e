"""How migrations read: their progress, and what each verb about them answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prospectr_db.migrations.comparison import State
from prospectr_db.migrations.events import (
    AppliedElsewhere,
    ExtraApplied,
    MigrationApplied,
    Retrying,
    RolledBack,
    SeedApplied,
    SeedProgress,
    ServerNotice,
    StepApplied,
    WaitingForLock,
    WaitingForRun,
)
from prospectr_db.report.progress import line_for
from prospectr_db.report.style import Style

if TYPE_CHECKING:
    from prospectr_db.migrations.apply import Applied
    from prospectr_db.migrations.bundle import Bundled
    from prospectr_db.migrations.new import NewMigration
    from prospectr_db.migrations.seed import Seeded
    from prospectr_db.migrations.status import Status

__all__ = ["applied", "bundled", "new_migration", "seeded", "status_table"]

_MEGABYTE = 1_000_000


@line_for.register
def _(event: MigrationApplied, style: Style) -> str:
    place = style.dim(f"{event.index:>{len(str(event.total))}}/{event.total}")
    return f"{place} {event.version}_{event.name} {style.dim(_seconds(event.seconds))}"


@line_for.register
def _(event: StepApplied, style: Style) -> str:
    return style.dim(
        f"    step {event.step}/{event.steps} {event.command.lower()} {_seconds(event.seconds)}"
    )


@line_for.register
def _(event: AppliedElsewhere, style: Style) -> str:
    return style.dim(f"{event.version}_{event.name} was applied by another run")


@line_for.register
def _(event: WaitingForRun, style: Style) -> str:
    return style.warn(
        f"another run is migrating this database; waiting up to {event.seconds:.0f} s"
    )


@line_for.register
def _(event: WaitingForLock, style: Style) -> str:
    return style.warn(f"{event.version} waits for {event.blocker}")


@line_for.register
def _(event: Retrying, style: Style) -> str:
    return style.warn(
        f"{event.version} was rolled back ({event.reason}); attempt {event.attempt + 1} of "
        f"{event.attempts} in {event.seconds:.1f} s"
    )


@line_for.register
def _(event: ExtraApplied, style: Style) -> str:
    return f"{event.path} {style.dim(_seconds(event.seconds))}"


@line_for.register
def _(event: RolledBack, style: Style) -> str:
    return f"{event.version} {style.dim('rolled back')}"


@line_for.register
def _(event: ServerNotice, style: Style) -> str | None:
    if event.severity != "WARNING":
        return None
    return style.warn(f"{event.file}: {event.severity.lower()}: {event.message}")


@line_for.register
def _(event: SeedProgress, style: Style) -> str:
    share = 100 * event.sent // max(1, event.size)
    return style.dim(f"    {event.path} {share}% of {event.size / _MEGABYTE:.0f} MB")


@line_for.register
def _(event: SeedApplied, style: Style) -> str:
    rows = f"{event.rows} rows " if event.rows else ""
    return f"{event.path} {style.dim(rows + _seconds(event.seconds))}"


def applied(report: Applied, style: Style) -> str:
    """Return what `migrate` did."""
    lines = _notes(report.notes, style)
    count = len(report.applied)
    if count or report.repeated:
        summary = f"{style.good('applied')} {_counted(count, 'migration')} to {report.target}"
    else:
        summary = f"{style.good('up to date')}: {report.target} has " + _counted(
            report.already_applied, "migration"
        )
    if report.repeated:
        summary += f", {_counted(len(report.repeated), 'repeatable file')}"
    if report.elsewhere:
        summary += f" ({len(report.elsewhere)} by another run meanwhile)"
    lines.append(f"{summary} in {_seconds(report.seconds)}")
    return "\n".join(lines)


def status_table(report: Status, style: Style) -> str:
    """Return every version with its state, then what does not agree and the way out of it."""
    lines = _notes(report.notes, style)
    if report.migrations:
        rows = [
            (entry.version, entry.name, _painted(entry.state, style)) for entry in report.migrations
        ]
        lines.append(style.table(("version", "name", "state"), rows))
    if report.seeds:
        lines.append(
            style.table(("seed", "state"), [(item.path, item.state) for item in report.seeds])
        )
    for way in report.problems:
        lines += [f"{style.warn('!')} {way.problem}", f"  {style.dim(way.way_out)}"]
    done = sum(entry.state in _DONE for entry in report.migrations)
    waiting = len(report.pending)
    verdict = style.good("up to date") if report.up_to_date else style.warn("not up to date")
    lines.append(f"{report.target}: {verdict}, {done} applied, {waiting} pending")
    return "\n".join(lines)


def new_migration(report: NewMigration, style: Style) -> str:
    """Return the path of the file that was made, alone, ready for an editor."""
    del style
    return report.path


def seeded(report: Seeded, style: Style) -> str:
    """Return what `seed` did."""
    lines = _notes(report.notes, style)
    lines += [
        style.warn(
            f"note: {item.path} changed since it ran. The new hash was recorded, the file was not "
            "run again (as the Supabase CLI does); --when on-change runs it."
        )
        for item in report.seeds
        if item.action == "changed"
    ]
    ran = [item for item in report.seeds if item.action == "ran"]
    if ran:
        rows = sum(item.rows for item in ran)
        what = f"{style.good('seeded')} {report.target}: {_counted(len(ran), 'file')}, {rows} rows"
    elif report.seeds:
        what = f"{style.good('up to date')}: every seed has run on {report.target}"
    else:
        what = "there are no seeds"
    lines.append(f"{what} in {_seconds(report.seconds)}")
    return "\n".join(lines)


def bundled(report: Bundled, style: Style) -> str:
    """Return what became of the bundle."""
    size = f"{_counted(report.migrations, 'migration')}, {report.bytes / 1000:.0f} kB"
    if not report.up_to_date:
        return (
            f"{style.bad('stale')}: {report.path} is not what the migrations say; "
            "run `prospectr-db bundle`"
        )
    verb = "wrote" if report.written else "up to date:"
    return f"{style.good(verb)} {report.path} ({size})"


_DONE = frozenset({State.APPLIED, State.EDITED, State.RENAMED})


def _painted(state: State, style: Style) -> str:
    if state is State.APPLIED:
        return style.good(state.value)
    return style.dim(state.value) if state is State.PENDING else style.warn(state.value)


def _notes(notes: Iterable[str], style: Style) -> list[str]:
    return [style.warn(f"note: {note}") for note in notes]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
