"""Which files of a project are its pgTAP tests, and in which order they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prospectr_db.errors import MigrationFileError

__all__ = ["find_tests"]

SUFFIXES = frozenset({".sql", ".pg"})


def find_tests(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the test files that the paths name, in the order in which they run.

    A folder stands for all .sql and .pg files below it, sorted by path, as for ``pg_prove
    --recurse``. Raises MigrationFileError where a path does not exist, or there is no file at all.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise MigrationFileError(
                f"{path} does not exist.", hint="Name a test file, or a folder of them."
            )
        files |= dict.fromkeys(_below(path) if path.is_dir() else [path])
    if not files:
        raise MigrationFileError(
            f"There are no test files in {', '.join(map(str, paths))}.",
            hint="Tests are .sql or .pg files that use pgTAP; the Supabase CLI's `test new` writes "
            "one to supabase/tests.",
        )
    return tuple(files)


def _below(folder: Path) -> list[Path]:
    return sorted(
        (file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file()),
        key=str,
    )
