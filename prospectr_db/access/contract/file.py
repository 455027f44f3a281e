"""The contract's file: replaced as a whole or not at all, in the line endings that it has."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from prospectr_db.errors import ConfigError

__all__ = ["read_text", "write_text"]

_BOM = b"\xef\xbb\xbf"


def read_text(path: Path) -> str | None:
    """Return the text with plain line ends; None where there is no file. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", hint="It must be a UTF-8 text file.", file=str(path)
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write beside the file, then put it in its place: whoever is killed leaves the old one.

    Line ends, a byte order mark, the mode, and a link that leads to it stay as they were.
    """
    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.read_bytes() if target.exists() else b""
        if b"\r\n" in before:
            text = text.replace("\n", "\r\n")
        content = text.encode("utf-8")
        _replace(target, _BOM + content if before.startswith(_BOM) else content)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}. Nothing was changed.",
            hint="Is there room on the disk, and may you write in its folder?",
            file=str(path),
        ) from error


def _replace(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
