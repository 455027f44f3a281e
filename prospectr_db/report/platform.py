"""How a comparison with Supabase reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prospectr_db.platform.check import Difference, PlatformReport
from prospectr_db.platform.install import Profile
from prospectr_db.report.style import Style

__all__ = ["platform_check"]

_ERAS = {Profile.CURRENT: "c (autumn 2026)", Profile.SEED: "s (mid-2025)"}


def platform_check(report: PlatformReport, style: Style) -> str:
    """Return the differences, the serious ones first, and a one-line verdict."""
    minor = tuple(found for found in report.differences if found.severity == "minor")
    lines: list[str] = []
    for heading, differences in (
        (style.bad("changes what tests and migrations do"), report.serious),
        (style.dim("otherwise different"), minor),
    ):
        if differences:
            lines += [f"{heading} ({len(differences)})", *map(_line, differences), ""]
    verdict = (
        f"{report.agreeing} objects of the platform as believed, "
        f"{len(report.differences)} differences, profile {_ERAS[report.profile]}"
    )
    lines.append(style.good(verdict) if report.is_as_believed else style.bad(verdict))
    return "\n".join(lines)


def _line(found: Difference) -> str:
    place = f"  {found.what:<10}{found.kind.replace('_', ' ')}: {found.name}"
    if found.what != "different":
        return place
    return f"{place}: expected {_facts(found.expected)}; found {_facts(found.found)}"


def _facts(facts: Mapping[str, Any] | None) -> str:
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in (facts or {}).items()
    )
