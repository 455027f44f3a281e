"""A warm reset against its floor: starting Python and copying one database; and a cold start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Measurement, compare, process, timed

REPOSITORY = Path(__file__).resolve().parent.parent

# What nobody who uses psycopg can avoid: connect, drop the old database, copy the template.
FLOOR = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("drop database if exists floor with (force)")
    connection.execute(f"create database floor template {sys.argv[2]} strategy file_copy")
"""


def measurements() -> Iterator[Measurement]:
    """Measure on a server of this run's own."""
    from prospectr_db.server.embedded import CHECKS, WORK, find, stop
    from prospectr_db.server.settings import settings_from

    base = settings_from(os.environ, is_root=os.geteuid() == 0).home
    base.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    home.chmod(0o755)
    environment = {**os.environ, "PROSPECTR_DB_HOME": str(home)}
    settings = settings_from(environment, is_root=os.geteuid() == 0)
    command = [sys.executable, "-m", "prospectr_db", "--project", str(REPOSITORY)]
    reset = process([*command, "reset"], environment)
    try:
        yield Measurement(
            "cold first start (initdb, platform)",
            timed(process([*command, "server", "start"], environment)),
        )
        yield Measurement("first reset (every migration and seed)", timed(reset))
        server = find(REPOSITORY, settings)
        assert server is not None
        with server.memory() as connection:
            row = connection.execute(
                "select name from registry.templates order by used_at desc limit 1"
            ).fetchone()
        assert row is not None
        admin = server.target("prospectr_db").admin
        assert admin is not None
        floor = process([sys.executable, "-c", FLOOR, admin.url(reveal=True), row[0]], environment)
        yield compare("reset, nothing changed", reset, "floor", floor, rounds=15)
    finally:
        for instance in (WORK, CHECKS):
            stop(REPOSITORY, settings, instance=instance)
        shutil.rmtree(home, ignore_errors=True)
