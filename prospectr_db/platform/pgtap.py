"""Where pgTAP is found: the project's node_modules, or a package of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.errors import ConfigError
from prospectr_db.platform.sources import Source, open_source

__all__ = ["HOW_TO_GET_IT", "PgTap", "find_pgtap"]

NAME = "pgtap"
HOW_TO_GET_IT = (
    "pgTAP is SQL only, so any copy will do. Install your system's package (Debian and Ubuntu: "
    "postgresql-NN-pgtap), or put it beside the project with `npm install --save-dev "
    "@electric-sql/pglite-pgtap`, or name the folder that holds pgtap.control in "
    "PROSPECTR_DB_EXTENSIONS."
)

# Archives in which npm packages carry the extension, below a node_modules folder.
_PACKED = ("@electric-sql/pglite-pgtap/dist/pgtap.tar.gz", "@electric-sql/pglite/dist/pgtap.tar.gz")
# Where packagers put a PostgreSQL's extension folder.
_INSTALLED = (
    "usr/share/postgresql/*/extension",
    "usr/share/postgresql/extension",
    "usr/share/postgresql*/extension",
    "usr/share/pgsql/extension",
    "usr/pgsql-*/share/extension",
    "usr/local/share/postgresql*/extension",
    "usr/local/pgsql/share/extension",
    "usr/local/opt/postgresql*/share/postgresql*/extension",
    "opt/homebrew/share/postgresql*/extension",
    "opt/homebrew/opt/postgresql*/share/postgresql*/extension",
    "Applications/Postgres.app/Contents/Versions/*/share/postgresql/extension",
    "run/current-system/sw/share/postgresql/extension",
)


@dataclass(frozen=True, slots=True)
class PgTap:
    """A copy of pgTAP: a folder or an archive, and the version it holds, such as ``1.3.3``."""

    path: Path
    version: str

    def open(self) -> Source:
        """Read its files."""
        return open_source(self.path, only=NAME)


def find_pgtap(project_root: Path, *, filesystem: Path = Path("/")) -> PgTap | None:
    """Return the newest pgTAP of the project's node_modules or of this machine's packages."""
    found: dict[str, PgTap] = {}
    for path in _places(project_root.resolve(), filesystem):
        try:
            source = open_source(path, only=NAME)
        except ConfigError:
            continue  # an extension folder without pgTAP, or an unreadable archive: look further
        version = source.version(NAME)
        if version and NAME in source.names():
            found.setdefault(version, PgTap(path, version))
    return found[max(found, key=_as_numbers)] if found else None


def _places(project_root: Path, filesystem: Path) -> Iterator[Path]:
    for folder in (project_root, *project_root.parents):
        for packed in _PACKED:
            archive = folder / "node_modules" / packed
            if archive.is_file():
                yield archive
    for pattern in _INSTALLED:
        yield from sorted(filesystem.glob(pattern))


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
