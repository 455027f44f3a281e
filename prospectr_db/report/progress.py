"""How events are told while a command runs: lines on standard error."""

from __future__ import annotations

from functools import cache, singledispatch
from importlib import import_module
from importlib.util import find_spec
from typing import TextIO

from prospectr_db.report.style import Style

__all__ = ["Progress", "line_for"]


@singledispatch
def line_for(event: object, style: Style) -> str | None:  # noqa: ARG001 - the signature of all
    """Return the line that tells an event, or None where it is not worth one.

    How a room's events read is registered by the module of the same name in report/.
    """
    return None


class Progress:
    """Prints events as they happen."""

    def __init__(self, stream: TextIO, style: Style, *, quiet: bool = False) -> None:
        self._stream = stream
        self._style = style
        self._quiet = quiet

    def show(self, event: object) -> None:
        """Tell one event."""
        if self._quiet:
            return
        _load_renderer(type(event).__module__)
        line = line_for(event, self._style)
        if line is not None:
            print(line, file=self._stream, flush=True)


@cache
def _load_renderer(module: str) -> None:
    """Import report/ROOM.py, which says how the events of that room read."""
    room = module.removeprefix("prospectr_db.").split(".", 1)[0]
    renderer = f"prospectr_db.report.{room}"
    if find_spec(renderer):
        import_module(renderer)
