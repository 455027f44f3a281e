"""How it reads that a project's schema is being built on a copy."""

from __future__ import annotations

from prospectr_db.report.progress import line_for
from prospectr_db.report.style import Style
from prospectr_db.schema.copying import Rebuilding

__all__: list[str] = []


@line_for.register
def _(event: Rebuilding, style: Style) -> str:  # noqa: ARG001 - the signature of all
    return f"building a copy of {event.target}'s schema ({event.objects} objects)"
