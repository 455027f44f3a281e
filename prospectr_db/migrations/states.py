"""Which states a project goes through, and how one is reached: copied where known, else replayed.

A state is named by the hash of everything that leads to it: the platform, and each file in the
order in which it runs. A state that was reached before is kept as a template and copied; otherwise
the deepest known state is copied and only what comes after it is run.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.errors import SqlError, UsageError
from prospectr_db.migrations.events import MigrationApplied, MigrationStarted
from prospectr_db.project import Config, Migration, Project, SeedFile, SqlFile
from prospectr_db.server.project_server import DATABASE, ProjectServer
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["LOCK", "Prepared", "migrations_of", "prepare", "reach"]

OnEvent = Callable[[object], None]

LOCK = 0x70726F73  # any number, the same in every process
"""The advisory lock on a server's memory under which states are made."""
_REVISION = "1"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The template that holds a project's state, and the files that ran to reach it."""

    template: Template
    replayed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One file, or one part of config.toml; ``digest`` is the hash of what it holds."""

    label: str
    digest: str
    run: Callable[[Connection[Any], OnEvent], object] | None = None
    migration: Migration | None = None


def prepare(
    server: ProjectServer,
    project: Project,
    *,
    seed: bool = True,
    to: str | None = None,
    on_event: OnEvent = lambda _event: None,
) -> Prepared:
    """Return the template of a project's state, building it first if it is not known.

    Building happens in the server's database ``postgres``, because migrations may name it: use a
    server that nobody works on (`server.project_server.CHECKS`).
    """
    with server.memory() as memory:
        memory.execute("select pg_advisory_lock(%s)", (LOCK,))
        return reach(server, memory, project, seed=seed, to=to, on_event=on_event)[0]


def reach(
    server: ProjectServer,
    memory: Connection[Any],
    project: Project,
    *,
    seed: bool,
    to: str | None,
    on_event: OnEvent,
) -> tuple[Prepared, bool]:
    """Return what `prepare` does, and whether the database ``postgres`` is in that state now.

    ``memory`` is the server's, and holds `LOCK`.
    """
    steps = _steps(project, seed=seed, to=to)
    return _prepare(server, memory, steps, project.config.auto_expose_new_tables, on_event)


def _prepare(
    server: ProjectServer,
    memory: Connection[Any],
    steps: Sequence[_Step],
    expose: bool | None,
    on_event: OnEvent,
) -> tuple[Prepared, bool]:
    templates = Templates(memory)
    base = server.platform(memory, expose=expose)
    keys = _chain(base.key, steps)
    known = templates.deepest(keys)
    assert known is not None  # noqa: S101 - the first key is the platform's own
    template = templates.find(keys[known])
    assert template is not None  # noqa: S101 - found a moment ago, under the lock
    if known == len(steps):
        templates.remember_chain(keys)
        return Prepared(template, ()), False
    templates.make(template, DATABASE)
    server.freshen(template, DATABASE)
    reached = known
    for stop in _stops(known, steps, keys, templates.last_chain()):
        reached = _run(server, templates, steps, keys, reached, stop, on_event)
    templates.remember_chain(keys)
    templates.prune(spare=keys)
    final = templates.find(keys[-1])
    assert final is not None  # noqa: S101 - the last stop is the end
    return Prepared(final, tuple(step.label for step in steps[known:])), True


def _run(
    server: ProjectServer,
    templates: Templates,
    steps: Sequence[_Step],
    keys: Sequence[str],
    reached: int,
    stop: int,
    on_event: OnEvent,
) -> int:
    """Run the steps up to a stop and keep the state there; also the one before a failure."""
    # Here and below: a reset that only copies does not wait for the engine to be loaded.
    from prospectr_db.migrations.apply import apply_files

    progress = _Counted(steps, reached, on_event)
    try:
        with connect_as_migrator(server.target(), autocommit=True) as connection:
            while progress.reached < stop:
                step = steps[progress.reached]
                if step.run is not None:
                    step.run(connection, on_event)
                    progress.reached += 1
                else:
                    # One call for all that follow each other: it tells of each as it commits.
                    apply_files(
                        connection, _run_of_migrations(steps[progress.reached : stop]), progress
                    )
    except SqlError:
        if templates.find(keys[progress.reached]) is None:
            templates.take(DATABASE, keys[progress.reached])
        raise
    templates.take(DATABASE, keys[stop])
    return stop


class _Counted:
    """Passes events on, counting committed migrations as steps reached, over the whole project."""

    def __init__(self, steps: Sequence[_Step], reached: int, on_event: OnEvent) -> None:
        self.reached = reached
        self._steps = steps
        self._on_event = on_event
        self._total = sum(1 for step in steps if step.migration)

    def __call__(self, event: object) -> None:
        """Tell one event."""
        if isinstance(event, MigrationStarted | MigrationApplied):
            before = sum(1 for step in self._steps[: self.reached] if step.migration)
            event = replace(event, index=before + 1, total=self._total)
            if isinstance(event, MigrationApplied):
                self.reached += 1
        self._on_event(event)


def _run_of_migrations(steps: Sequence[_Step]) -> list[Migration]:
    """Return the migrations at the beginning of some steps."""
    return [
        step.migration
        for step in itertools.takewhile(lambda step: step.migration is not None, steps)
        if step.migration is not None
    ]


def _stops(
    known: int, steps: Sequence[_Step], keys: Sequence[str], last: Sequence[str]
) -> list[int]:
    """Return the positions at which a state is worth keeping.

    The end; before the seeds; before the last migration, which is the one that is being written;
    and before whatever differs from the last run, because it will be edited again.
    """
    migrated = max((at for at, step in enumerate(steps, 1) if step.migration), default=0)
    differs = next(
        (at for at, (old, new) in enumerate(zip(last, keys, strict=False)) if old != new),
        len(keys),
    )
    wanted = {len(steps), migrated, migrated - 1, differs - 1}
    return sorted(stop for stop in wanted if known < stop <= len(steps))


def _chain(base: str, steps: Sequence[_Step]) -> list[str]:
    """Return the name of each state: before the first step, and after each."""
    keys = [base]
    for step in steps:
        text = "\0".join((_REVISION, keys[-1], step.label, step.digest))
        keys.append(hashlib.blake2s(text.encode(), digest_size=10).hexdigest())
    return keys


def migrations_of(project: Project, to: str | None) -> tuple[Migration, ...]:
    """Return a project's migrations, up to a version; raises UsageError if there is no such."""
    if not project.config.migrations_enabled:
        return ()
    if to is not None and to not in {migration.version for migration in project.migrations}:
        raise UsageError(
            f"There is no migration with version {to}.",
            hint="`prospectr-db status` lists the versions.",
        )
    return tuple(
        migration for migration in project.migrations if to is None or migration.version <= to
    )


def _steps(project: Project, *, seed: bool, to: str | None) -> list[_Step]:
    """Return what leads to a project's state, in the order of Supabase's own reset."""
    config, steps = project.config, []
    if config.vault:
        secrets = {name: secret.reveal() for name, secret in config.vault.items()}
        steps.append(_Step("vault", _digest(secrets), partial(_put_secrets, config)))
    if project.roles:
        steps.append(
            _Step(project.roles.label, project.roles.sha256, partial(_run_file, project.roles))
        )
    migrations = [
        _Step(migration.label, migration.sha256, migration=migration)
        for migration in migrations_of(project, to)
    ]
    steps += [*_hook_steps(project, "before-migrate"), *migrations]
    if to is None and project.repeatable:
        digests = [file.sha256 for file in project.repeatable]
        steps.append(_Step("repeatable", _digest(digests), partial(_run_repeatable, project)))
    steps += _hook_steps(project, "after-migrate")
    if seed and to is None:
        steps += [
            _Step(file.label, file.sha256, partial(_run_seed, file)) for file in project.seeds
        ]
    if config.buckets:
        buckets = [asdict(bucket) for bucket in config.buckets]
        steps.append(_Step("buckets", _digest(buckets), partial(_put_buckets, config)))
    return steps


def _put_secrets(config: Config, connection: Connection[Any], _on_event: OnEvent) -> None:
    from prospectr_db.migrations.configured import apply_vault

    apply_vault(connection, config.vault)


def _put_buckets(config: Config, connection: Connection[Any], _on_event: OnEvent) -> None:
    from prospectr_db.migrations.configured import apply_buckets

    apply_buckets(connection, config.buckets)


def _run_seed(file: SeedFile, connection: Connection[Any], on_event: OnEvent) -> None:
    from prospectr_db.migrations.seed import apply_seeds

    apply_seeds(connection, [file], on_event=on_event)


def _hook_steps(project: Project, name: str) -> list[_Step]:
    if not (project.supabase / "hooks" / f"{name}.sql").exists():
        return []
    from prospectr_db.migrations.extras import hook

    file = hook(project, name)
    return [_Step(file.label, file.sha256, partial(_run_file, file))] if file else []


def _run_repeatable(project: Project, connection: Connection[Any], on_event: OnEvent) -> None:
    from prospectr_db.migrations.extras import apply_repeatable

    apply_repeatable(connection, project.repeatable, on_event)


def _run_file(file: SqlFile, connection: Connection[Any], on_event: OnEvent) -> None:
    from prospectr_db.migrations.execution import Session
    from prospectr_db.migrations.extras import run_file

    run_file(Session.on(connection, on_event=on_event), file)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
