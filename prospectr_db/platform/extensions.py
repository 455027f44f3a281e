"""Which extensions a server that we start offers beyond its own, and what is said of the rest."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from prospectr_db.errors import ExtensionNotAvailableError, ProspectrError
from prospectr_db.platform.sources import Source, open_source
from prospectr_db.resources import sql_root

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["add", "available", "explain_missing", "explained", "prepare", "revision", "standins"]

# Modules that are not marked as trusted, but that `postgres` may create on Supabase: there
# supautils lends it a superuser's rights for them (its setting supautils.privileged_extensions).
LENT = (
    "autoinc",
    "bloom",
    "dblink",
    "dict_xsyn",
    "earthdistance",
    "insert_username",
    "moddatetime",
    "pg_buffercache",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_walinspect",
    "pgrowlocks",
    "pgstattuple",
    "postgres_fdw",
    "refint",
    "vector",
    "xml2",
)
# Modules of which Supabase's newest servers offer an older version than PostgreSQL 18 does: what is
# offered would otherwise look like an update that was missed.
OLDER: Mapping[str, str] = MappingProxyType({"pg_stat_statements": "1.11"})
STAMP = "prepared"
_NONE: Mapping[str, Path] = MappingProxyType({})
_INCLUDE = re.compile(r"^\\ir\s+(\S+)\s*$", re.MULTILINE)
_DEFAULT_VERSION = re.compile(r"(?m)^default_version\s*=\s*'([^']+)'")
_MISSING = re.compile(r'extension "([^"]+)" is not available|extension/([^/"]+)\.control')
_FOR_VERSIONS = re.compile(r"\.(from|before)-([\d.]+)\.sql$")
_EARLIER_VERSIONS = re.compile(r"(?m)^# earlier versions:\s*(.+)$")


def standins() -> dict[str, Path]:
    """Return the folder of every stand-in extension by its name."""
    return {
        control.stem: control.parent
        for control in sorted((sql_root() / "extensions").glob("*/*.control"))
    }


def revision() -> str:
    """Return a digest of everything that `prepare` would write, for the platform's revision."""
    digest = hashlib.sha256("\0".join((*LENT, *(f"{n} {v}" for n, v in OLDER.items()))).encode())
    for name, folder in standins().items():
        for file, text in _standin(folder, name).items():
            digest.update(f"\0{file}\0{text}".encode())
    return digest.hexdigest()[:16]


def prepare(
    directory: Path,
    *,
    share_dir: Path,
    extra_dirs: Sequence[Path] = (),
    named: Mapping[str, Path] = _NONE,
) -> None:
    """Build the folder that the server's ``extension_control_path`` names.

    ``share_dir`` is the server's own share directory (``pg_config --sharedir``). ``extra_dirs``
    (folders, or .tar.gz archives: see `open_source`) hold further extensions; those that are SQL
    only are offered, the others need a library of one PostgreSQL version and are left out.
    ``named`` are single extensions, by name, from places that may hold others too. What the server
    has itself is left to the server, except that the modules in `LENT` get a control file that
    trusts them. Everything is readable by other accounts. Running it again with
    the same input changes nothing. Raises ConfigError for a place without any extension.
    """
    own = share_dir / "extension"
    stamp = directory / STAMP
    wanted = _fingerprint(own, extra_dirs, named)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    directory.chmod(0o755)
    fresh = directory / "extension.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    fresh.chmod(0o755)
    for name, text in _files(own, extra_dirs, named).items():
        _write(fresh / name, text)
    shutil.rmtree(directory / "extension", ignore_errors=True)
    fresh.rename(directory / "extension")
    stamp.write_text(wanted, encoding="utf-8")


def add(directory: Path, source: Source, name: str) -> None:
    """Offer one more extension on a running server, from the folder that `prepare` built.

    It stays until the folder is prepared anew.
    """
    for file, text in source.trusted(name).items():
        _write(directory / "extension" / file, text)


def available(connection: Connection[Any]) -> tuple[str, ...]:
    """Return the names of the extensions that this server can create."""
    rows = connection.execute(
        "select name::text from pg_catalog.pg_available_extensions order by name"
    ).fetchall()
    return tuple(name for (name,) in rows)


def explain_missing(connection: Connection[Any], name: str) -> str:
    """Return the hint for an extension that the server lacks: what it has, where to find more.

    The names that are most like the missing one come first. The connection must be able to run a
    query: not in a failed transaction.
    """
    names = available(connection)
    close = get_close_matches(name.lower(), names, n=3, cutoff=0.7)
    others = [each for each in names if each not in close]
    return (
        f"This server offers: {', '.join((*close, *others))}. An extension that is SQL only can be "
        "added with PROSPECTR_DB_EXTENSIONS=FOLDER. For any other, use a fuller server: --db-url "
        "with the URL of a local Supabase stack or of a project, or PROSPECTR_DB_BIN with the bin "
        "directory of a PostgreSQL that has it."
    )


def explained(error: ProspectrError, connection: Connection[Any]) -> ProspectrError:
    """Return an error with `explain_missing` as its hint where it is about a missing extension.

    Any other error, and any error while the connection cannot run a query, is returned as it is.
    """
    from psycopg.pq import TransactionStatus

    named = _MISSING.search(error.message)
    if (
        not isinstance(error, ExtensionNotAvailableError)
        or named is None
        or connection.info.transaction_status is not TransactionStatus.IDLE
    ):
        return error
    hint = explain_missing(connection, named[1] or named[2])
    return ExtensionNotAvailableError(error.message, hint=hint, **error.details)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)


def _fingerprint(own: Path, extra_dirs: Sequence[Path], named: Mapping[str, Path]) -> str:
    """Digest what `_files` depends on, without reading the server's many scripts."""
    digest = hashlib.sha256(revision().encode() + Path(__file__).read_bytes())
    for place in (own, *extra_dirs, *named.values()):
        controls = [place] if place.is_file() else sorted(place.rglob("*.control"))
        for file in controls:
            state = file.stat()
            digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _files(own: Path, extra_dirs: Sequence[Path], named: Mapping[str, Path]) -> dict[str, str]:
    """Return the contents of the control folder; the first to offer an extension wins."""
    files: dict[str, str] = {}
    taken = {control.stem for control in own.glob("*.control")}
    for source in map(open_source, extra_dirs):
        for name in source.names():
            if name not in taken:
                taken.add(name)
                files |= source.trusted(name)
    for name, place in named.items():
        if name not in taken:
            taken.add(name)
            files |= open_source(place, only=name).trusted(name)
    for name, folder in standins().items():
        if name not in taken:
            files |= _standin(folder, name)
    for name in LENT:
        if (own / f"{name}.control").is_file():
            lent = _offered_as_older(name, open_source(own, only=name).trusted(name))
            files |= _with_earlier_versions(name, lent)
    return files


def _offered_as_older(name: str, files: Mapping[str, str]) -> Mapping[str, str]:
    """Make a version in `OLDER` the one that is offered, where the module's scripts lead to it."""
    control, version = f"{name}.control", OLDER.get(name)
    if version is None or not any(file.endswith(f"--{version}.sql") for file in files):
        return files
    return {
        **files,
        control: _DEFAULT_VERSION.sub(f"default_version = '{version}'", files[control]),
    }


def _with_earlier_versions(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """Let an extension answer to the versions that it can be updated from but not installed in.

    Supabase keeps several versions of pgvector, and projects ask for the one that they began with;
    an ordinary package installs only the newest. What is installed is the newest, under that name.
    """
    current = _DEFAULT_VERSION.findall(files[f"{name}.control"])[0]
    script = files.get(f"{name}--{current}.sql")
    steps = {tuple(Path(file).stem.split("--")[1:]) for file in files if file.endswith(".sql")}
    installable = {step[0] for step in steps if len(step) == 1}
    while reached := {to for since, to in _updates(steps) if since in installable} - installable:
        installable |= reached
    answered = dict(files)
    for version in sorted({since for since, _ in _updates(steps)} - installable):
        if script is not None:
            answered[f"{name}--{version}.sql"] = script
            answered[f"{name}--{version}--{current}.sql"] = "-- It is the newest already.\n"
    return answered


def _updates(steps: Iterable[tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(step[0], step[1]) for step in steps if len(step) == 2]


def _standin(folder: Path, name: str) -> dict[str, str]:
    """Return a stand-in's files: its control file and one script for each version it answers to.

    A file named ``….from-VERSION.sql`` or ``….before-VERSION.sql`` is for those versions only.
    """
    control = (folder / f"{name}.control").read_text(encoding="utf-8")
    current = _DEFAULT_VERSION.findall(control)[0]
    earlier = " ".join(_EARLIER_VERSIONS.findall(control)).split()
    parts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql"))}
    scripts: dict[tuple[str, ...], str] = {}
    files = {f"{name}.control": control}
    for version in (current, *earlier):
        chosen = tuple(file for file in parts if _is_for(file, version))
        if chosen not in scripts:
            scripts[chosen] = _script(folder, name, [parts[file] for file in chosen])
        files[f"{name}--{version}.sql"] = scripts[chosen]
    for version in earlier:
        files[f"{name}--{version}--{current}.sql"] = "-- The stand-in updates nothing.\n"
    return files


def _script(folder: Path, name: str, parts: Sequence[str]) -> str:
    """Return a stand-in's parts joined, includes resolved."""

    def included(found: re.Match[str]) -> str:
        return (folder / found[1]).read_text(encoding="utf-8")

    whole = _INCLUDE.sub(included, "\n".join(parts))
    return whole.replace("@prefix@", re.sub(r"\W", "_", name))


def _is_for(file: str, version: str) -> bool:
    condition = _FOR_VERSIONS.search(file)
    if condition is None:
        return True
    is_later = _as_numbers(version) >= _as_numbers(condition[2])
    return is_later if condition[1] == "from" else not is_later


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
