"""Seeds run once, are recorded in the Supabase CLI's own table, and stream when they are large."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from prospectr_db.errors import MigrationFileError, SqlError
from prospectr_db.migrations import streaming
from prospectr_db.migrations.events import SeedProgress
from prospectr_db.migrations.policy import When
from prospectr_db.migrations.seed import Seeded, seed
from prospectr_db.project import for_remote, load

if TYPE_CHECKING:
    from tests.integration.migrations.conftest import Bench

GOOD = "insert into t values (1, 'a\nb');"
CONFIG = '[db.seed]\nsql_paths = ["seeds/*"]\n'


def fill(bench: Bench, files: Mapping[str, str | bytes], when: When = When.ONCE) -> Seeded:
    written = {f"supabase/seeds/{name}": text for name, text in files.items()}
    root = bench.make_project({"supabase/config.toml": CONFIG, **written})
    return seed(bench.target, load(root), when=when, on_event=bench.events.append)


@pytest.fixture
def table(bench: Bench) -> Bench:
    bench.execute("create table t (id int, name text)")
    return bench


def test_a_seed_runs_once_and_is_recorded_by_path_and_hash(table: Bench) -> None:
    report = fill(table, {"a.sql": "insert into t values (1, 'x'), (2, 'y');"})
    assert [(run.path, run.action, run.rows) for run in report.seeds] == [
        ("supabase/seeds/a.sql", "ran", 2)
    ]
    ((path, digest),) = table.rows("select path, hash from supabase_migrations.seed_files")
    assert path == "supabase/seeds/a.sql"
    assert len(digest) == 64
    again = fill(table, {})
    assert [run.action for run in again.seeds] == ["unchanged"]
    assert table.value("select count(*) from t") == 2


def test_a_changed_seed_follows_the_policy(table: Bench) -> None:
    fill(table, {"a.sql": "insert into t values (1, 'x');"})
    changed = {"a.sql": "insert into t values (2, 'y');"}
    assert fill(table, changed).seeds[0].action == "changed"
    assert table.value("select count(*) from t") == 1
    changed = {"a.sql": "insert into t values (3, 'z');"}
    assert fill(table, changed, When.ON_CHANGE).seeds[0].action == "ran"
    assert fill(table, {}, When.ON_CHANGE).seeds[0].action == "unchanged"
    assert fill(table, {}, When.ALWAYS).seeds[0].action == "ran"
    assert table.rows("select id from t order by id") == [(1,), (3,), (3,)]


def test_a_failing_seed_leaves_nothing_and_no_record(table: Bench) -> None:
    files = {
        "1.sql": "insert into t values (1, 'x');",
        "2.sql": "insert into t values (2, 'y');\ninsert into t values ('no', 'z');",
    }
    with pytest.raises(SqlError, match=r"supabase/seeds/2\.sql:2:23: invalid input"):
        fill(table, files)
    assert table.rows("select id from t") == [(1,)]
    assert table.value("select count(*) from supabase_migrations.seed_files") == 1


def test_a_csv_fills_the_table_it_is_named_after(table: Bench) -> None:
    report = fill(
        table, {"10_t.csv": b'\xef\xbb\xbfname,id\n"a, b",1\n,2\n', "public.t.csv": "id\n3\n"}
    )
    assert [run.rows for run in report.seeds] == [2, 1]
    assert table.rows("select id, name from t order by id") == [(1, "a, b"), (2, None), (3, None)]


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("t.csv", "id\nx\n", SqlError, r"t\.csv:2: invalid input"),
        ("t.csv", "", MigrationFileError, "no header"),
        ("a.b.c.csv", "id\n", MigrationFileError, "which table"),
        ("v.sql", "vacuum", MigrationFileError, "cannot run inside a transaction"),
    ],
)
def test_a_seed_that_cannot_be_used_says_why(
    table: Bench, name: str, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        fill(table, {name: text})


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prospectr_db.migrations.seed.LARGE_BYTES", 10)
    monkeypatch.setattr(streaming, "_CHUNK_BYTES", 64)


@pytest.mark.usefixtures("streamed")
def test_a_streamed_seed_is_run_statement_by_statement(table: Bench) -> None:
    text = (
        "\ufeffbegin;\ninsert into t values (1, 'é; x');\n-- c\n"
        "copy t (id, name) from stdin;\n2\ttwo; and\n3\t\\N\n\\.\n\n"
        f"insert into t values (4, '{'y' * 500};');\r\ncommit;\n"
    )
    assert fill(table, {"a.sql": text}).seeds[0].rows == 4
    assert table.rows("select id, left(name, 6) from t order by id") == [
        (1, "é; x"),
        (2, "two; a"),
        (3, None),
        (4, "yyyyyy"),
    ]


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("\n  insert into t values ('no', '');", r"a\.sql:5:25: invalid input"),
        ("vacuum;", r"a\.sql:4:1: a seed is one transaction"),
        ("copy t from stdin;\n1\n", "does not end in a line"),
        ("copy t (id)\nfrom stdin;\n1\nx\n\\.\n", r"a\.sql:7:1: invalid input syntax"),
    ],
)
def test_a_streamed_seed_that_fails_leaves_nothing(table: Bench, tail: str, said: str) -> None:
    with pytest.raises((SqlError, MigrationFileError), match=said):
        fill(table, {"a.sql": f"{GOOD}\n\n{tail}"})
    assert table.value("select count(*) from t") == 0
    assert table.value("select count(*) from supabase_migrations.seed_files") == 0


def test_a_large_seed_takes_memory_for_a_part_of_it_only(table: Bench) -> None:
    line = "insert into t values (1, '" + "x" * 20_000 + "');\n"
    root = table.make_project({"supabase/config.toml": CONFIG, "supabase/seeds/big.sql": ""})
    with (root / "supabase/seeds/big.sql").open("w") as stream:
        for _ in range(3_000):
            stream.write(line)
    project = load(root)
    tracemalloc.start()
    report = seed(table.target, project, on_event=table.events.append)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert project.seeds[0].size > 60_000_000
    assert report.seeds[0].rows == 3_000
    assert peak < 12_000_000
    assert any(isinstance(event, SeedProgress) for event in table.events)


def test_a_hosted_project_gets_the_seeds_of_its_own_block_only(table: Bench) -> None:
    ref = "abcdefghijklmnopqrst"
    remote = replace(table.target, name=ref)
    block = f'{CONFIG}[remotes.staging]\nproject_id = "{ref}"\n'
    text = "insert into t values (1, 'x');"
    files = {"supabase/config.toml": block, "supabase/seeds/a.sql": text}
    root = table.make_project(files)
    report = seed(remote, for_remote(load(root), ref))
    assert report.seeds == ()
    assert any("[remotes.staging.db.seed]" in note for note in report.notes)
    assert table.value("select count(*) from t") == 0
    table.make_project({"supabase/config.toml": block + "db.seed.enabled = true\n"})
    assert [run.action for run in seed(remote, for_remote(load(root), ref)).seeds] == ["ran"]
