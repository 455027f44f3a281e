"""How the call of a function is written, and which of its arguments are tried together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from prospectr_db.database.catalog import Function

__all__ = ["call_text", "spread"]

_LINES = " limit 500"


def spread(options: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield combinations so that every option is used early, and related ones together."""
    if not options:
        yield ()
        return
    longest = max(len(choices) for choices in options)
    for place in range(longest):
        yield tuple(choices[place % len(choices)] for choices in options)
    yield from itertools.product(*options)


def call_text(function: Function, arguments: Sequence[str]) -> str:
    """Return the statement that calls a function with some arguments, each a text of SQL."""
    if function.kind == "p":
        given = _with_outputs(function, arguments)
        return "".join(("call ", function.sql_name, "(", ", ".join(given), ")"))
    if function.variadic and arguments and len(arguments) == len(function.argument_types):
        arguments = [*arguments[:-1], " ".join(("variadic", arguments[-1]))]
    call = "".join((function.sql_name, "(", ", ".join(arguments), ")"))
    if function.return_type == "record" and not set(function.argument_modes) & set("obt"):
        # Whoever calls it would have to say which columns it answers with.
        return "".join(("select ", call, "::text as answer", _LINES))
    return "".join(("select * from ", call, " as answer", _LINES))


def _with_outputs(function: Function, arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a CALL, in which OUT parameters have a place, too."""
    given = list(arguments)
    if "o" not in function.argument_modes:
        return given
    found: list[str] = []
    for mode in function.argument_modes:
        if mode == "o":
            found.append("null")
        elif given:
            found.append(given.pop(0))
    return found
