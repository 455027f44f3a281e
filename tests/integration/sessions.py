"""Sessions of the server's: they end a moment after their clients."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["wait_until_alone"]

_OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and pid <> pg_backend_pid() and backend_type = 'client backend'"
)


def wait_until_alone(value: Callable[[str], object]) -> None:
    """Wait until no other session is in the database; ``value`` answers a question there.

    What a session did, also to statistics, is there for others by the time it is gone.
    """
    while value(_OTHERS):
        time.sleep(0.02)
