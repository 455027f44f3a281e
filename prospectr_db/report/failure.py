"""How an error is told: what failed, where, why, and what to do next."""

from __future__ import annotations

from typing import Any

from prospectr_db.errors import ProspectrError
from prospectr_db.report.jsons import plain
from prospectr_db.report.style import Style

__all__ = ["failure_document", "failure_text"]


def failure_document(error: ProspectrError) -> dict[str, Any]:
    """Return the JSON document of a failure."""
    return {"ok": False, "error": plain(error.as_dict())}


def failure_text(error: ProspectrError, style: Style) -> str:
    """Return a failure for a person."""
    details = error.details
    lines = [f"{style.bad('error:')} {error.message}"]
    if details.get("excerpt"):
        lines += ["", *(f"  {line}" for line in str(details["excerpt"]).splitlines()), ""]
    for label in ("detail", "context"):
        if details.get(label):
            first, *rest = str(details[label]).splitlines()
            lines += [style.dim(f"{label}: {first}"), *(style.dim(f"  {line}") for line in rest)]
    if details.get("sqlstate"):
        lines.append(style.dim(f"SQLSTATE {details['sqlstate']}"))
    if error.hint:
        lines.append(f"{style.bold('hint:')} {error.hint}")
    return "\n".join(lines)
