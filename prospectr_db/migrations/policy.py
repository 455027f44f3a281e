"""The choices a command line offers, apart from the code that follows them, so that it is quick."""

from __future__ import annotations

from enum import Enum

__all__ = ["RecordedAs", "When"]


class When(Enum):
    """Which seeds run. The Supabase CLI's way is ``once``: it only notes that a file changed."""

    ONCE = "once"
    ON_CHANGE = "on-change"
    ALWAYS = "always"


class RecordedAs(Enum):
    """What a repair makes of a version."""

    APPLIED = "applied"
    REVERTED = "reverted"
