"""What a statement needs from whoever runs it: found from its leading words, without a full parser.

Which commands refuse a transaction block is from the PostgreSQL manual's reference pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

__all__ = ["Kind", "Traits", "classify", "leading_words"]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\r\f\v\ufeff]+|--[^\n\r]*)
    |(?P<comment>/\*)
    |(?P<word>[^\x00-\x40\x5b-\x5e\x60\x7b-\x7f][^\x00-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*)
    |(?P<quoted>"(?:[^"]|"")*"?)
    |(?P<literal>'(?:[^']|'')*'?)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_META_LINE = re.compile(r"\\([A-Za-z!?]+)[^\n]*\n?")
# pg_dump frames its output with these; they only guard psql against a hostile server.
_HARMLESS_META = frozenset({"restrict", "unrestrict"})
_WORDS_LOOKED_AT = 12


class Kind(Enum):
    """What a statement is to the runner."""

    ORDINARY = "ordinary"
    NOTHING = "nothing"
    BEGIN = "begin"
    COMMIT = "commit"
    COMMIT_AND_CHAIN = "commit and chain"
    ROLLBACK = "rollback"
    ROLLBACK_AND_CHAIN = "rollback and chain"
    PREPARED = "two-phase commit"
    ALONE = "alone"
    COPY_IN = "copy from stdin"
    META = "psql command"
    EVENT_TRIGGER = "event trigger"
    BECOME_SELF = "reset session authorization"
    BECOME_OTHER = "set session authorization"
    DISCARD_ALL = "discard all"


@dataclass(frozen=True, slots=True)
class Traits:
    """A statement's kind, and its command in capitals such as ``CREATE INDEX CONCURRENTLY``.

    ``skip`` counts the characters at its start that are for psql only and not sent.
    """

    kind: Kind
    command: str
    skip: int = 0


_FIRST = {
    "BEGIN": Kind.BEGIN,
    "START": Kind.BEGIN,
    "COMMIT": Kind.COMMIT,
    "END": Kind.COMMIT,
    "ROLLBACK": Kind.ROLLBACK,
    "ABORT": Kind.ROLLBACK,
    "VACUUM": Kind.ALONE,
}
_ALONE = (
    ("ALTER", "SYSTEM"),
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
    ("CREATE", "SUBSCRIPTION"),
    ("DROP", "SUBSCRIPTION"),
    ("DROP", "INDEX", "CONCURRENTLY"),
    ("CREATE", "INDEX", "CONCURRENTLY"),
    ("CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"),
)
_WHOLE_REINDEX = frozenset({"DATABASE", "SYSTEM", "SCHEMA"})


def classify(text: str) -> Traits:
    """Say what a statement, as `split` returns it, is to the runner."""
    skip = 0
    while True:
        words = list(leading_words(text[skip:]))
        if not words:
            return Traits(Kind.NOTHING, "", skip)
        if words[0] != "\\":
            break
        start = text.index("\\", skip)
        line = _META_LINE.match(text, start)
        name = line[1] if line else ""
        if line is None or name not in _HARMLESS_META:
            return Traits(Kind.META, f"\\{name}")
        skip = line.end()
    if words[0] in {"COPY", "ALTER"}:
        words = list(leading_words(text[skip:], limit=len(text)))
    kind, length = _kind(words)
    return Traits(kind, " ".join(words[:length]), skip)


def leading_words(text: str, limit: int = _WORDS_LOOKED_AT) -> Iterator[str]:
    """Yield the first tokens in capitals, without comments; a quoted name keeps its quotes."""
    at, count = 0, 0
    while at < len(text) and count < limit:
        token = _TOKEN.match(text, at)
        if token is None:
            return
        at = token.end()
        if token.lastgroup == "space":
            continue
        if token.lastgroup == "comment":
            at = _after_comment(text, at)
            continue
        count += 1
        yield token[0].upper() if token.lastgroup == "word" else token[0]


def _after_comment(text: str, at: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def _kind(words: list[str]) -> tuple[Kind, int]:
    """Return the kind, and how many of the words name the command."""
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in _FIRST:
        return _transaction_control(words)
    for command in _ALONE:
        if tuple(words[: len(command)]) == command:
            return Kind.ALONE, len(command)
    if second == "EVENT" and words[2:3] == ["TRIGGER"] and first in {"CREATE", "ALTER", "DROP"}:
        return Kind.EVENT_TRIGGER, 3
    special = {
        "REINDEX": _reindex,
        "CLUSTER": _cluster,
        "ALTER": _alter,
        "COPY": _copy,
        "SET": _set,
        "RESET": _set,
        "DISCARD": _set,
        "PREPARE": _prepare,
    }.get(first)
    return special(words) if special else (Kind.ORDINARY, min(2, len(words)))


def _transaction_control(words: list[str]) -> tuple[Kind, int]:
    first, rest = words[0], words[1:]
    kind = _FIRST[first]
    if first == "START" and rest[:1] != ["TRANSACTION"]:
        return Kind.ORDINARY, 1
    if rest[:1] == ["PREPARED"]:
        return Kind.PREPARED, 2
    if rest and rest[0] in {"WORK", "TRANSACTION"}:
        rest = rest[1:]
    if kind is Kind.ROLLBACK and rest[:1] == ["TO"]:
        return Kind.ORDINARY, 2
    if rest[:2] == ["AND", "CHAIN"]:
        chained = Kind.COMMIT_AND_CHAIN if kind is Kind.COMMIT else Kind.ROLLBACK_AND_CHAIN
        return chained, 3
    return kind, 1


def _reindex(words: list[str]) -> tuple[Kind, int]:
    alone = "CONCURRENTLY" in words or bool(_WHOLE_REINDEX.intersection(words[1:6]))
    return (Kind.ALONE if alone else Kind.ORDINARY), 2


def _cluster(words: list[str]) -> tuple[Kind, int]:
    named = [word for word in words[1:] if word not in {"VERBOSE", "(", ")", ",", "TRUE", "FALSE"}]
    return (Kind.ORDINARY if named else Kind.ALONE), 1


def _alter(words: list[str]) -> tuple[Kind, int]:
    detaches = "DETACH" in words and "PARTITION" in words and words[-1:] != ["FINALIZE"]
    if words[1:2] == ["TABLE"] and detaches and "CONCURRENTLY" in words:
        return Kind.ALONE, 2
    if words[1:2] == ["DATABASE"] and "TABLESPACE" in words:
        return Kind.ALONE, 2
    return Kind.ORDINARY, 2


def _copy(words: list[str]) -> tuple[Kind, int]:
    return (Kind.COPY_IN if _reads_standard_input(words) else Kind.ORDINARY), 1


def _reads_standard_input(words: list[str]) -> bool:
    pairs = pairwise(words)
    return ("FROM", "STDIN") in pairs


def _set(words: list[str]) -> tuple[Kind, int]:
    if words == ["DISCARD", "ALL"]:
        return Kind.DISCARD_ALL, 2
    rest = words[2:] if words[1:2] in (["SESSION"], ["LOCAL"]) and words[2:3] else words[1:]
    if words[0] == "RESET" and words[1:3] == ["SESSION", "AUTHORIZATION"]:
        return Kind.BECOME_SELF, 3
    if words[0] == "SET" and rest[:1] == ["AUTHORIZATION"]:
        target = rest[1] if len(rest) > 1 else ""
        return (Kind.BECOME_SELF if target == "DEFAULT" else Kind.BECOME_OTHER), 3
    if words[0] == "SET" and rest[:2] == ["SESSION", "AUTHORIZATION"]:
        target = rest[2] if len(rest) > 2 else ""
        return (Kind.BECOME_SELF if target == "DEFAULT" else Kind.BECOME_OTHER), 3
    return Kind.ORDINARY, 2


def _prepare(words: list[str]) -> tuple[Kind, int]:
    return (Kind.PREPARED if words[1:2] == ["TRANSACTION"] else Kind.ORDINARY), 2
