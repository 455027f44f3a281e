"""Where a verb's throwaway databases come from, and what a project is for its target."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from prospectr_db.cli.app import Invocation

if TYPE_CHECKING:
    from prospectr_db.database.target import Target
    from prospectr_db.project import Project

__all__ = ["copies", "project_for", "throwaway"]


def throwaway(run: Invocation, *, seed: bool = False) -> AbstractContextManager[Target]:
    """Lend a copy of what the project's files say, which may be written to and is dropped after."""
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.server.project_server import CHECKS

    server = run.server(instance=CHECKS)
    return disposable(server, run.project, seed=seed, on_event=run.progress.show)


def copies(run: Invocation) -> Callable[[Project], AbstractContextManager[Target]]:
    """Return what lends a database in the state of a project's migrations, without its seeds."""
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.server.project_server import CHECKS

    server = run.server(instance=CHECKS)

    def lend(project: Project) -> AbstractContextManager[Target]:
        return disposable(server, project, seed=False)

    return lend


def project_for(run: Invocation, target: Target) -> Project:
    """Return the run's project as config.toml has it for a target: ``[remotes.NAME]`` counts."""
    from prospectr_db.project import for_remote

    if target.kind != "hosted":
        return run.project
    return for_remote(run.project, target.name, environment=run.environment)
