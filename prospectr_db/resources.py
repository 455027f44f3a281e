"""Where the SQL that the kit itself runs is found: beside the package, or in the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["sql_files", "sql_root", "sql_text"]


@cache
def sql_root() -> Path:
    """Return the folder ``sql/``: inside an installed wheel, or at the top of a checkout."""
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def sql_text(relative: str) -> str:
    """Return one SQL file, such as ``catalog/tables.sql``, as text."""
    return (sql_root() / relative).read_text(encoding="utf-8")


def sql_files(folder: str) -> list[Path]:
    """Return the .sql files below a folder of ``sql/`` in the order of their names."""
    return sorted((sql_root() / folder).rglob("*.sql"))
