"""Which seeds run; apart from what runs them, so that a command line can offer it cheaply."""

from __future__ import annotations

from enum import Enum

__all__ = ["When"]


class When(Enum):
    """Which seeds run. The Supabase CLI's way is ``once``: it only notes that a file changed."""

    ONCE = "once"
    ON_CHANGE = "on-change"
    ALWAYS = "always"
