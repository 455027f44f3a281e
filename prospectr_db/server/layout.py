"""Where one server's files live: a folder for its data, a short private one for its socket."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.errors import ServerError
from prospectr_db.server.account import Account

__all__ = ["Layout", "layout_for"]

# A Unix socket's path may have 107 bytes on Linux and 103 on macOS; state folders are often
# longer than that, so the socket lives in a folder of its own directly under /tmp.
_SOCKET_ROOT = Path("/tmp")  # noqa: S108 - made private and checked below


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one server."""

    root: Path
    data: Path
    log: Path
    lock: Path
    record: Path
    extensions: Path
    libraries: Path
    binaries: Path
    socket: Path


def layout_for(home: Path, project_root: Path, *, instance: str, uid: int) -> Layout:
    """Return the paths for a project's server; two checkouts never share one.

    ``instance`` tells a project's servers apart: the one a developer works on, and the one that
    checks run on.
    """
    resolved = project_root.resolve()
    key = hashlib.blake2s(f"{instance}\0{resolved}\0{home}".encode(), digest_size=6).hexdigest()
    slug = re.sub(r"[^a-z0-9]+", "-", resolved.name.lower()).strip("-")[:24] or "project"
    root = home / f"{slug}-{instance}-{key}"
    return Layout(
        root=root,
        data=root / "data",
        log=root / "server.log",
        lock=root / "lock",
        record=root / "server.json",
        extensions=root / "extensions",
        libraries=root / "libraries",
        binaries=root / "binaries",
        socket=_SOCKET_ROOT / f"prospectr-db-{uid}" / key,
    )


def make_folders(layout: Layout, account: Account) -> None:
    """Create the folders that must exist before a server starts, each as private as it can be."""
    try:
        layout.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ServerError(
            f"The folder for the server's files cannot be made: {error}",
            hint="Set PROSPECTR_DB_HOME to a folder that you may write to.",
        ) from error
    if not account.can_read(layout.root):
        raise ServerError(
            f"The account {account.name}, which runs the server, cannot enter {layout.root}.",
            hint="Set PROSPECTR_DB_HOME to a folder that every account may enter, such as "
            "/var/lib/prospectr-db.",
        )
    _private_folder(layout.socket.parent, mode=0o711 if account.switches else 0o700)
    layout.socket.mkdir(exist_ok=True, mode=0o700)
    account.own(layout.socket)


def _private_folder(path: Path, *, mode: int) -> None:
    """Make a folder under /tmp, or accept it only if it is ours: anyone may create names there."""
    try:
        path.mkdir(mode=mode)
        path.chmod(mode)
    except FileExistsError:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise ServerError(
                f"{path} belongs to somebody else, so a socket in it would not be private.",
                hint=f"Remove {path}, or ask its owner to.",
            ) from None
        path.chmod(mode)
