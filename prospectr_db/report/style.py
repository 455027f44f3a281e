"""How text is laid out: its width, whether it may have colour, and what each colour means."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["Style"]

_NARROWEST = 40
_PIPE_WIDTH = 100
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Style:
    """A place that text is written to. ``width`` is in columns.

    ``terminal`` says that a person reads it there: long lines are wrapped. What reads a pipe
    wants a line to be a line.
    """

    width: int
    color: bool
    terminal: bool = False

    @classmethod
    def for_stream(cls, stream: TextIO, environment: Mapping[str, str]) -> Style:
        """Return colour and the real width on a terminal, plain text and 100 columns on a pipe."""
        terminal = stream.isatty()
        wanted = environment.get("COLUMNS", "")
        width = int(wanted) if wanted.isdigit() and int(wanted) else None
        if width is None and terminal:
            width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
        color = terminal and "NO_COLOR" not in environment and environment.get("TERM") != "dumb"
        if environment.get("FORCE_COLOR"):
            color = True
        return cls(width=max(_NARROWEST, width or _PIPE_WIDTH), color=color, terminal=terminal)

    def wrap(self, text: str, *, indent: int = 0) -> str:
        """Return text cut at the width where a person reads it; colours have no width."""
        if not self.terminal:
            return text
        first = text[: len(text) - len(text.lstrip(" "))]
        lines, width = [first], len(first)
        for word in text.split():
            size = len(_COLOURS.sub("", word))
            if width > max(indent, len(first)) and width + 1 + size > self.width:
                lines.append(" " * indent)
                width = indent
            gap = "" if not lines[-1].strip() else " "
            lines[-1] += gap + word
            width += len(gap) + size
        return "\n".join(lines)

    def good(self, text: str) -> str:
        """What went well."""
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        """What is wrong."""
        return self._paint("31", text)

    def warn(self, text: str) -> str:
        """What deserves a look."""
        return self._paint("33", text)

    def dim(self, text: str) -> str:
        """What is only there for completeness."""
        return self._paint("2", text)

    def bold(self, text: str) -> str:
        """What the eye should find first."""
        return self._paint("1", text)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return a table that fits the width; cells may be painted by this style."""
        import io

        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for header in headers:
            table.add_column(header, overflow="fold")
        for row in rows:
            table.add_row(*(Text.from_ansi(cell) for cell in row))
        out = io.StringIO()
        Console(
            file=out,
            width=self.width,
            force_terminal=self.color,
            color_system="standard" if self.color else None,
            no_color=not self.color,
            legacy_windows=False,
        ).print(table)
        return os.linesep.join(line.rstrip() for line in out.getvalue().splitlines())

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text
