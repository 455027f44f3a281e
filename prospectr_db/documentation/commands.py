"""A page about the command line, written from the command line's own help."""

from __future__ import annotations

from typing import Any

__all__ = ["commands_page"]


def commands_page(root: Any) -> str:
    """Return the page as Markdown; ``root`` is the click group that typer builds."""
    parts = [
        "# The command line",
        "Written by `make docs` from the commands themselves. Global options go anywhere.",
        _options(root),
    ]
    for name, command in _leaves(root, ""):
        usage = " ".join(part for part in (f"prospectr-db{name}", _arguments(command)) if part)
        parts += [f"## `{usage}`", " ".join((command.help or "").split())]
        options = _options(command)
        if options:
            parts.append(options)
    return "\n\n".join(parts) + "\n"


def _leaves(command: Any, name: str) -> list[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        return [(name, command)]
    return [
        leaf
        for child in sorted(command.commands)
        for leaf in _leaves(command.commands[child], f"{name} {child}")
    ]


def _arguments(command: Any) -> str:
    return " ".join(
        parameter.make_metavar(command.make_context("", [], resilient_parsing=True))
        for parameter in command.params
        if parameter.param_type_name == "argument"
    )


def _options(command: Any) -> str:
    lines = []
    for parameter in command.params:
        if parameter.param_type_name != "option" or parameter.hidden:
            continue
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        metavar = f" {parameter.metavar}" if parameter.metavar else ""
        lines.append(f"- {names}{metavar}: {parameter.help or ''}".rstrip(": "))
    return "\n".join(lines)
