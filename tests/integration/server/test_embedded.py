"""The embedded server: private, found again, one for ten processes, recovered after a crash."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from prospectr_db.database import Dsn, Target, connect, connect_admin
from prospectr_db.errors import ConnectionFailedError, ServerError
from prospectr_db.server import cluster
from prospectr_db.server.embedded import ensure, find, stop
from prospectr_db.server.events import Rebuilding, Restarting, Started
from prospectr_db.server.inspection import status
from prospectr_db.server.settings import ServerSettings


@pytest.fixture
def own(settings: ServerSettings, tmp_path: Path) -> Iterator[tuple[Path, ServerSettings]]:
    """A project folder and a home of its own; whatever was started there is stopped."""
    root = tmp_path / "shop"
    (root / "supabase").mkdir(parents=True)
    home = settings.home / tmp_path.name
    chosen = replace(settings, home=home)
    yield root, chosen
    stop(root, replace(chosen, bin_dir=None))
    shutil.rmtree(home, ignore_errors=True)


def test_a_started_server_is_private_and_its_postgres_is_no_superuser(
    own: tuple[Path, ServerSettings],
) -> None:
    root, settings = own
    server = ensure(root, settings)
    assert stat.S_IMODE(server.layout.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.layout.record.stat().st_mode) == 0o600
    assert len(str(server.layout.socket / ".s.PGSQL.5432")) < 100
    with connect(server.target()) as connection:
        row = connection.execute(
            "select current_user, current_database(), rolsuper, rolbypassrls,"
            " current_setting('listen_addresses') from pg_roles where rolname = current_user"
        ).fetchone()
    assert row == ("postgres", "postgres", False, True, "")
    if os.geteuid() == 0:
        assert server.layout.data.stat().st_uid != 0


def test_a_running_server_is_found_and_a_stopped_one_is_not(
    own: tuple[Path, ServerSettings],
) -> None:
    root, settings = own
    assert find(root, settings) is None
    started = ensure(root, settings)
    found = find(root, settings)
    assert found == started
    assert status(root, settings).running
    assert stop(root, settings)
    assert not stop(root, settings)
    assert find(root, settings) is None
    after = status(root, settings)
    assert (after.running, after.version) == (False, started.record.version)


def test_its_data_survives_a_stop(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    with connect(ensure(root, settings).target()) as connection:
        connection.execute("create table public.kept (id int)")
    stop(root, settings)
    with connect(ensure(root, settings).target()) as connection:
        assert connection.execute("select count(*) from public.kept").fetchone() == (0,)


def test_ten_processes_at_once_start_one_server(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    command = [sys.executable, "-m", "prospectr_db", "server", "start", "--json"]
    command += ["--project", str(root)]
    environment = {**os.environ, "PROSPECTR_DB_HOME": str(settings.home)}

    def start(_number: int) -> int:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        assert found["running"]
        return int(found["process_id"])

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(start, range(10)))) == 1


def test_two_checkouts_of_one_project_have_two_servers(
    own: tuple[Path, ServerSettings], tmp_path: Path
) -> None:
    root, settings = own
    other = tmp_path / "elsewhere" / root.name
    (other / "supabase").mkdir(parents=True)
    first, second = ensure(root, settings), ensure(other, settings)
    try:
        assert first.layout.data != second.layout.data
        assert first.layout.socket != second.layout.socket
    finally:
        stop(other, settings)


def test_a_killed_server_is_started_again(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    server = ensure(root, settings)
    with connect(server.target(), autocommit=True) as connection:
        connection.execute("create table public.kept (id int)")
    with connect_admin(server.target(), autocommit=True) as connection:
        connection.execute("checkpoint")
    _kill(server.layout)
    assert find(root, settings) is None
    with connect(ensure(root, settings).target()) as connection:
        assert connection.execute("select count(*) from public.kept").fetchone() == (0,)


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(
    own: tuple[Path, ServerSettings],
) -> None:
    root, settings = own
    server = ensure(root, settings)
    pid_file = server.layout.data / "postmaster.pid"
    noted = pid_file.read_text().splitlines()
    _kill(server.layout)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file.write_text("\n".join([str(bystander.pid), *noted[1:]]) + "\n")
        try:
            assert status(root, settings).process_id is None
            ensure(root, settings)
            assert status(root, settings).running
        finally:
            bystander.kill()


def _kill(layout: cluster.Layout) -> None:
    pid = cluster.postmaster(layout)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while cluster.postmaster(layout) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)  # its children notice


def test_tcp_is_opened_on_request_with_a_password(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    events: list[object] = []
    ensure(root, settings)
    server = ensure(root, settings, tcp=0, on_event=events.append)
    assert any(isinstance(event, Restarting) for event in events)
    url = server.url()
    assert url.get("host") == "127.0.0.1"
    with psycopg.connect(url.url(reveal=True)) as connection:
        assert connection.execute("select current_user").fetchone() == ("postgres",)
    assert ensure(root, settings, tcp=0) == server
    wrong = Target(dsn=Dsn({**url.reveal(), "password": "wr0ng"}), kind="local", name="x")
    with pytest.raises(ConnectionFailedError, match="password authentication failed") as caught:
        connect(wrong)
    assert "wr0ng" not in f"{caught.value.message} {caught.value.hint}"
    shown = status(root, settings)
    assert server.record.password
    assert server.record.password not in str(shown)


def test_a_port_in_use_is_explained(own: tuple[Path, ServerSettings]) -> None:
    import socket

    root, settings = own
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServerError) as caught:
        ensure(root, settings, tcp=taken.getsockname()[1])
    assert "Choose another" in str(caught.value.hint)


@pytest.mark.parametrize("change", [{"revision": "0ld"}, {"version": "0ld.1"}])
def test_another_platform_or_major_version_rebuilds_the_server_and_says_so(
    own: tuple[Path, ServerSettings], change: dict[str, str]
) -> None:
    root, settings = own
    server = ensure(root, settings)
    cluster.write_record(server.layout, replace(server.record, **change))
    if "version" in change:
        # Told apart when it is started: a running server is what it is.
        stop(root, settings)
    assert status(root, settings).up_to_date == ("version" in change)
    events: list[object] = []
    ensure(root, settings, on_event=events.append)
    reasons = [event.reason for event in events if isinstance(event, Rebuilding)]
    assert len(reasons) == 1
    assert "0ld" in reasons[0]
    assert isinstance(events[-1], Started)


def test_a_half_made_data_directory_is_made_anew(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    server = ensure(root, settings)
    stop(root, settings)
    server.layout.record.unlink()
    (server.layout.data / "PG_VERSION").unlink()
    with connect(ensure(root, settings).target()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_folder_without_postgres_is_explained(
    own: tuple[Path, ServerSettings], tmp_path: Path
) -> None:
    root, settings = own
    with pytest.raises(ServerError, match="not a PostgreSQL bin directory") as caught:
        ensure(root, replace(settings, bin_dir=tmp_path))
    assert "PROSPECTR_DB_BIN" in str(caught.value.hint)


def test_a_broken_data_directory_is_explained(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    server = ensure(root, settings)
    stop(root, settings)
    (server.layout.data / "global" / "pg_control").unlink()
    with pytest.raises(ServerError, match="did not start") as caught:
        ensure(root, settings)
    assert "--fresh" in str(caught.value.hint)
    ensure(root, settings, fresh=True)
    assert status(root, settings).running


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can switch accounts")
def test_an_account_that_does_not_exist_is_explained(own: tuple[Path, ServerSettings]) -> None:
    root, settings = own
    with pytest.raises(ServerError, match="no unprivileged account") as caught:
        ensure(root, replace(settings, account="nobody-of-that-name"))
    assert "PROSPECTR_DB_ACCOUNT" in str(caught.value.hint)


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """A file system of 20 MB, mounted where every account can reach it."""
    place = Path("/var/tmp") / f"prospectr-db-tiny-{os.getpid()}"
    place.mkdir(mode=0o755)
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(place)],
            check=False,
            capture_output=True,
        )
        if mounted.returncode != 0:
            pytest.skip("mounting a small file system needs root's full rights")
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)
    finally:
        place.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_is_explained_and_recovered_from(
    own: tuple[Path, ServerSettings], tiny_disk: Path
) -> None:
    root, settings = own
    there = replace(settings, home=tiny_disk)
    for size in ("20m", "60m"):  # initdb fails, then the platform's installation
        subprocess.run(["mount", "-o", f"remount,size={size}", str(tiny_disk)], check=True)
        with pytest.raises(ServerError) as caught:
            ensure(root, there)
        assert caught.value.hint == "The disk is full: free some space, then run this again."
        assert "No space left on device" in caught.value.message
        assert not status(root, there).running
    subprocess.run(["mount", "-o", "remount,size=200m", str(tiny_disk)], check=True)
    try:
        ensure(root, there)
        assert status(root, there).running
    finally:
        stop(root, there)
