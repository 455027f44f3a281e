"""What a project has that the local database lacks, so that something fails on one side only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from prospectr_db.database.snapshot import Snapshot
from prospectr_db.doctor.findings import Finding

__all__ = ["between"]

# What every hosted project has for its own running, and no migration can count on.
_HOUSEKEEPING = {
    "roles": frozenset(
        {
            "cli_login_postgres",
            "pgbouncer",
            "supabase_etl_admin",
            "supabase_privileged_role",
            "supabase_read_only_user",
            "supabase_replication_admin",
        }
    ),
    "schemas": frozenset(
        {"_analytics", "_realtime", "_supabase", "pgbouncer", "supabase_migrations"}
    ),
}
_SESSION_ONLY = frozenset({"search_path", "client_encoding", "wal_level"})


def between(
    there: Snapshot,
    here: Snapshot,
    *,
    offered: Collection[str],
    settings: tuple[Mapping[str, str], Mapping[str, str]],
) -> Iterator[Finding]:
    """Yield what only the project has. ``offered`` are the extensions that can be created here."""
    yield from _extensions(there, here, offered)
    yield from _named(
        "schemas",
        there,
        here,
        "No migration creates them, so nothing that uses them can be rebuilt or tested.",
        "Bring them into a migration, or ignore them if another tool owns them.",
    )
    yield from _named(
        "roles",
        there,
        here,
        "Grants and policies that name them fail when the project is rebuilt.",
        "Create them in supabase/roles.sql.",
    )
    yield from _named(
        "event_triggers",
        there,
        here,
        "They run at every DDL statement: a migration may do more there, or be refused.",
        "Create them in a migration; on Supabase postgres may.",
    )
    yield from _settings(there, here, settings)


def _extensions(there: Snapshot, here: Snapshot, offered: Collection[str]) -> Iterator[Finding]:
    extra = sorted(there.of("extensions").keys() - here.of("extensions").keys())
    unknown = tuple(name for name in extra if name not in offered)
    if unknown:
        yield Finding(
            "extensions",
            "warning",
            "The project uses extensions that the local server cannot offer: "
            f"{', '.join(unknown)}.",
            "Migrations that create or use them cannot be replayed locally.",
            "Use a fuller server, --docker or --local, or point PROSPECTR_DB_EXTENSIONS at a copy "
            "if they are SQL only.",
            unknown,
        )
    known = tuple(name for name in extra if name in offered)
    if known:
        yield Finding(
            "extensions",
            "warning",
            f"The project has extensions that no migration creates: {', '.join(known)}.",
            "A rebuilt project lacks them; they were probably switched on in the dashboard.",
            "Add `create extension if not exists … with schema extensions` to a migration.",
            known,
        )
    moved = tuple(
        f"{name}: {facts['schema']} there, {mine['schema']} here"
        for name, facts in there.of("extensions").items()
        if (mine := here.of("extensions").get(name)) and mine["schema"] != facts["schema"]
    )
    if moved:
        yield Finding(
            "extensions",
            "warning",
            "Extensions live in other schemas there.",
            "Names that are qualified with the schema resolve on one side only.",
            "Name the schema in the migration's create extension.",
            moved,
        )


def _named(kind: str, there: Snapshot, here: Snapshot, why: str, todo: str) -> Iterator[Finding]:
    ignored = _HOUSEKEEPING.get(kind, frozenset())
    extra = tuple(sorted(there.of(kind).keys() - here.of(kind).keys() - ignored))
    if extra:
        words = kind.replace("_", " ")
        yield Finding(
            kind,
            "warning",
            f"The project has {words} that the local database lacks: {', '.join(extra)}.",
            why,
            todo,
            extra,
        )


def _settings(
    there: Snapshot, here: Snapshot, settings: tuple[Mapping[str, str], Mapping[str, str]]
) -> Iterator[Finding]:
    found = [
        f"{name} is {value} there, {settings[1].get(name, 'unset')} here"
        for name, value in sorted(settings[0].items())
        if name not in _SESSION_ONLY and settings[1].get(name) != value
    ]
    for kind, subject in (("roles", "role {}"), ("database", "the {}")):
        for name, facts in there.of(kind).items():
            mine: Mapping[str, Any] = here.of(kind).get(name, {})
            if kind == "roles" and not mine:
                continue  # told of as a role
            only = set(facts.get("settings") or ()) - set(mine.get("settings") or ())
            found += [f"{subject.format(name)}: {_masked(setting)}" for setting in sorted(only)]
    if found:
        yield Finding(
            "settings",
            "warning",
            f"{len(found)} settings differ from the local database.",
            "The same statement may time out, sort, or resolve names otherwise.",
            "Set what the project relies on in a migration, with alter role or alter database.",
            tuple(found),
        )


def _masked(setting: str) -> str:
    """Keep a setting's name and hide the value of one that may be a secret (app.settings.key)."""
    name, _, value = setting.partition("=")
    return f"{name}={value}" if "." not in name else f"{name}=***"
