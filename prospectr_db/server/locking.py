"""A lock that processes of one user share, so that ten of them start one server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prospectr_db.errors import ServerError

__all__ = ["exclusive"]


@contextmanager
def exclusive(folder: Path, name: str) -> Iterator[Path]:
    """Hold the lock of a name, and lend its file; waits for whoever holds it. Raises ServerError.

    The holder may remove the file: whoever waited for it looks whether it still is the lock.
    """
    path = folder / f"{name}.lock"
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = path.open("w")
        except OSError as error:
            raise ServerError(
                f"The folder for the server's files cannot be used: {error}",
                hint="Set PROSPECTR_DB_HOME to a folder that you may write to.",
            ) from error
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still(path, handle.fileno()):
                yield path
                return


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
