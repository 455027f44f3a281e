"""How a file of SQL becomes text: read once as bytes, checked, unaltered but for its BOM."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.errors import MigrationFileError

__all__ = ["SqlFile", "digest_file", "read_bytes", "read_sql"]

_BOM = b"\xef\xbb\xbf"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file of SQL.

    ``label`` is the path a person knows it by, relative to the project and with forward slashes;
    ``text`` keeps its line endings and has lost only a byte order mark; ``sha256`` is the
    hexadecimal digest of the raw bytes.
    """

    path: Path
    label: str
    text: str
    sha256: str


def read_bytes(path: Path, label: str) -> bytes:
    """Return a file's bytes. Raises MigrationFileError that says why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, label, error) from error


def read_sql(path: Path, label: str) -> SqlFile:
    """Read and check one file of SQL.

    Raises MigrationFileError where it cannot be read, is not UTF-8, or holds a NUL character
    (PostgreSQL's text cannot), with the byte offset and the line.
    """
    raw = read_bytes(path, label)
    return SqlFile(path, label, decode(raw, label), hashlib.sha256(raw).hexdigest())


def decode(raw: bytes, label: str) -> str:
    """Return UTF-8 bytes as text without its BOM, or raise MigrationFileError with the place."""
    body = raw.removeprefix(_BOM)
    skipped = len(raw) - len(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise MigrationFileError(
            f"{label} is not UTF-8: byte {error.start + skipped} on line {line} cannot be decoded.",
            hint="It looks like UTF-16; save it as UTF-8." if wide else "Save the file as UTF-8.",
            file=label,
            line=line,
            byte=error.start + skipped,
        ) from error
    nul = text.find("\0")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise MigrationFileError(
            f"{label} holds a NUL character on line {line}.",
            hint="PostgreSQL's text cannot hold one; remove it, or save the file as UTF-8.",
            file=label,
            line=line,
        )
    return text


def digest_file(path: Path, label: str) -> tuple[str, int]:
    """Return the SHA-256 (hexadecimal) and size in bytes of a file, without holding it whole."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise _unreadable(path, label, error) from error
    return digest.hexdigest(), size


def _unreadable(path: Path, label: str, error: OSError) -> MigrationFileError:
    if path.is_symlink() and not path.exists():
        return MigrationFileError(
            f"{label} is a symbolic link to {path.readlink()}, which does not exist.",
            hint="Restore the file that it points at, or remove the link.",
            file=label,
        )
    if path.is_dir():
        return MigrationFileError(
            f"{label} is a folder, not a file.", hint="Rename or remove it.", file=label
        )
    reason = error.strerror or type(error).__name__
    return MigrationFileError(
        f"{label} cannot be read: {reason}.",
        hint="Check that it exists and who may read it.",
        file=label,
    )
