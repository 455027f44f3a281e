"""How a reset reads."""

from __future__ import annotations

from prospectr_db.migrations.reset import Reset
from prospectr_db.report.style import Style

__all__ = ["reset_done"]


def reset_done(report: Reset, style: Style) -> str:
    """Return what a reset did, in a line."""
    lines = [style.warn(f"note: {note}") for note in report.notes]
    parts = [f"{report.migrations} migrations", f"{report.seeds} seed files"]
    ran = len(report.replayed)
    how = f"{ran} run" if ran else "nothing changed: copied"
    lines.append(
        f"{style.good('reset')} {report.database}: {', '.join(parts)} ({how})"
        f" in {report.seconds:.2f} s"
    )
    return "\n".join(lines)
