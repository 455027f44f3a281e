"""Where files of an extension that is SQL only can be read from: a folder, or a tar archive."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.errors import ConfigError

__all__ = ["Source", "open_source"]

_DEFAULT_VERSION = re.compile(r"(?m)^\s*default_version\s*=\s*'([^']+)'")
_NEEDS_A_LIBRARY = re.compile(r"MODULE_PATHNAME|\blanguage\s+'?c\b", re.IGNORECASE)
_LARGEST_FILE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """Extensions in one place: ``files`` maps the names of control files and scripts to text."""

    path: Path
    files: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Return the extensions that need no library: their install script is all of them."""
        return tuple(
            sorted(
                name
                for name in (Path(file).stem for file in self.files if file.endswith(".control"))
                if "--" not in name and self.version(name) and self._is_sql_only(name)
            )
        )

    def version(self, name: str) -> str | None:
        """Return an extension's default version, or None where it is not here."""
        found = _DEFAULT_VERSION.search(self.files.get(f"{name}.control", ""))
        return found[1] if found else None

    def trusted(self, name: str) -> dict[str, str]:
        """Return an extension's files, its control file marked trusted."""
        control = self.files[f"{name}.control"]
        kept = re.sub(r"(?m)^\s*(trusted|superuser)\s*=.*\n?", "", control)
        scripts = {file: text for file, text in self.files.items() if file.startswith(f"{name}--")}
        return {f"{name}.control": f"{kept.rstrip()}\ntrusted = true\n", **scripts}

    def _is_sql_only(self, name: str) -> bool:
        script = self.files.get(f"{name}--{self.version(name)}.sql")
        return script is not None and not _NEEDS_A_LIBRARY.search(script)


def open_source(path: Path, *, only: str = "*") -> Source:
    """Read a folder (or its folder ``extension``), or an archive such as ``pgtap.tar.gz``.

    ``only`` is a pattern for the extensions' names. Raises ConfigError where there is none.
    """
    files = _archived(path, only) if path.is_file() else _in_folder(path, only)
    if not any(file.endswith(".control") for file in files):
        raise ConfigError(
            f"There is no extension in {path}.",
            hint="PROSPECTR_DB_EXTENSIONS names folders that hold NAME.control and "
            "NAME--VERSION.sql, or that hold them in a folder called extension, or .tar.gz "
            "archives of such a folder.",
        )
    return Source(path, files)


def _in_folder(path: Path, only: str) -> dict[str, str]:
    for folder in (path, path / "extension"):
        if any(folder.glob(f"{only}.control")):
            found = (*folder.glob(f"{only}.control"), *folder.glob(f"{only}--*"))
            try:
                return {file.name: file.read_text(encoding="utf-8") for file in sorted(found)}
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"The extensions in {folder} cannot be read: {error}",
                    hint="Give this account the right to read them, or name another folder.",
                ) from error
    return {}


def _archived(path: Path, only: str) -> dict[str, str]:
    files: dict[str, str] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name)
                is_wanted = name.match(f"{only}.control") or name.match(f"{only}--*")
                if not (member.isfile() and is_wanted and member.size <= _LARGEST_FILE):
                    continue
                content = archive.extractfile(member)
                if content is not None:
                    files[name.name] = content.read().decode("utf-8")
    except (tarfile.TarError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{path} cannot be read as an archive of extensions: {error}",
            hint="Name a folder, or a .tar.gz archive that holds a folder called extension.",
        ) from error
    return files
