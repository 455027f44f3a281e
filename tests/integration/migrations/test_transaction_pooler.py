"""Migrations through PgBouncer in transaction mode: what port 6543 of a hosted project is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest

from prospectr_db.database import Dsn, Target, connect
from prospectr_db.errors import MigrationFileError, ProspectrError
from prospectr_db.migrations.apply import Applied, migrate
from prospectr_db.migrations.seed import seed
from prospectr_db.migrations.status import status
from prospectr_db.project import load

if TYPE_CHECKING:
    from tests.integration.migrations.conftest import Bench

PGBOUNCER = os.environ.get("PROSPECTR_DB_PGBOUNCER") or shutil.which("pgbouncer")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed (Debian: pgbouncer)"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def pooled(bench: Bench) -> Iterator[Bench]:
    """The bench's database behind a transaction pooler with two server connections."""
    host = bench.target.dsn.get("host") or ""
    owner = Path(host).stat().st_uid
    folder = Path(mkdtemp(prefix="pooler-"))
    port = free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={host} port={bench.target.dsn.get('port')}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
        f"ignore_startup_parameters = extra_float_digits\nlogfile = {folder}/log\n"
    )
    # `any` logs everybody in as the database's own user.
    text = config.read_text().replace("* = ", "* = user=postgres ")
    config.write_text(text)
    assert PGBOUNCER is not None
    for path in (folder, config):
        path.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(path, owner, -1)
    extra: dict[str, Any] = {"user": owner} if os.geteuid() == 0 else {}
    process = subprocess.Popen([PGBOUNCER, "-q", str(config)], **extra)
    dsn = Dsn(
        {
            "host": "127.0.0.1",
            "port": str(port),
            "user": "postgres",
            "dbname": bench.target.dsn.get("dbname") or "",
            "sslmode": "disable",
        }
    )
    target = Target(dsn, "local", "the pooler")
    for _ in range(50):
        try:
            connect(target).close()
            break
        except ProspectrError:
            time.sleep(0.1)
    yield replace(bench, target=target)
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


FILES = {
    "v1_a": "set search_path = public;\ncreate table t (n int);\ninsert into t values (1);",
    "v2_b": "create index concurrently i on t (n);\ninsert into t values (2);",
    "v3_c": "create type m as enum ('a');",
    "v4_d": "alter type m add value 'b'; create table u (m m); insert into u values ('b');",
}


def test_everything_works_through_a_transaction_pooler(pooled: Bench) -> None:
    project = pooled.project(**FILES)
    assert len(pooled.migrate(project).applied) == 4
    assert status(pooled.target, project).up_to_date
    assert pooled.rows("select n from t order by n") == [(1,), (2,)]
    root = pooled.make_project({"supabase/seed.sql": "insert into t values (3);"})
    assert seed(pooled.target, load(root)).seeds[0].action == "ran"


def test_settings_of_a_file_do_not_reach_the_pools_next_client(pooled: Bench) -> None:
    pooled.apply(v1_a="set search_path = pg_catalog; set statement_timeout = '77s'; select 1;")
    seen = {pooled.value("show statement_timeout") for _ in range(6)}
    assert "77s" not in seen


def test_runs_at_once_through_a_pooler_apply_everything_once(pooled: Bench) -> None:
    project = pooled.project(**{**FILES, "v5_e": "select pg_sleep(0.5); insert into t values (9);"})
    outcomes: list[object] = []

    def run() -> None:
        try:
            outcomes.append(migrate(pooled.target, project, wait=60))
        except ProspectrError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    done = [item for item in outcomes if isinstance(item, Applied)]
    assert len(done) == 5, outcomes
    assert sorted(m.version for report in done for m in report.applied) == list("12345")
    assert pooled.value("select count(*) from t where n = 9") == 1


def test_a_stepwise_file_keeps_its_settings_in_every_step(pooled: Bench) -> None:
    pooled.apply(
        v1_a="-- pg-delta: transaction=false\nset search_path = shop;\n"
        "create schema shop;\ncreate table t (n int);\ninsert into t values (1);\n"
        "create type m as enum ('a');\nalter type m add value 'b';\nselect 'b'::m;",
    )
    assert pooled.rows("select n from shop.t") == [(1,)]
    assert {pooled.value("show search_path") for _ in range(6)}.isdisjoint({"shop"})


def test_a_setting_that_could_not_reach_its_statement_is_refused_before_anything_runs(
    pooled: Bench,
) -> None:
    project = pooled.project(
        v1_a="create table t (n int);",
        v2_b="set search_path = public;\ncreate index concurrently i on t (n);",
    )
    with pytest.raises(MigrationFileError) as caught:
        pooled.migrate(project)
    assert caught.value.message.startswith("supabase/migrations/2_b.sql:2: CREATE INDEX")
    assert "`set search_path = public` before it would not reach it" in caught.value.message
    assert "port 5432" in str(caught.value.hint)
    assert pooled.value("select to_regclass('t')") is None
