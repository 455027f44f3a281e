"""What supabase/config.toml says, as typed values, with a note for all that is not done here.

Keys and defaults are the Supabase CLI's:
https://supabase.com/docs/guides/local-development/cli/config
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prospectr_db.project.document import Document, is_variable, parse, with_environment
from prospectr_db.project.files import decode, read_bytes
from prospectr_db.project.remotes import overridden

__all__ = ["Bucket", "Config", "Hook", "Remote", "Secret", "read_config"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_EMPTY: Mapping[str, Any] = MappingProxyType({})

# The sections that decide what the database holds.
_READ = frozenset({"api", "db", "project_id", "remotes", "storage"})
# Keys that change what the database holds and that nothing here carries out.
_NOT_DONE = {
    ("db", "settings"): "server settings",
    ("storage", "analytics", "buckets"): "analytics buckets",
    ("storage", "vector", "buckets"): "vector buckets",
    ("experimental", "orioledb_version"): "OrioleDB",
}


class Secret:
    """A value that cannot be printed by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value: for the database only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One ``[storage.buckets.NAME]``; ``file_size_limit`` in bytes, None for no own limit."""

    name: str
    public: bool
    file_size_limit: int | None
    allowed_mime_types: tuple[str, ...]
    objects_path: str | None


@dataclass(frozen=True, slots=True)
class Hook:
    """One ``[auth.hook.NAME]``; ``uri`` such as ``pg-functions://postgres/public/hook``."""

    name: str
    enabled: bool
    uri: str


@dataclass(frozen=True, slots=True)
class Remote:
    """One ``[remotes.NAME]``: a hosted project, and what it overrides."""

    name: str
    project_id: str
    overrides: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """The part of config.toml that concerns the database, defaults filled in.

    ``auto_expose_new_tables`` is None where the file does not say. ``path`` is None where there
    is no file. ``notes`` say what the file asks for that is not done here; ``raw`` is the whole
    document with ``env(…)`` replaced.
    """

    path: Path | None = None
    project_id: str = ""
    api_schemas: tuple[str, ...] = ("public", "graphql_public")
    api_extra_search_path: tuple[str, ...] = ("public", "extensions")
    api_max_rows: int = 1000
    auto_expose_new_tables: bool | None = None
    db_port: int = 54322
    db_major_version: int = 17
    migrations_enabled: bool = True
    schema_paths: tuple[str, ...] = ()
    seed_enabled: bool = True
    seed_paths: tuple[str, ...] = ("./seed.sql",)
    vault: Mapping[str, Secret] = field(default_factory=lambda: _EMPTY)
    buckets: tuple[Bucket, ...] = ()
    remotes: tuple[Remote, ...] = ()
    auth_hooks: tuple[Hook, ...] = ()
    notes: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)


def read_config(
    path: Path, label: str, environment: Mapping[str, str], *, ref: str | None = None
) -> Config:
    """Read config.toml; a file that does not exist gives the defaults.

    ``ref`` is the hosted project that is spoken to: the ``[remotes.NAME]`` with that project_id
    is laid over the rest, as the Supabase CLI does. Raises ConfigError with file, line and column
    where it is not TOML, and with the key where a value has the wrong type.
    """
    if not path.exists() and not path.is_symlink():
        return Config()
    text = decode(read_bytes(path, label), label)
    document = parse(text, label)
    unset: list[str] = []
    # Keys that nothing here reads may stay without a value: they are other services' secrets.
    read = {
        key: with_environment(document.pop(key), environment, unset)
        for key in _READ & set(document)
    }
    reader = Document({**with_environment(document, environment, []), **read}, label)
    remotes = tuple(_remotes(reader))
    if ref is not None:
        chosen = {remote.name: remote.overrides for remote in remotes if remote.project_id == ref}
        reader.document = overridden(reader.document, chosen, label=label)
    notes = [
        f"{label}: the environment variable {name} is not set; env({name}) was left as it is."
        for name in dict.fromkeys(unset)
    ]
    notes += [
        f"{label}: [{'.'.join(keys)}] is not supported here ({what}); it was left out."
        for keys, what in _NOT_DONE.items()
        if reader.get(keys)
    ]
    return Config(
        path=path,
        project_id=reader.text("project_id", default=""),
        api_schemas=reader.texts("api", "schemas", default=("public", "graphql_public")),
        api_extra_search_path=reader.texts(
            "api", "extra_search_path", default=("public", "extensions")
        ),
        api_max_rows=reader.number("api", "max_rows", default=1000),
        auto_expose_new_tables=reader.maybe_flag("api", "auto_expose_new_tables"),
        db_port=reader.number("db", "port", default=54322),
        db_major_version=reader.number("db", "major_version", default=17),
        migrations_enabled=reader.flag("db", "migrations", "enabled", default=True),
        schema_paths=reader.texts("db", "migrations", "schema_paths", default=()),
        seed_enabled=reader.flag("db", "seed", "enabled", default=True),
        seed_paths=reader.texts("db", "seed", "sql_paths", default=("./seed.sql",)),
        vault=_vault(reader, notes),
        buckets=tuple(_buckets(reader, notes)),
        remotes=remotes,
        auth_hooks=tuple(_hooks(reader)),
        notes=tuple(notes),
        raw=MappingProxyType(reader.document),
    )


def _vault(reader: Document, notes: list[str]) -> Mapping[str, Secret]:
    secrets = {}
    for name in reader.table("db", "vault"):
        value = reader.text("db", "vault", name, default="")
        if not value or is_variable(value):
            notes.append(f"{reader.label}: [db.vault] {name} has no value; it was not stored.")
            continue
        secrets[name] = Secret(value)
    return MappingProxyType(secrets)


def _buckets(reader: Document, notes: list[str]) -> list[Bucket]:
    buckets = []
    for name in reader.table("storage", "buckets"):
        at = ("storage", "buckets", name)
        reader.table(*at)
        objects = reader.text(*at, "objects_path", default="") or None
        if objects:
            notes.append(
                f"{reader.label}: the files below {objects} are not uploaded to the bucket {name}; "
                "only the bucket itself is made."
            )
        buckets.append(
            Bucket(
                name=name,
                public=reader.flag(*at, "public", default=False),
                file_size_limit=_size(reader, (*at, "file_size_limit")),
                allowed_mime_types=reader.texts(*at, "allowed_mime_types", default=()),
                objects_path=objects,
            )
        )
    return buckets


def _size(reader: Document, keys: tuple[str, ...]) -> int | None:
    """Return a size such as ``50MiB`` in bytes (the CLI counts in powers of 1024)."""
    found = reader.get(keys)
    if found is None or found == "":
        return None
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    match = _SIZE.fullmatch(found.strip()) if isinstance(found, str) else None
    if match is None:
        raise reader.wrong(keys, 'a size such as "50MiB"', found)
    power = " kmgtp".index(match[2].lower() or " ")
    return int(float(match[1]) * 1024**power)


def _remotes(reader: Document) -> list[Remote]:
    return [
        Remote(
            name=name,
            project_id=reader.text("remotes", name, "project_id", default=""),
            overrides=MappingProxyType(dict(reader.table("remotes", name))),
        )
        for name in reader.table("remotes")
    ]


def _hooks(reader: Document) -> list[Hook]:
    return [
        Hook(
            name=name,
            enabled=reader.flag("auth", "hook", name, "enabled", default=False),
            uri=reader.text("auth", "hook", name, "uri", default=""),
        )
        for name in reader.table("auth", "hook")
    ]
