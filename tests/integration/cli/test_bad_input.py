"""Every bad input gets a clear error that says what to do, and exit code 2."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from prospectr_db import __version__
from tests.conftest import Done, MakeProject, RunCli

SECRET = "sup3r-s3cret"


def _explained(done: Done, *words: str) -> None:
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.startswith("error: ")
    assert "hint: " in done.err
    for word in words:
        assert word in done.err, done.err


def test_a_folder_without_supabase_is_explained(cli: RunCli, tmp_path: Path) -> None:
    _explained(cli("reset", project=tmp_path), "no supabase/ folder", "--project DIR")


def test_a_folder_that_does_not_exist_is_explained(cli: RunCli, tmp_path: Path) -> None:
    _explained(cli("--project", tmp_path / "nowhere", "status"), "does not exist")


def test_a_broken_config_is_shown_with_its_place(cli: RunCli, make_project: MakeProject) -> None:
    root = make_project({"supabase/config.toml": "[db]\nmajor_version = \n"})
    _explained(cli("status", project=root), "supabase/config.toml", "2:")


def test_a_config_value_of_the_wrong_type_is_named(cli: RunCli, make_project: MakeProject) -> None:
    root = make_project({"supabase/config.toml": '[db]\nmajor_version = "new"\n'})
    _explained(cli("status", project=root), "db.major_version")


def test_a_migration_that_is_not_utf8_is_named_with_its_line(
    cli: RunCli, make_project: MakeProject
) -> None:
    root = make_project({"supabase/migrations/1_a.sql": b"select 1;\n-- caf\xe9\n"})
    _explained(cli("status", project=root), "supabase/migrations/1_a.sql", "line 2", "UTF-8")


def test_two_migrations_of_one_version_are_both_named(
    cli: RunCli, make_project: MakeProject
) -> None:
    root = make_project(
        {"supabase/migrations/1_a.sql": "select 1;", "supabase/migrations/1_b.sql": "select 2;"}
    )
    _explained(cli("status", project=root), "1_a.sql", "1_b.sql")


def test_a_dangling_link_is_explained(cli: RunCli, make_project: MakeProject) -> None:
    root = make_project({"supabase/migrations/1_a.sql": "select 1;"})
    (root / "supabase/migrations/2_b.sql").symlink_to("gone.sql")
    _explained(cli("status", project=root), "2_b.sql")


def test_an_sql_error_is_shown_with_file_line_column_caret_and_sqlstate(
    cli: RunCli, make_project: MakeProject
) -> None:
    root = make_project(
        {
            "supabase/migrations/1_a.sql": "create table public.a (id int);",
            "supabase/migrations/2_b.sql": "-- second\nselect 1;\n\nselect nme from public.a;\n",
        }
    )
    done = cli("reset", project=root)
    assert done.code == 2
    lines = done.err.splitlines()
    at = next(index for index, line in enumerate(lines) if "4 | select nme from" in line)
    assert lines[at + 1].index("^") == lines[at].index("nme")
    assert 'supabase/migrations/2_b.sql:4:8: column "nme" does not exist' in done.err
    assert "SQLSTATE 42703" in done.err


def test_an_sql_error_is_one_json_document_with_the_same_facts(
    cli: RunCli, make_project: MakeProject
) -> None:
    root = make_project({"supabase/migrations/1_a.sql": "select nope();"})
    done = cli("reset", "--json", project=root)
    assert done.code == 2
    error = done.document["error"]
    assert done.document["ok"] is False
    assert (error["code"], error["sqlstate"]) == ("sql", "42883")
    assert (error["file"], error["line"], error["column"]) == (
        "supabase/migrations/1_a.sql",
        1,
        8,
    )


@pytest.mark.parametrize(
    "words", [["--frobnicate"], ["reset", "--frobnicate"], ["frobnicate"], ["server", "dance"]]
)
def test_an_unknown_word_is_named(cli: RunCli, words: list[str]) -> None:
    _explained(cli(*words), words[-1], "--help")


def test_an_unknown_word_under_json_is_one_document(cli: RunCli) -> None:
    done = cli("--json", "frobnicate")
    assert done.code == 2
    assert done.document["error"]["code"] == "usage"


def test_a_url_that_cannot_be_read_is_not_repeated(cli: RunCli, make_project: MakeProject) -> None:
    done = cli("status", "--db-url", f"postgresql://u:{SECRET}@[::/x", project=make_project({}))
    _explained(done, "cannot be read", "percent-encode")
    assert SECRET not in done.err


def test_an_empty_url_is_refused_rather_than_taken_for_the_local_server(
    cli: RunCli, make_project: MakeProject
) -> None:
    _explained(cli("status", "--db-url", "", project=make_project({})), "--db-url is empty")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_refused_connection_is_explained_without_the_password(
    cli: RunCli, make_project: MakeProject, as_json: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"postgresql://postgres:{SECRET}@127.0.0.1:{port}/postgres"
    words = ["status", "--db-url", url, *(["--json"] if as_json else [])]
    done = cli(*words, project=make_project({}))
    assert done.code == 2
    assert SECRET not in done.out + done.err
    shown = json.dumps(done.document) if as_json else done.err
    assert "refused" in shown
    assert "Nothing listens there" in shown


def test_a_wrong_password_is_explained_without_showing_it(
    cli: RunCli, make_project: MakeProject
) -> None:
    root = make_project({})
    assert cli("server", "start", "--tcp", "auto", project=root).code == 0
    good = cli("server", "url", project=root).out.strip()
    password = good.split("postgres:", 1)[1].split("@", 1)[0]
    bad = good.replace(password, SECRET)
    done = cli("status", "--db-url", bad, project=root)
    _explained(done, "password authentication failed")
    assert SECRET not in done.err
    status = cli("server", "status", project=root)
    assert password not in status.out + status.err


def test_a_bin_directory_without_postgres_is_explained(
    cli: RunCli, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROSPECTR_DB_BIN", str(tmp_path))
    _explained(cli("reset", project=make_project({})), "not a PostgreSQL bin directory")


@pytest.mark.parametrize("verb", ["reset", "seed"])
def test_a_database_that_is_not_local_must_be_named_before_it_is_touched(
    cli: RunCli, make_project: MakeProject, verb: str
) -> None:
    url = f"postgresql://postgres:{SECRET}@db.abcdefghijklmnopqrst.supabase.co:5432/postgres"
    root = make_project({"supabase/seed.sql": "select 1;"})
    done = cli(verb, "--db-url", url, project=root)
    _explained(done, "abcdefghijklmnopqrst", "Nothing was changed", "--confirm")
    wrong = cli(verb, "--db-url", url, "--confirm", "postgres", project=root)
    _explained(wrong, "Nothing was changed")
    assert SECRET not in done.err + wrong.err


def test_the_version_is_told_without_a_verb_and_without_a_project(
    cli: RunCli, tmp_path: Path
) -> None:
    told = cli("--version", project=tmp_path)
    assert (told.code, told.out) == (0, f"prospectr-db {__version__}\n")
