"""A terminal gets colour, a pipe gets plain text."""

from __future__ import annotations

import io

from prospectr_db.report.style import Style


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_plain_text() -> None:
    style = Style.for_stream(io.StringIO(), {})
    assert (style.good("yes"), style.color) == ("yes", False)


def test_a_terminal_gets_colour_unless_it_says_no() -> None:
    assert Style.for_stream(Terminal(), {}).color
    assert not Style.for_stream(Terminal(), {"NO_COLOR": "1"}).color
    assert not Style.for_stream(Terminal(), {"TERM": "dumb"}).color


def test_columns_gives_the_width() -> None:
    assert Style.for_stream(Terminal(), {"COLUMNS": "72"}).width == 72


def test_a_table_fits_its_width_and_loses_no_word() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve"
    table = Style(width=40, color=False).table(["name", "what"], [["profiles", words]])
    assert all(len(line) <= 40 for line in table.splitlines())
    assert all(word in table for word in words.split())


def test_painted_cells_keep_their_colour_in_a_table() -> None:
    style = Style(width=60, color=True)
    assert "\x1b[31m" in style.table(["a"], [[style.bad("no")]])
