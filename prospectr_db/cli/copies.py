"""Where a verb's throwaway databases come from: the server that nobody works on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from prospectr_db.cli.app import Invocation

if TYPE_CHECKING:
    from prospectr_db.database.target import Target
    from prospectr_db.project import Project

__all__ = ["copies"]


def copies(run: Invocation) -> Callable[[Project], AbstractContextManager[Target]]:
    """Return what lends a database in the state of a project's migrations, without its seeds."""
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.server.embedded import CHECKS

    server = run.server(instance=CHECKS)

    def lend(project: Project) -> AbstractContextManager[Target]:
        return disposable(server, project, seed=False)

    return lend
