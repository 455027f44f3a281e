"""Which libraries a Supabase session loads, and what stands in their place on a server of ours."""

from __future__ import annotations

from pathlib import Path

__all__ = ["STANDINS", "prepare"]

STANDINS = ("safeupdate", "supautils")
"""What Supabase has every session of ``authenticator`` load (session_preload_libraries)."""

# A PostgreSQL module that defines functions nobody calls and hooks into nothing: loading it under
# another name does nothing, which is what is wanted.
_IDLE = ("tsm_system_rows", "tsm_system_time", "tcn", "seg")


def prepare(directory: Path, *, library_dir: Path) -> bool:
    """Make a folder from which the server can load the stand-ins; return whether it could be made.

    Without them a login as ``authenticator`` would be refused, so the platform sets
    session_preload_libraries only where they load. ``library_dir`` is ``pg_config --pkglibdir``;
    the server then needs ``dynamic_library_path = 'DIRECTORY:$libdir'``.
    """
    idle = next((found for name in _IDLE for found in sorted(library_dir.glob(f"{name}.*"))), None)
    if idle is None:
        return False
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    for name in STANDINS:
        link = directory / f"{name}{idle.suffix}"
        if link.is_symlink() and link.readlink() == idle:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(idle)
    return True
