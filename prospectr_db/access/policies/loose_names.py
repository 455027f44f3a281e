"""Whether a function's body names anything without its schema: the search_path says what it is.

What is in pg_catalog is found there first, whatever the path, so that ``now()`` is always the
server's (PostgreSQL's manual, "Writing SECURITY DEFINER Functions Safely").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from prospectr_db.access.policies.expressions import COMMENT
from prospectr_db.database.catalog import Function

__all__ = ["looks_names_up"]

_TEXT = re.compile(r"'(?:[^']|'')*'")
_BOUND = re.compile(r"\s*(?:begin\s+atomic|return)\b", re.IGNORECASE)
_DYNAMIC = re.compile(r"\bexecute\b(?!\s+(?:function|procedure|on)\b)", re.IGNORECASE)
_BARE = r"(?<![\w.\"])\"?(\w+)\"?(?!\"?\s*\.|\w)"
_CALL = re.compile(rf"{_BARE}\s*\(")
_FROM = re.compile(
    r"\b(?:from|join|into|update|using|table|truncate)\s+(?:only\s+|lateral\s+)?"
    r"((?:[\w.\"]+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*[\w.\"]+)",
    re.IGNORECASE,
)
_TYPES = (
    re.compile(rf"::\s*{_BARE}"),
    re.compile(rf"\bas\s+{_BARE}\s*\)", re.IGNORECASE),
    re.compile(rf"{_BARE}\s*%\s*rowtype", re.IGNORECASE),
    re.compile(r"(?<![\w.\"])\"?(\w+)\"?\.\"?\w+\"?\s*%\s*type", re.IGNORECASE),
)
_DECLARED = re.compile(rf"\b\w+\s+(?:constant\s+)?{_BARE}\s*(?:;|:=|=|\bdefault\b)", re.IGNORECASE)
_BEGIN = re.compile(r"\bbegin\b", re.IGNORECASE)


def looks_names_up(function: Function, names: Mapping[str, Collection[str]]) -> bool:
    """Whether something in a function's body is found by the search_path, or may be.

    ``names`` are those outside of pg_catalog, by kind: function, relation, type. A body that was
    parsed when the function was made is bound to what it meant then; what is put together as it
    runs, or written in a language that is not read here, may name anything.
    """
    if function.language not in ("sql", "plpgsql"):
        return True
    if function.language == "sql" and _BOUND.match(function.source):
        return False
    body = _TEXT.sub("''", COMMENT.sub(" ", function.source))
    if _DYNAMIC.search(body):
        return True
    return any(name.lower() in names.get(kind, ()) for kind, name in _named(body))


def _named(body: str) -> Iterator[tuple[str, str]]:
    yield from (("function", name) for name in _CALL.findall(body))
    for listed in _FROM.findall(body):
        first = (part.split()[0].strip('"') for part in listed.split(",") if part.strip())
        yield from (("relation", name) for name in first if "." not in name)
    for pattern in _TYPES:
        for name in pattern.findall(body):
            yield "type", name
            yield "relation", name
    begins = _BEGIN.search(body)
    for name in _DECLARED.findall(body[: begins.start()] if begins else ""):
        yield "type", name
        yield "relation", name
