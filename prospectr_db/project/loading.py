"""Which files of a supabase/ folder are what, by the Supabase CLI's own rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from prospectr_db.errors import MigrationFileError, ProjectNotFoundError
from prospectr_db.project.config import Config, read_config
from prospectr_db.project.files import SqlFile, digest_file, read_sql

__all__ = ["MIGRATION_NAME", "Migration", "Project", "SeedFile", "empty", "for_remote", "load"]

MIGRATION_NAME = re.compile(r"([0-9]+)_(.*)\.sql", re.DOTALL)
# The CLI of 2021 wrote its own first migration, which later ones skip.
_OLD_INIT = re.compile(r"([0-9]{14})_init\.sql")
_OLD_INIT_BEFORE = "20211209000000"


@dataclass(frozen=True, slots=True)
class Migration(SqlFile):
    """One migration, or one rollback script of the same version and name."""

    version: str
    name: str

    @property
    def filename(self) -> str:
        """Return ``VERSION_name.sql``."""
        return f"{self.version}_{self.name}.sql"


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A seed: ``label`` is the path under which it is recorded, ``size`` its length in bytes.

    Its content is not held: a seed may be larger than memory.
    """

    path: Path
    label: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that holds supabase/, read once.

    ``migrations``, ``rollbacks`` and ``repeatable`` are in the order in which they run. ``notes``
    say what was skipped or is not supported, ``skipped`` those of them that are about migrations.
    """

    root: Path
    config: Config
    migrations: tuple[Migration, ...]
    seeds: tuple[SeedFile, ...]
    roles: SqlFile | None
    schemas: tuple[SqlFile, ...]
    rollbacks: tuple[Migration, ...]
    repeatable: tuple[SqlFile, ...]
    access_contract: Path | None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def supabase(self) -> Path:
        """Return the folder supabase/."""
        return self.root / "supabase"

    @property
    def migrations_folder(self) -> Path:
        """Return the folder that migrations live in, whether or not it exists yet."""
        return self.supabase / "migrations"


def load(
    root: Path, *, environment: Mapping[str, str] | None = None, ref: str | None = None
) -> Project:
    """Read the project in ``root``, the folder that contains supabase/.

    ``environment`` gives the values of ``env(NAME)`` in config.toml; ``ref`` is the hosted project
    whose ``[remotes.NAME]`` is laid over it. Raises ProjectNotFoundError,
    ConfigError, or MigrationFileError for a file that cannot be used or a version given twice.
    """
    folder = _find(root)
    config = read_config(folder / "config.toml", "supabase/config.toml", environment or {}, ref=ref)
    skipped: list[str] = []
    migrations = _versioned(root, folder / "migrations", skipped)
    notes = [*config.notes, *skipped]
    seeds = _seeds(root, folder, config, notes) if config.seed_enabled else ()
    roles = folder / "roles.sql"
    contract = folder / "access.toml"
    return Project(
        root=root,
        config=config,
        migrations=migrations,
        seeds=seeds,
        roles=read_sql(roles, "supabase/roles.sql") if _present(roles) else None,
        schemas=tuple(
            read_sql(path, _label(root, path))
            for path in _expand(folder, config.schema_paths, notes, "schema_paths")
        ),
        rollbacks=_versioned(root, folder / "rollbacks", notes),
        repeatable=tuple(
            read_sql(path, _label(root, path))
            for path in _in_byte_order((folder / "repeatable").glob("*.sql"))
        ),
        access_contract=contract if contract.exists() else None,
        notes=tuple(notes),
        skipped=tuple(skipped),
    )


def empty(root: Path) -> Project:
    """Return the project of a folder that has no supabase/ yet: no files, and the defaults."""
    return Project(root, Config(), (), (), None, (), (), (), None)


def for_remote(
    project: Project, ref: str, *, environment: Mapping[str, str] | None = None
) -> Project:
    """Return the project as config.toml has it for a hosted project, by its ref.

    It is the same one where no ``[remotes.NAME]`` names that ref.
    """
    if any(remote.project_id == ref for remote in project.config.remotes):
        return load(project.root, environment=environment, ref=ref)
    return project


def _find(root: Path) -> Path:
    folder = root / "supabase"
    if folder.is_dir():
        return folder
    if not root.exists():
        raise ProjectNotFoundError(
            f"The folder {root} does not exist.", hint="Check the path given with --project."
        )
    if not root.is_dir():
        raise ProjectNotFoundError(
            f"{root} is not a folder.", hint="Give the folder that contains supabase/."
        )
    resolved = root.resolve()
    inside = [part for part in (resolved, *resolved.parents) if part.name == "supabase"]
    looks_inside = inside and (
        (inside[0] / "migrations").is_dir() or (inside[0] / "config.toml").is_file()
    )
    if looks_inside:
        raise ProjectNotFoundError(
            f"{root} is inside a supabase/ folder; the project is the folder that contains it.",
            hint=f"Use --project {inside[0].parent}",
        )
    raise ProjectNotFoundError(
        f"There is no supabase/ folder in {resolved}.",
        hint="Change into your project or name it with --project DIR; a new one starts with "
        "`mkdir -p supabase/migrations`.",
    )


def _versioned(root: Path, folder: Path, notes: list[str]) -> tuple[Migration, ...]:
    """Return the migrations of a folder by version, compared as strings as the CLI does."""
    found: dict[str, Migration] = {}
    if not folder.is_dir():
        return ()
    for index, path in enumerate(_in_byte_order(folder.iterdir())):
        label = _label(root, path)
        match = MIGRATION_NAME.fullmatch(path.name)
        if match is None:
            if not path.name.startswith("."):
                notes.append(f"{label} was skipped: its name is not VERSION_name.sql.")
            continue
        old = _OLD_INIT.fullmatch(path.name)
        if index == 0 and old and old[1] < _OLD_INIT_BEFORE:
            notes.append(f"{label} was skipped: the Supabase CLI skips a first _init.sql of 2021.")
            continue
        version, name = match[1], match[2]
        if version in found:
            raise MigrationFileError(
                f"{found[version].label} and {label} have the same version {version}.",
                hint="Give one of them another version: rename the file that has not been applied "
                "anywhere yet.",
                file=label,
                other_file=found[version].label,
                version=version,
            )
        file = read_sql(path, label)
        found[version] = Migration(file.path, label, file.text, file.sha256, version, name)
    return tuple(found[version] for version in sorted(found))


def _seeds(root: Path, folder: Path, config: Config, notes: list[str]) -> tuple[SeedFile, ...]:
    quiet = config.path is None or config.raw.get("db", {}).get("seed", {}).get("sql_paths") is None
    seeds = []
    for path in _expand(folder, config.seed_paths, [] if quiet else notes, "seed.sql_paths"):
        label = _label(root, path)
        seeds.append(SeedFile(path, label, *digest_file(path, label)))
    return tuple(seeds)


def _expand(folder: Path, patterns: Iterable[str], notes: list[str], key: str) -> tuple[Path, ...]:
    """Return the files of each glob, in config order and byte-sorted inside each, once each."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        # Not Path.glob: patterns may begin with ./ or ../ or /, which it does not take.
        matches = [
            folder / match
            for match in glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
            if not (has_magic(pattern) and (folder / match).is_dir())
        ]
        if not matches:
            notes.append(f"supabase/config.toml: {key} {pattern!r} matches no file.")
        found.update(dict.fromkeys(_in_byte_order(matches)))
    return tuple(found)


def _in_byte_order(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: str(path).encode("utf-8", "surrogateescape"))


def _label(root: Path, path: Path) -> str:
    """Return the path relative to the project, ``.`` and ``..`` folded, as the CLI shows it."""
    parts: list[str] = []
    for part in path.relative_to(root).parts if path.is_relative_to(root) else path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts).replace("//", "/")


def _present(path: Path) -> bool:
    return path.exists() or path.is_symlink()
