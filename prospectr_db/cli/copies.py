"""Where a verb's throwaway databases come from, and what a project is for its target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from prospectr_db.cli.app import Invocation
from prospectr_db.errors import ProjectNotFoundError

if TYPE_CHECKING:
    from prospectr_db.access.hosted import Hosted
    from prospectr_db.database.target import Target
    from prospectr_db.project import Project
    from prospectr_db.schema.copying import Rebuilt

__all__ = ["Observed", "copies", "observed", "of_files", "project_for", "rebuild", "throwaway"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a verb observes: a disposable database, and the project that it is held to.

    ``hosted`` is about the project that the database is a copy of; None where the database is what
    the project's files say. ``older``: they do not say that new tables are granted by themselves,
    and nothing in them makes sense otherwise.
    """

    target: Target
    project: Project
    hosted: Hosted | None = None
    older: bool = False


@contextmanager
def observed(run: Invocation, *, believed: bool = True) -> Iterator[Observed]:
    """Lend what to observe: a copy of the database that was named, else the project's own state.

    Of a database that was named only the schema is read, and nothing is written to it. With
    ``believed`` a copy that is not what it should be raises SchemaDiffersError; without, whoever
    asks tells of it himself.
    """
    if not run.is_remote:
        with of_files(run, undone=True) as seen:
            yield seen
        return
    from prospectr_db.access.hosted import Hosted

    target = run.target()
    _allow_no_project(run)
    project = project_for(run, target)
    with rebuild(run, target) as built:
        if believed:
            built.require()
        if built.exposed is not None:
            config = replace(project.config, api_schemas=built.exposed)
            project = replace(project, config=config)
        migrated = partial(copies(run), project) if project.migrations else None
        about = Hosted(built.source, built.compared, built.problems, built.notes, migrated)
        yield Observed(built.target, project, about)


@contextmanager
def of_files(run: Invocation, *, undone: bool = False) -> Iterator[Observed]:
    """Lend the state of the project's files; of an older project's with the grants it relied on.

    ``undone``: whoever borrows it leaves it as it was.
    """
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.exposure import is_granted, is_of_older_project
    from prospectr_db.access.verify import contract_path, exposed_schemas

    project = run.project
    exposed = exposed_schemas(project)
    contract = read_contract(contract_path(project))
    is_silent = project.config.auto_expose_new_tables is None
    with throwaway(run, undone=undone) as target:
        if not is_silent or not is_of_older_project(target, exposed, contract):
            yield Observed(target, project)
            return
    config = replace(project.config, auto_expose_new_tables=True)
    with throwaway(run, replace(project, config=config), undone=undone) as target:
        if contract is not None or is_granted(target, exposed):
            yield Observed(target, project, older=True)
            return
    with throwaway(run, undone=undone) as target:
        yield Observed(target, project)  # its migrations take away what would be given


@contextmanager
def rebuild(run: Invocation, target: Target) -> Iterator[Rebuilt]:
    """Lend a copy of a database, made from its schema on a server that is kept for such copies."""
    from prospectr_db.schema.copying import rebuilt
    from prospectr_db.schema.dumping import find_pg_dump
    from prospectr_db.schema.reading import read_schema
    from prospectr_db.server.project_server import COPIES

    schema = read_schema(target, partial(find_pg_dump, run.settings.bin_dir))
    with rebuilt(run.server(instance=COPIES), schema, on_event=run.progress.show) as built:
        yield built


def _allow_no_project(run: Invocation) -> None:
    """Let a folder without supabase/ be a project without migrations: the database has them."""
    from prospectr_db.project import empty

    try:
        run.project  # noqa: B018 - reads the folder
    except ProjectNotFoundError:
        # Inside of supabase/ it is the wrong folder, not one without a project.
        if not run.project_dir.is_dir() or "supabase" in run.project_dir.resolve().parts:
            raise
        vars(run)["project"] = empty(run.project_dir)


def throwaway(
    run: Invocation, project: Project | None = None, *, seed: bool = False, undone: bool = False
) -> AbstractContextManager[Target]:
    """Lend a copy of what the project's files say, which may be written to and is dropped after.

    ``project`` is another reading of these files than the run's.

    ``undone``: whoever borrows it leaves it as it was, so that it can be kept for the next.
    """
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.server.project_server import CHECKS

    server = run.server(instance=CHECKS)
    read = project or run.project
    return disposable(server, read, seed=seed, undone=undone, on_event=run.progress.show)


def copies(run: Invocation) -> Callable[[Project], AbstractContextManager[Target]]:
    """Return what lends a database in the state of a project's migrations, without its seeds."""
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.server.project_server import CHECKS

    def lend(project: Project) -> AbstractContextManager[Target]:
        return disposable(run.server(instance=CHECKS), project, seed=False)

    return lend


def project_for(run: Invocation, target: Target) -> Project:
    """Return the run's project as config.toml has it for a target: ``[remotes.NAME]`` counts."""
    from prospectr_db.project import for_remote

    if target.kind != "hosted":
        return run.project
    return for_remote(run.project, target.name, environment=run.environment)
