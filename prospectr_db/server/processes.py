"""Whether a process still runs."""

from __future__ import annotations

import os

__all__ = ["is_alive"]


def is_alive(process: int) -> bool:
    """Whether there is a process of this number, whoever owns it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
