"""In which steps a file runs, and what its history row will hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from prospectr_db.errors import MigrationFileError, UsageError
from prospectr_db.migrations.new import create
from prospectr_db.migrations.script import Action, recorded_statements, script
from prospectr_db.project import SqlFile, load


def file(text: str) -> SqlFile:
    return SqlFile(Path("1_a.sql"), "supabase/migrations/1_a.sql", text, "")


def groups(text: str, **options: bool) -> list[tuple[str, ...]]:
    return [group.recorded for group in script(file(text), **options).groups]


def test_an_ordinary_file_is_one_transaction() -> None:
    plan = script(file("create table t (); -- c\ninsert into t default values;"))
    assert plan.is_atomic
    assert len(plan.groups) == 1


@pytest.mark.parametrize("text", ["", "  \n", ";;"])
def test_an_empty_file_has_no_steps(text: str) -> None:
    plan = script(file(text))
    assert (plan.groups, plan.recorded, plan.is_atomic) == ((), (), True)


def test_what_refuses_transactions_stands_by_itself() -> None:
    assert groups("a; vacuum; b; c; vacuum") == [("a",), ("vacuum",), ("b", "c"), ("vacuum",)]
    assert not script(file("vacuum")).is_atomic


def test_a_block_of_the_files_own_becomes_savepoints() -> None:
    (group,) = script(file("begin; a; commit; begin; b; rollback")).groups
    assert [step.action for step in group.steps] == [
        Action.OPEN_BLOCK,
        Action.RUN,
        Action.CLOSE_BLOCK,
        Action.OPEN_BLOCK,
        Action.RUN,
        Action.UNDO_BLOCK,
    ]
    assert group.recorded == ("begin", "a", "commit", "begin", "b", "rollback")


def test_enum_values_are_followed_by_a_commit_only_when_asked() -> None:
    text = "alter type t add value 'a'; use; alter type t rename to u;"
    assert len(groups(text)) == 1
    assert groups(text, commit_after_enum_value=True)[0] == ("alter type t add value 'a'",)
    assert script(file(text)).adds_enum_value
    assert not script(file("alter type t rename value 'a' to 'b'")).adds_enum_value


def test_a_marked_file_commits_each_statement_but_keeps_its_own_blocks_whole() -> None:
    text = "-- pg-delta: transaction=false\na; begin; b; c; commit; d"
    assert groups(text) == [
        ("-- pg-delta: transaction=false\na",),
        ("begin", "b", "c", "commit"),
        ("d",),
    ]


def test_the_rows_of_a_copy_stay_with_their_statement() -> None:
    text = "copy t (a) from stdin;\n1;2\n--\n\\.\nselect 1; copy u from stdin;\nx\n\\.\n"
    assert recorded_statements(file(text)) == (
        "copy t (a) from stdin;\n1;2\n--\n\\.",
        "select 1",
        "copy u from stdin;\nx\n\\.",
    )
    (group,) = script(file(text)).groups
    assert [step.data for step in group.steps] == ["1;2\n--\n", "", "x\n"]


def test_a_refusal_points_at_its_place() -> None:
    with pytest.raises(MigrationFileError) as caught:
        script(file("select 1;\n\n  discard all;"))
    error = caught.value
    assert error.message.startswith("supabase/migrations/1_a.sql:3:3: DISCARD ALL")
    assert error.details["excerpt"] == "3 |   discard all;\n      ^"


def project(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("")
    return tmp_path


NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_new_file_is_named_by_utc_time_and_keeps_its_sql(tmp_path: Path) -> None:
    root = project(tmp_path)
    made = create(load(root), " add  notes ", text="select 1", now=NOW)
    assert made.path == "supabase/migrations/20300102030405_add_notes.sql"
    assert (root / made.path).read_text() == "select 1\n"


def test_a_new_file_never_takes_a_version_that_is_taken(tmp_path: Path) -> None:
    root = project(tmp_path, "20300102030405_a.sql", "20300102030407_b.sql")
    assert create(load(root), "c", now=NOW).version == "20300102030408"
    assert create(load(root), "d", now=NOW).version == "20300102030409"


def test_a_new_file_comes_after_one_from_the_future(tmp_path: Path) -> None:
    root = project(tmp_path, "20991231235959_a.sql")
    assert create(load(root), "b", now=NOW).version == "21000101000000"


@pytest.mark.parametrize("name", ["", "a/b", "../x", "é", "a" * 121, "-x", "a.b"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    root = project(tmp_path)
    with pytest.raises(UsageError, match="cannot be the name") as caught:
        create(load(root), name, now=NOW)
    assert caught.value.hint
    assert list((root / "supabase/migrations").iterdir()) == []
