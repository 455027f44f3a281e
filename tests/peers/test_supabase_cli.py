"""Taking turns with the real Supabase CLI on one database: what either applies, the other sees."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from prospectr_db.database import Target, connect
from prospectr_db.database.statements import split
from prospectr_db.migrations.apply import migrate
from prospectr_db.migrations.fetch import fetch
from prospectr_db.migrations.policy import RecordedAs
from prospectr_db.migrations.repair import repair
from prospectr_db.migrations.seed import seed
from prospectr_db.migrations.status import status
from prospectr_db.project import load

MakeProject = Callable[[Mapping[str, str | bytes]], Path]

BINARY = os.environ.get("PROSPECTR_DB_SUPABASE_CLI") or shutil.which("supabase")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(BINARY is None, reason="the Supabase CLI is not installed (npm: supabase)"),
]


@pytest.fixture
def port(target: Target) -> Iterator[int]:
    """A TCP port that leads to the test server's socket, which is all that the CLI can take."""
    path = f"{target.dsn.get('host')}/.s.PGSQL.{target.dsn.get('port')}"
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            inner.connect(path)
            for pair in ((client, inner), (inner, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@dataclass
class Cli:
    """The Supabase CLI in a project's folder, on the test's database."""

    root: Path
    url: str
    home: Path

    def __call__(self, *words: str) -> str:
        assert BINARY is not None
        done = subprocess.run(
            [BINARY, *words, "--remote", self.url, "--yes"],
            cwd=self.root,
            env={
                **os.environ,
                "HOME": str(self.home),
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.code = done.returncode
        return done.stdout + done.stderr


@pytest.fixture
def make_cli(target: Target, port: int, tmp_path: Path) -> Callable[[Path], Cli]:
    def make(root: Path) -> Cli:
        name = target.dsn.get("dbname")
        url = f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable"
        return Cli(root, url, tmp_path)

    return make


FILES = {
    "supabase/migrations/20240101000000_one.sql": "\ufeff-- é\r\ncreate table t (a int);;\r\n"
    "insert into t values (1); -- tail\r\n",
    "supabase/migrations/20240101000001_two.sql": "",
    "supabase/migrations/20240101000002_three.sql": "create function f() returns int language sql"
    " begin atomic; select 1; end;\nselect E'\\';', $$;$$;",
    "supabase/migrations/20240101000003_four.sql": "-- nothing",
    "supabase/seed.sql": "insert into t values (2);",
}


def history(target: Target) -> list[tuple[object, ...]]:
    with connect(target, autocommit=True) as connection:
        return connection.execute(
            "select version, name, statements from supabase_migrations.schema_migrations"
            " order by version"
        ).fetchall()


def forget(target: Target) -> None:
    with connect(target, autocommit=True) as connection:
        connection.execute("drop schema supabase_migrations cascade")
        connection.execute("drop function f()")
        connection.execute("drop table t")


def test_both_record_the_same_and_neither_sees_anything_to_do_after_the_other(
    target: Target, make_project: MakeProject, make_cli: Callable[[Path], Cli]
) -> None:
    root = make_project(FILES)
    cli = make_cli(root)
    migrate(target, load(root))
    ours = history(target)
    assert "up to date" in cli("db", "push").lower()
    listed = cli("migration", "list")
    assert all(name in listed for name in ("20240101000000", "20240101000003"))
    forget(target)
    cli("db", "push")
    assert cli.code == 0
    assert history(target) == ours
    report = status(target, load(root))
    assert [entry.state.value for entry in report.migrations] == ["applied"] * 4
    assert migrate(target, load(root)).applied == ()


def test_they_take_turns_file_by_file(
    target: Target, make_project: MakeProject, make_cli: Callable[[Path], Cli]
) -> None:
    root = make_project({"supabase/migrations/1_a.sql": "create table t (a int);"})
    cli = make_cli(root)
    cli("db", "push")
    make_project({"supabase/migrations/2_b.sql": "insert into t values (1);"})
    assert [item.version for item in migrate(target, load(root)).applied] == ["2"]
    make_project({"supabase/migrations/3_c.sql": "insert into t values (2);"})
    cli("db", "push")
    assert [row[0] for row in history(target)] == ["1", "2", "3"]
    assert migrate(target, load(root)).applied == ()


def test_seeds_are_recorded_alike(
    target: Target, make_project: MakeProject, make_cli: Callable[[Path], Cli]
) -> None:
    def recorded() -> list[tuple[object, ...]]:
        with connect(target, autocommit=True) as connection:
            return connection.execute("select * from supabase_migrations.seed_files").fetchall()

    root = make_project(FILES)
    cli = make_cli(root)
    migrate(target, load(root))
    seed(target, load(root))
    ours = recorded()
    cli("db", "push", "--include-seed")
    with connect(target, autocommit=True) as connection:
        assert connection.execute("select count(*) from t where a = 2").fetchone() == (1,)
        connection.execute("drop table supabase_migrations.seed_files")
    cli("db", "push", "--include-seed")
    assert recorded() == ours


def test_repair_and_fetch_agree(
    target: Target, make_project: MakeProject, make_cli: Callable[[Path], Cli]
) -> None:
    root = make_project(FILES)
    cli = make_cli(root)
    versions = [migration.version for migration in load(root).migrations]
    repair(target, load(root), versions, status=RecordedAs.APPLIED)
    ours = history(target)
    cli("migration", "repair", "--status", "reverted", *versions)
    assert history(target) == []
    cli("migration", "repair", "--status", "applied", *versions)
    assert history(target) == ours
    for path in (root / "supabase/migrations").iterdir():
        path.unlink()
    assert {item.action for item in fetch(target, load(root)).files} == {"written"}
    assert status(target, load(root)).up_to_date or not status(target, load(root)).problems


FRAGMENTS = [
    "'", "''", '"', "$", "$$", "$a$", "$1$", "\\", "(", ")", ";", ";", ";", " ", "\n", "\r", "-",
    "--", "/", "/*", "*/", "e'", "E'", "a", "begin atomic ", "atomic", "; end", "end;", "case",
    "é", "\u00a0", "\ufeff", "\u0085", "_", "1", "'\n'", "--c\n'", "begin atomic;",
]  # fmt: skip


def test_hostile_files_are_split_byte_for_byte_alike(
    target: Target, make_project: MakeProject, make_cli: Callable[[Path], Cli]
) -> None:
    source = random.Random(20241122)  # noqa: S311 - the same files every time
    texts = [
        "".join(source.choice(FRAGMENTS) for _ in range(source.randint(1, 14))) for _ in range(400)
    ]
    root = make_project({"supabase/migrations/keep.txt": ""})
    for number, text in enumerate(texts):
        path = root / f"supabase/migrations/{number:05}_x.sql"
        path.write_bytes(text.encode())
    cli = make_cli(root)
    versions = [f"{number:05}" for number in range(len(texts))]
    cli("migration", "repair", "--status", "applied", *versions)
    stored = {version: statements for version, _, statements in history(target)}
    assert len(stored) == len(texts)
    for migration in load(root).migrations:
        ours = [statement.text for statement in split(migration.text)]
        assert ours == stored[migration.version], repr(migration.text)
