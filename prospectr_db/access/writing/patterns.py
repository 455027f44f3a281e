"""Texts that match a regular expression, as checks and domains ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as _sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["matching"]


def matching(pattern: str, number: int) -> Iterator[str]:
    """Yield texts that match a regular expression, by walking Python's parse of it."""
    posix = {
        "alpha": "a-zA-Z",
        "digit": "0-9",
        "alnum": "a-zA-Z0-9",
        "space": r"\s",
        "upper": "A-Z",
        "lower": "a-z",
        "punct": r"\-_.",
        "xdigit": "0-9a-f",
    }
    for name, chars in posix.items():
        pattern = pattern.replace(f"[:{name}:]", chars)
    try:
        tree = _parser.parse(pattern)
        compiled = re.compile(pattern)
    except re.error:
        return
    for extra in (0, 3, 7):
        text = "".join(_walk(node, extra, number) for node in tree)
        if compiled.search(text):
            yield text


def _walk(node: tuple[Any, Any], extra: int, number: int) -> str:
    kind, value = node
    if kind is _sre.LITERAL:
        return chr(value)
    if kind is _sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is _sre.ANY:
        return "x"
    if kind is _sre.IN:
        return _one_of(value, number)
    if kind in (_sre.MAX_REPEAT, _sre.MIN_REPEAT):
        low, high, inner = value
        times = min(low + extra, int(high)) if low or extra else min(1, int(high))
        return "".join(_walk(part, extra, number + i) for i in range(times) for part in inner)
    if kind is _sre.SUBPATTERN:
        return "".join(_walk(part, extra, number) for part in value[3])
    if kind is _sre.BRANCH:
        return "".join(_walk(part, extra, number) for part in value[1][0])
    if kind is _sre.CATEGORY:
        digit = str(1 + number % 9)
        return {_sre.CATEGORY_DIGIT: digit, _sre.CATEGORY_SPACE: " "}.get(value, "a")
    return ""


def _one_of(choices: list[tuple[Any, Any]], number: int) -> str:
    if choices and choices[0][0] is _sre.NEGATE:
        for letter in "ax1-_ ":
            if not re.match(_class(choices[1:]), letter):
                return letter
    if not choices:
        return "a"
    kind, value = choices[number % len(choices)]
    if kind is _sre.RANGE:
        low, high = value
        return chr(low + number % (high - low + 1))
    return _walk((kind, value), 0, number)


def _class(choices: list[tuple[Any, Any]]) -> str:
    parts = []
    for kind, value in choices:
        if kind is _sre.LITERAL:
            parts.append(re.escape(chr(value)))
        elif kind is _sre.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif kind is _sre.CATEGORY:
            parts.append({_sre.CATEGORY_DIGIT: r"\d", _sre.CATEGORY_SPACE: r"\s"}.get(value, r"\w"))
    return "[" + "".join(parts) + "]"
