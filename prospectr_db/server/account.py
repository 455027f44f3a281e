"""Who runs the server: we ourselves, or an unprivileged account when we are root.

PostgreSQL refuses to run as root (manual, 18.1 "The PostgreSQL User Account").
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prospectr_db.errors import ServerError

__all__ = ["Account", "server_account"]

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account; ``switches`` says whether we must become it."""

    name: str
    uid: int
    gid: int
    switches: bool

    def run(
        self, command: Sequence[str | Path], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account and return what it printed; does not raise on failure."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            **self._identity(),
            **options,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.switches:
            os.chown(path, self.uid, self.gid)

    def can_read(self, path: Path) -> bool:
        """Whether this account can reach and read a path by the permission bits along it."""
        resolved = path.resolve()
        return all(
            self._permits(step, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH)
            for step in resolved.parents
        ) and self._permits(resolved, stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH)

    def _permits(self, path: Path, user_bit: int, group_bit: int, other_bit: int) -> bool:
        if not self.switches:
            return True
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_uid == self.uid:
            return bool(status.st_mode & user_bit)
        if status.st_gid == self.gid:
            return bool(status.st_mode & group_bit)
        return bool(status.st_mode & other_bit)

    def _identity(self) -> dict[str, Any]:
        if not self.switches:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(wanted: str | None = None) -> Account:
    """Return the account that the server runs as.

    An ordinary user runs it as himself. Root lends it to ``wanted``, or else to ``postgres`` or
    ``nobody``. Raises ServerError where no such account exists.
    """
    uid = os.geteuid()
    if uid != 0:
        name = _name_of(uid)
        if wanted is not None and wanted != name:
            raise ServerError(
                f"The server cannot be run as {wanted}: only root may switch accounts.",
                hint="Unset PROSPECTR_DB_ACCOUNT, or run as root.",
            )
        return Account(name=name, uid=uid, gid=os.getegid(), switches=False)
    for name in (wanted,) if wanted else _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switches=True)
    raise ServerError(
        "PostgreSQL refuses to run as root, and there is no unprivileged account to lend it to: "
        f"looked for {wanted or ' and '.join(_CANDIDATES)}.",
        hint="Create one (useradd --system postgres), or name one in PROSPECTR_DB_ACCOUNT.",
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise ServerError(
            f"User id {uid} has no entry in the password database, which initdb needs.",
            hint="Run the container with a user that exists, or as root.",
        ) from None
