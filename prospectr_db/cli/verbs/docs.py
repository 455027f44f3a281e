"""`prospectr-db docs`: a reference of the database, from its own comments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from prospectr_db.cli.app import Invocation, app, invocation

if TYPE_CHECKING:
    from prospectr_db.database import Target


@app.command()
def docs(
    context: typer.Context,
    out: Path = typer.Option(
        Path("docs/reference/database.md"), "--out", metavar="FILE", help="Where to write it."
    ),
    check: bool = typer.Option(
        False, "--check", help="Write nothing; exit 1 where the file is out of date."
    ),
) -> None:
    """Write a reference of the tables, columns and policies from the comments in the database."""
    from prospectr_db.database import connect
    from prospectr_db.documentation.database import compare_page, database_page
    from prospectr_db.report.documentation import page_checked, page_written

    run = invocation(context)
    config = run.project.config
    path = out if out.is_absolute() else run.project.root / out
    with _database(run) as target, connect(target) as connection:
        text, tables, undocumented = database_page(
            connection,
            title=f"Database of {config.project_id or run.project.root.resolve().name}",
            schemas=[name for name in config.api_schemas if name != "graphql_public"],
        )
    page = compare_page(path, text, tables, undocumented)
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run.show(
        page,
        verb="docs",
        text=page_checked if check else page_written,
        ok=page.is_current or not check,
    )


@contextmanager
def _database(run: Invocation) -> Iterator[Target]:
    """Lend what the files say, on a throwaway copy, or the database that was named."""
    if run.is_remote:
        yield run.target()
        return
    from prospectr_db.cli.copies import throwaway

    with throwaway(run, seed=True) as target:
        yield target
