"""Which files run, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospectr_db.errors import MigrationFileError
from prospectr_db.pgtap import find_tests


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("select 1;", encoding="utf-8")


def test_a_folder_stands_for_its_sql_and_pg_files_sorted_by_path(tmp_path: Path) -> None:
    write(tmp_path, "b.sql", "000-setup.sql", "a/z.pg", "a/b.sql", "notes.md", "inc.psql", "B.sql")
    found = [str(file.relative_to(tmp_path)) for file in find_tests([tmp_path])]
    assert found == ["000-setup.sql", "B.sql", "a/b.sql", "a/z.pg", "b.sql"]


def test_named_files_run_in_the_order_given_and_once(tmp_path: Path) -> None:
    write(tmp_path, "a.sql", "b.sql")
    found = find_tests([tmp_path / "b.sql", tmp_path])
    assert [file.name for file in found] == ["b.sql", "a.sql"]


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MigrationFileError, match="There are no test files"):
        find_tests([tmp_path])
    with pytest.raises(MigrationFileError, match="does not exist"):
        find_tests([tmp_path / "nope"])
