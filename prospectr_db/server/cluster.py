"""The life of one PostgreSQL cluster: initdb, start, find again, stop, and what went wrong."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from prospectr_db.errors import ServerError
from prospectr_db.server.account import Account
from prospectr_db.server.binaries import Binaries
from prospectr_db.server.layout import Layout, make_folders
from prospectr_db.server.processes import is_alive

__all__ = [
    "Record",
    "destroy",
    "exclusive",
    "initialise",
    "is_up",
    "log_tail",
    "postmaster",
    "read_record",
    "start",
    "stop",
    "write_record",
]

SUPERUSER = "supabase_admin"
SOCKET_PORT = 5432
_START_SECONDS = 60
_STOP_SECONDS = 30
_CONTROL_PATH_SINCE = 18

# Durability is off: what this server holds is rebuilt from the project's files in a second, and
# a crash of the machine costs a `reset`. The rest is what a hosted project has, as far as it
# changes behaviour (manual, chapter 19).
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_connections": "200",
    # An observation holds every table and index of a project, once per connection.
    "max_locks_per_transaction": "256",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u@%d ",
    "shared_preload_libraries": "pg_stat_statements",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered about a server between commands, in ``server.json`` (mode 0600).

    ``revision`` is the platform's; ``port`` and ``password`` are set while it listens on TCP.
    """

    version: str
    bin_dir: str
    profile: str
    revision: str
    port: int | None = None
    password: str | None = None


@contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """Hold the server's lock file, so that ten processes start one server."""
    layout.root.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def read_record(layout: Layout) -> Record | None:
    """Return what is remembered of a server, or None where it was never set up completely."""
    try:
        return Record(**json.loads(layout.record.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_record(layout: Layout, record: Record) -> None:
    """Remember a server; the file appears whole or not at all."""
    draft = layout.record.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(asdict(record), handle)
    draft.replace(layout.record)


def is_up(layout: Layout, record: Record) -> bool:
    """Whether something listens at the server's socket; takes well under a millisecond."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(layout.socket / f".s.PGSQL.{record.port or SOCKET_PORT}"))
        except OSError:
            return False
    return True


def initialise(layout: Layout, binaries: Binaries, account: Account) -> None:
    """Make an empty data directory; whatever half-made one was there is removed."""
    make_folders(layout, account)
    destroy(layout)
    layout.data.mkdir(mode=0o700)
    account.own(layout.data)
    made = account.run(
        [
            binaries.program("initdb"),
            f"--pgdata={layout.data}",
            f"--username={SUPERUSER}",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ],
        capture_output=True,
        env=_environment(),
    )
    if made.returncode != 0:
        destroy(layout)
        output = (made.stderr or made.stdout).strip()
        raise ServerError(
            f"initdb failed in {layout.data}: {_reason(output)}",
            hint=_advice(output, layout),
            output=output,
        )


def start(layout: Layout, binaries: Binaries, account: Account, *, port: int | None) -> None:
    """Start the server and return when it answers.

    It is detached: it outlives the command. Without a port it listens on its socket only.
    Raises ServerError with the reason from the server's log.
    """
    make_folders(layout, account)
    _clear_stale_files(layout)
    layout.log.touch(mode=0o600)
    account.own(layout.log)
    log_start = layout.log.stat().st_size
    settings = {
        **_SETTINGS,
        "unix_socket_directories": str(layout.socket),
        "unix_socket_permissions": "0700",
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or SOCKET_PORT),
    }
    if binaries.major >= _CONTROL_PATH_SINCE:
        # The last is where databases put extensions that they were handed (sql/extensions/pg_tle).
        handed = layout.data / "handed_over"
        for folder in (handed, handed / "extension"):
            folder.mkdir(mode=0o700, exist_ok=True)
            account.own(folder)
        settings["extension_control_path"] = f"{layout.extensions}:$system:{handed}"
    settings["dynamic_library_path"] = f"{layout.libraries}:$libdir"
    begun = account.run(
        [
            binaries.program("pg_ctl"),
            "start",
            "--wait",
            "--silent",
            f"--timeout={_START_SECONDS}",
            f"--pgdata={layout.data}",
            f"--log={layout.log}",
            "--options=" + " ".join(f"-c {name}={shlex.quote(v)}" for name, v in settings.items()),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    if begun.returncode != 0:
        tail = log_tail(layout, since=log_start)
        raise ServerError(
            f"PostgreSQL did not start: {_reason(tail)}",
            hint=_advice(tail, layout),
            log=str(layout.log),
            output=tail,
        )


def stop(layout: Layout, binaries: Binaries, account: Account) -> bool:
    """Stop the server, ending every session; return whether one was running."""
    if postmaster(layout) is None:
        return False
    for mode in ("fast", "immediate"):
        done = account.run(
            [
                binaries.program("pg_ctl"),
                "stop",
                f"--mode={mode}",
                "--wait",
                f"--timeout={_STOP_SECONDS}",
                f"--pgdata={layout.data}",
            ],
            capture_output=True,
            env=_environment(),
        )
        if done.returncode == 0 or postmaster(layout) is None:
            return True
    raise ServerError(
        f"The server with data directory {layout.data} does not stop.",
        hint=f"End the process {postmaster(layout)} by hand, then run this again.",
    )


def postmaster(layout: Layout) -> int | None:
    """Return the process id of the running server, or None.

    A pid file left by a crash names a process that is gone, or one that is not PostgreSQL.
    """
    pid = _noted_pid(layout)
    return pid if pid is not None and is_alive(pid) and _is_postgres(pid) else None


def destroy(layout: Layout) -> None:
    """Remove the data directory of a server that is stopped, and what is remembered of it."""
    layout.record.unlink(missing_ok=True)
    shutil.rmtree(layout.data, ignore_errors=True)
    if layout.data.exists():
        raise ServerError(
            f"{layout.data} cannot be removed.",
            hint=f"Remove it by hand (it belongs to uid {layout.data.stat().st_uid}).",
        )


def log_tail(layout: Layout, *, since: int = 0, most: int = 16_384) -> str:
    """Return the end of the server's log, at most so many bytes, from a position on."""
    try:
        with layout.log.open("rb") as handle:
            end = handle.seek(0, os.SEEK_END)
            handle.seek(max(since, end - most))
            return handle.read().decode("utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _is_postgres(pid: int) -> bool:
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return b"postgres" in command.split(b"\0", 1)[0]
    listed = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return "postgres" in listed.stdout


def _clear_stale_files(layout: Layout) -> None:
    """Remove lock files whose process id now belongs to some other program.

    PostgreSQL itself removes one whose process is gone, after looking for orphans; but where the
    number was reused it believes that a server is running, and refuses.
    """
    if postmaster(layout) is not None:
        return
    pid = _noted_pid(layout)
    if pid is not None and is_alive(pid):
        (layout.data / "postmaster.pid").unlink(missing_ok=True)
    for left in layout.socket.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def _noted_pid(layout: Layout) -> int | None:
    try:
        return int((layout.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _environment() -> dict[str, str]:
    """Return a small environment: the caller's PG* and locale settings must not leak in."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _reason(log: str) -> str:
    for line in log.splitlines():  # the first is the cause of the others
        for level in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if level in line:
                return line.split(level, 1)[1].strip()
    return log.splitlines()[-1] if log else "it said nothing"


_ADVICE = {
    "No space left on device": "The disk is full: free some space, then run this again.",
    "could not bind": "The port is in use. Choose another with `prospectr-db server start --tcp "
    "PORT`, or leave the number out to have a free one chosen.",
    "Address already in use": "The port is in use. Choose another with `prospectr-db server start "
    "--tcp PORT`, or leave the number out to have a free one chosen.",
    "could not create shared memory": "The system allows too little shared memory; see the "
    'PostgreSQL manual, 18.4 "Managing Kernel Resources".',
    "Operation not permitted": "This container may not switch accounts; run as an ordinary user.",
    "Permission denied": "The server's account may not read or write there. Set PROSPECTR_DB_HOME "
    "to a folder that it may use.",
}


def _advice(output: str, layout: Layout) -> str:
    for sign, advice in _ADVICE.items():
        if sign in output:
            return advice
    return (
        f"Read {layout.log}. `prospectr-db server start --fresh` throws the local data away and "
        "builds it anew from the project's files."
    )
