"""How the writing of reference pages reads."""

from __future__ import annotations

from prospectr_db.documentation.database import Page
from prospectr_db.report.style import Style

__all__ = ["page_checked", "page_written"]


def page_written(page: Page, style: Style) -> str:
    """Tell what was written, and what still lacks a comment."""
    return "\n".join([f"{style.good('wrote')} {page.path}: {page.tables} tables", *_missing(page)])


def page_checked(page: Page, style: Style) -> str:
    """Tell whether the page is up to date."""
    if page.is_current:
        return f"{style.good('up to date')} {page.path}"
    return (
        f"{style.bad('out of date')} {page.path}: the database's comments have changed.\n"
        "Run `prospectr-db docs` and commit the file."
    )


def _missing(page: Page) -> list[str]:
    return [f"no comment: {name}" for name in page.undocumented]
