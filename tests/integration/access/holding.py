"""A schema held to its contract, for the question that most tests ask: what does a change break?"""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.database import Target
from tests.integration.access import held
from tests.integration.access.held import run

__all__ = ["Held", "hold", "run"]

Held = Callable[[str], set[str]]
"""Applies a change and returns the errors of the check, as sentences."""


def hold(target: Target, schema: str) -> Held:
    """Build a right schema and write its contract; errors of the rules fail the test."""
    return held.hold(target, schema).after
