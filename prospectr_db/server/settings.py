"""What a user may choose about the embedded server, as one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.errors import ConfigError

__all__ = ["ServerSettings", "settings_from"]

_PROFILES = ("c", "s")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The choices behind a server.

    ``home``: the folder that holds every server's files. ``bin_dir``: another PostgreSQL's
    ``bin`` (16 or newer) instead of the embedded one. ``account``: the operating-system account
    that runs the server when we are root. ``profile``: the platform's era, ``c`` (current) or
    ``s`` (mid-2025). ``extension_dirs``: further folders with ``NAME.control`` files.
    """

    home: Path
    bin_dir: Path | None = None
    account: str | None = None
    profile: str = "c"
    extension_dirs: tuple[Path, ...] = ()


def settings_from(environment: Mapping[str, str], *, is_root: bool) -> ServerSettings:
    """Read PROSPECTR_DB_HOME, _BIN, _ACCOUNT, _PROFILE and _EXTENSIONS.

    Raises ConfigError on a value that means nothing.
    """
    profile = environment.get("PROSPECTR_DB_PROFILE", "c").lower()
    if profile not in _PROFILES:
        raise ConfigError(
            f"PROSPECTR_DB_PROFILE is {profile!r}.",
            hint="Use c for a current Supabase project, or s for one of mid-2025.",
        )
    bin_dir = environment.get("PROSPECTR_DB_BIN")
    extensions = environment.get("PROSPECTR_DB_EXTENSIONS", "")
    return ServerSettings(
        home=_home(environment, is_root=is_root),
        bin_dir=Path(bin_dir) if bin_dir else None,
        account=environment.get("PROSPECTR_DB_ACCOUNT") or None,
        profile=profile,
        extension_dirs=tuple(Path(part) for part in extensions.split(os.pathsep) if part),
    )


def _home(environment: Mapping[str, str], *, is_root: bool) -> Path:
    chosen = environment.get("PROSPECTR_DB_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if is_root:
        # Root's own folders are closed to the account that the server runs as.
        return Path("/var/lib/prospectr-db")
    state = environment.get("XDG_STATE_HOME")
    base = Path(state) if state else Path(environment.get("HOME", "/")) / ".local" / "state"
    return base / "prospectr-db"
