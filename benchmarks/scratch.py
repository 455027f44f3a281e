"""A database of a measurement's own, on the server that checks run on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prospectr_db.server.embedded import EmbeddedServer

REPOSITORY = Path(__file__).resolve().parent.parent


@contextmanager
def scratch(prefix: str) -> Iterator[tuple[EmbeddedServer, str]]:
    """Lend the server and the name of a database that holds a project's platform, and no more."""
    from prospectr_db.server.embedded import CHECKS, ensure
    from prospectr_db.server.settings import settings_from
    from prospectr_db.server.templates import Templates

    settings = settings_from(os.environ, is_root=os.geteuid() == 0)
    server = ensure(REPOSITORY, settings, instance=CHECKS)
    name = f"{prefix}_{os.getpid()}"
    try:
        with server.memory() as memory:
            Templates(memory).copy(server.platform(memory), name)
        yield server, name
    finally:
        with server.memory() as memory:
            memory.execute(f'drop database if exists "{name}" with (force)')
