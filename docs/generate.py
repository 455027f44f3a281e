"""Writes docs/reference/commands.md from the command line; `--check` exits 1 where it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

import typer.main

from prospectr_db.cli.app import app
from prospectr_db.cli.main import load_verbs
from prospectr_db.documentation.commands import commands_page

PAGE = Path(__file__).parent / "reference" / "commands.md"


def main() -> int:
    """Write the page, or say whether it is current."""
    load_verbs()
    text = commands_page(typer.main.get_command(app))
    if "--check" in sys.argv[1:]:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.name}: {'up to date' if current else 'stale: run make docs'}")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
