"""A server that is restarted or has no disk left in the middle of a run: nothing is half-applied
without being recorded, the message says what to do, and a second run finishes the job."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from prospectr_db.database import connect_admin
from prospectr_db.errors import ProspectrError, SqlError
from prospectr_db.server.account import server_account
from prospectr_db.server.binaries import find_binaries
from prospectr_db.server.embedded import EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Templates
from tests.integration.migrations.conftest import Bench, MakeProject
from tests.integration.migrations.test_faults import (
    SLOW,
    STEPPED,
    assert_true_to_history,
    in_background,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def restartable(
    settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EmbeddedServer, Callable[[str], None]]]:
    """A server that nobody else uses, and how to restart it in one of pg_ctl's modes."""
    root = tmp_path_factory.mktemp("restarted")
    (root / "supabase").mkdir()
    chosen = replace(settings, home=settings.home / root.name)
    server = ensure(root, chosen)
    account = server_account(chosen.account)
    program = find_binaries(chosen.bin_dir, server.layout, account).program("pg_ctl")

    def restart(mode: str) -> None:
        words = ["stop", f"--mode={mode}", "--wait", f"--pgdata={server.layout.data}"]
        done = account.run([program, *words], capture_output=True)
        assert done.returncode == 0, done.stderr
        ensure(root, chosen)

    yield server, restart
    stop(root, chosen)
    shutil.rmtree(chosen.home, ignore_errors=True)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("files", [SLOW, STEPPED], ids=["atomic", "stepwise"])
def test_a_restart_in_the_middle_is_explained_and_the_next_run_finishes(
    restartable: tuple[EmbeddedServer, Callable[[str], None]],
    make_project: MakeProject,
    mode: str,
    files: dict[str, str],
) -> None:
    server, restart = restartable
    name = f"restarted_{next(NUMBERS)}"
    with server.memory() as connection:
        Templates(connection).copy(server.platform(connection), name)
        # As a hosted server has it: the embedded one may lose its last commits in a crash.
        connection.execute(f"alter database {name} set synchronous_commit = on".encode())
    bench = Bench(server.target(name), make_project)
    slower = {key: text.replace("pg_sleep(0.", "pg_sleep(1.") for key, text in files.items()}
    project = bench.project(**slower)
    finished = in_background(lambda: bench.migrate(project))
    until(
        bench,
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> "
        "pg_backend_pid() and datname = current_database() and state = 'active'",
    )
    restart(mode)
    error = finished()
    assert isinstance(error, ProspectrError), error
    assert error.hint or error.details.get("sqlstate") == "57P01"
    assert bench.versions() == ["1"]
    if files is SLOW:
        assert_true_to_history(bench)
    else:
        assert bench.rows("select n from a order by n") == [(1,), (2,)]
        unfinished = bench.rows(
            "select version, cardinality(statements) from supabase_migrations.prospectr_unfinished"
        )
        assert unfinished == [("2", 2)]
    bench.migrate(project)
    assert bench.versions() == ["1", "2", "3"]
    expected = [(1,), (2,), (3,), (4,), (5,)] if files is STEPPED else [(1,)]
    assert bench.rows("select n from a order by n") == expected


@pytest.fixture
def tiny(bench: Bench, settings: ServerSettings) -> Iterator[tuple[str, Path]]:
    """A tablespace on a file system of 12 MB, in which migrations may make tables."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = Path(mkdtemp(prefix="prospectr-db-tiny-", dir="/var/tmp"))
    name = f"tiny_{os.getpid()}_{next(NUMBERS)}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        place.rmdir()
        pytest.skip("mounting a small file system needs root's full rights")
    try:
        place.chmod(0o755)
        folder = place / "space"
        folder.mkdir(mode=0o700)
        server_account(settings.account).own(folder)
        with connect_admin(bench.target, autocommit=True) as admin:
            admin.execute(f"create tablespace {name} location '{folder}'".encode())
            admin.execute(f"grant create on tablespace {name} to postgres".encode())
            yield name, place
            admin.execute("drop table if exists public.a, public.b, public.c cascade")
            admin.execute(f"drop tablespace {name}".encode())
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


FIRST = "create table a (n int, x text) tablespace {}; insert into a values (1, 'x');"
SECOND = """insert into a values (2, 'x');
{}
create table b (n int, x text) tablespace {};
insert into b select g, repeat('x', 1000) from generate_series(1, 20000) as g;
"""


@pytest.mark.parametrize("stepwise", [False, True], ids=["atomic", "stepwise"])
def test_a_full_disk_is_explained_and_the_next_run_finishes(
    bench: Bench, tiny: tuple[str, Path], stepwise: bool
) -> None:
    space, place = tiny
    index = "create index concurrently i on a (n);" if stepwise else ""
    project = bench.project(
        v1_a=FIRST.format(space),
        v2_b=SECOND.format(index, space),
        v3_c="insert into a values (3, 'x');",
    )
    with pytest.raises(SqlError) as caught:
        bench.migrate(project)
    assert caught.value.details["sqlstate"] == "53100"
    assert "No space left on device" in caught.value.message
    assert "supabase/migrations/2_b.sql:" in caught.value.message
    assert caught.value.hint is not None
    assert "free" in caught.value.hint.lower()
    assert bench.versions() == ["1"]
    assert bench.value("select to_regclass('public.b')") is None
    kept = [(1,), (2,)] if stepwise else [(1,)]
    assert bench.rows("select n from a order by n") == kept
    subprocess.run(["mount", "-o", "remount,size=80m", str(place)], check=True)
    bench.migrate(project)
    assert bench.versions() == ["1", "2", "3"]
    assert bench.rows("select n from a order by n") == [(1,), (2,), (3,)]
    assert bench.value("select count(*) from b") == 20000
