"""A TOML document read by path: typed values, and errors that name the key or the place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from prospectr_db.errors import ConfigError

__all__ = ["Document", "is_variable", "parse", "with_environment"]

_ENV = re.compile(r"env\((\w+)\)")
_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def parse(text: str, label: str) -> dict[str, Any]:
    """Parse TOML; raises ConfigError with file, line, column and the line where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(text, label, error) from error


def is_variable(value: str) -> bool:
    """Whether a string is ``env(NAME)`` and nothing else."""
    return _ENV.fullmatch(value) is not None


def with_environment(value: Any, environment: Mapping[str, str], unset: list[str]) -> Any:
    """Replace every string that is ``env(NAME)``; one without a value stays as it is."""
    if isinstance(value, dict):
        return {key: with_environment(item, environment, unset) for key, item in value.items()}
    if isinstance(value, list):
        return [with_environment(item, environment, unset) for item in value]
    match = _ENV.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    found = environment.get(match[1])
    if found:
        return found
    unset.append(match[1])
    return value


class Document:
    """Typed access by path; every method raises ConfigError that names the key and the type."""

    def __init__(self, document: dict[str, Any], label: str) -> None:
        self.document = document
        self.label = label

    def get(self, keys: tuple[str, ...]) -> Any:
        """Return the value at a path of keys, or None; raises where something there is no table."""
        found: Any = self.document
        for depth, key in enumerate(keys):
            if not isinstance(found, dict):
                raise self.wrong(keys[:depth], "a table", found)
            if key not in found:
                return None
            found = found[key]
        return found

    def wrong(self, keys: tuple[str, ...], wanted: str, found: Any) -> ConfigError:
        """Return the error for a value of the wrong type."""
        return ConfigError(
            f"{self.label}: {'.'.join(keys)} must be {wanted}, not {found!r}.",
            hint="The keys and their types: "
            "https://supabase.com/docs/guides/local-development/cli/config",
            file=self.label,
            key=".".join(keys),
        )

    def text(self, *keys: str, default: str) -> str:
        """Return a string."""
        found = self.get(keys)
        if found is None:
            return default
        if not isinstance(found, str):
            raise self.wrong(keys, "a string", found)
        return found

    def number(self, *keys: str, default: int) -> int:
        """Return a whole number; digits in quotes are one, because ``env(NAME)`` gives strings."""
        found = self.get(keys)
        if found is None:
            return default
        if isinstance(found, str) and found.isdigit():
            return int(found)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.wrong(keys, "a whole number", found)
        return found

    def maybe_flag(self, *keys: str) -> bool | None:
        """Return true or false, or None where the document does not say."""
        found = self.get(keys)
        if isinstance(found, str) and found.lower() in {"true", "false"}:
            return found.lower() == "true"
        if found is not None and not isinstance(found, bool):
            raise self.wrong(keys, "true or false", found)
        return found

    def flag(self, *keys: str, default: bool) -> bool:
        """Return true or false."""
        found = self.maybe_flag(*keys)
        return default if found is None else found

    def texts(self, *keys: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of strings."""
        found = self.get(keys)
        if found is None:
            return default
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.wrong(keys, "a list of strings", found)
        return tuple(found)

    def table(self, *keys: str) -> dict[str, Any]:
        """Return a table; an empty one where there is none."""
        found = self.get(keys)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self.wrong(keys, "a table", found)
        return found


def _broken(text: str, label: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    place = _TOML_PLACE.search(str(error))
    if place:
        line, column = int(place[1]), int(place[2])
    else:
        line = text.count("\n") + 1
        column = len(text) - text.rfind("\n")
    lines = text.split("\n")
    content = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    gutter = f"{line} | "
    reason = str(error).split(" (at ")[0]
    return ConfigError(
        f"{label}:{line}:{column}: {reason}",
        hint="The file is not valid TOML; look at the marked place, or just before it.",
        file=label,
        line=line,
        column=column,
        excerpt=f"{gutter}{content}\n{' ' * (len(gutter) + column - 1)}^",
    )
