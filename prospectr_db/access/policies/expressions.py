"""Expressions, deparsed or as people write them: the claims, literals and comparisons in them."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = [
    "CLAIM",
    "COMMENT",
    "EACH",
    "EQUALS",
    "HELD",
    "KEY",
    "LISTED",
    "NAME",
    "TABLE",
    "claim_keys",
    "claim_path",
    "literals",
    "near",
    "near_claim",
    "normalise",
    "with_caller",
    "without_defaults",
]


@lru_cache(maxsize=8192)
def normalise(expression: str) -> str:
    """Return an expression without casts, parentheses and sub-select wrappers around the caller.

    `auth.uid()`, `(select auth.uid())` and the claim `sub` all become ``@uid``, the token ``@jwt``.
    A claim that is a list becomes each of its elements, however these are asked for; one whose key
    something else says becomes the one under that name.
    """
    text = re.sub(r"[()]", " ", with_caller(expression)).replace('"', "")
    text = re.sub(r"@jwt\s*->>\s*'sub'", "@uid", text)
    text = _SELECTED.sub(r"@jwt\1", re.sub(r"\s+", " ", text).strip())
    return _with_elements(_KEYED.sub(lambda found: f"@jwt{found[1]} ->> '{KEY}{found[2]}'", text))


@lru_cache(maxsize=8192)
def with_caller(expression: str) -> str:
    """Return the same with its parentheses, which say what belongs to what."""
    text = re.sub(r"\s+", " ", expression)
    text = re.sub(
        r"::(?:[\w.\"]+(?: varying| precision| without time zone| with time zone)?)"
        r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*",
        "",
        text,
    )
    text = re.sub(r"\bauth\.uid\(\s*\)", " @uid ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bauth\.jwt\(\s*\)", " @jwt ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bauth\.email\(\s*\)", " @jwt ->> 'email' ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"current_setting\(\s*'request\.jwt\.claims'\s*(?:,\s*true\s*)?\)",
        " @jwt ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"current_setting\(\s*'request\.jwt\.claim\.(\w+)'\s*(?:,\s*true\s*)?\)",
        r" @jwt ->> '\1' ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\b(?:nullif|coalesce|lower|upper|btrim)\(", "(", text, flags=re.IGNORECASE)
    text = re.sub(r",\s*''\s*\)", ")", text)
    text = re.sub(
        r"\(\s*select\s+(@\w+)\s*(?:as\s+\"?\w+\"?)?\s*\)", r" \1 ", text, flags=re.IGNORECASE
    )
    return re.sub(
        r"\(\s*select\s+(\(?\s*@jwt[^()]*(?:\([^()]*\))?[^()]*?)\s*as\s+\"?[\w?]+\"?\s*\)",
        r" \1 ",
        text,
        flags=re.IGNORECASE,
    )


COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
CLAIM = r"@jwt((?:\s*(?:->>?|#>>?)\s*(?:'[^']*'|\d+))+)"
EACH = "*"
"""The last key of the path to a claim that is a list: whichever element."""
KEY = "?"
"""How the last key of a path begins that no text says, but a column or an argument of that name."""
_SELECTED = re.compile(rf"(?i:\bSELECT) {CLAIM} (?i:AS) \?column\?(?! (?i:FROM)\b)")
# What Auth keeps under these names is an object: there `?` asks for a key, and not for an element.
_KEYED = re.compile(
    rf"{CLAIM}\s*(?:->>?|(?<=_metadata')\s*\?[|&]?)\s*(?i:ARRAY\[\s*)?(?:\w+\.)*"
    r"(?!(?i:ARRAY|SELECT)\b)([a-zA-Z_]\w*)(?![\w.])"
)
EQUALS = (
    r"(?:\s+(?i:IN)\s+|\s*(?:=|(?i:IS NOT DISTINCT FROM))\s*)"
    r"(?i:ANY\s+|SOME\s+)?(?i:ARRAY\s+(?=SELECT))?(?i:SELECT\s+)?"
)
_STEP = r"\s*->>?\s*'[^']*'"
NAME = r"((?:\w+\.)*\w+)"
"""A column as it is named there: be it qualified or not."""
TABLE = re.compile(
    r'\b(?:from|join)\s+\(*(?:only\s+)?(?:"?\w+"?\.)?"?(\w+)"?(?:\s+(?:as\s+)?"?(\w+)"?)?', re.I
)
"""A table and its alias, as the server deparses them and as people write them."""
HELD = (rf"(?<!@)\b{NAME}(({_STEP})+){EQUALS}@uid", rf"(?<!= )@uid{EQUALS}{NAME}(({_STEP})+)")
"""A key of a column of JSON that holds the caller, by the column and the steps to it."""
# A list that holds the caller, as an array or in JSON, in the ways there are to ask for that.
_UNFOLDED = r"(?:unnest|jsonb?_array_elements_text)"
LISTED = (
    rf"{NAME}\s*(?:@>|&&|\?\|?)\s*(?:(?:to_jsonb|jsonb_build_array)\s+)?(?:ARRAY\[)?\s*@uid",
    rf"(?:ARRAY\[|to_jsonb|jsonb_build_array)\s*@uid\s*\]?\s*(?:<@|&&)\s*{NAME}",
    rf"@uid\s*(?:=\s*(?i:ANY)|(?i:IN))\s+(?i:SELECT)\s+(?i:DISTINCT\s+)?{_UNFOLDED}\s+{NAME}",
)

# A claim that is a list, in the ways there are to ask whether a column's value is in it. How
# somebody signed in (amr) is a list of objects, and asked for otherwise.
_LIST = rf"(?!@jwt\s*->>?\s*'amr'){CLAIM}(?<!@jwt -> 'app_metadata')(?<!@jwt -> 'user_metadata')"
_WHOSE = r"(?:(?:to_jsonb|jsonb_build_array)\s+)?(?:ARRAY\[)?((?:\w+\.)*\w+)\]?"
_ELSE = r"(?:\s*, '[^']*')?"
_HOLDS = (
    re.compile(
        rf"{_LIST}{_ELSE}(?:\s+(?i:AS)\s+\??\w+\??)?\s*(?:@>|\?[|&]?)\s*(?!(?i:ARRAY\[)?'){_WHOSE}"
    ),
    re.compile(rf"{_WHOSE}\s*<@\s*(?:(?i:ARRAY)\s+)?(?:(?i:SELECT)\s+)?{_LIST}"),
)
_ROWS = re.compile(
    rf"\b(?i:FROM)\s+{CLAIM}{_ELSE}\s+(?:(?i:AS)\s+)?(\w+)(?:\s+(?!(?i:WHERE)\b)(\w+))?"
    r"\s+(?i:WHERE)\s+"
)


def _with_elements(plain: str) -> str:
    """Write ``->> '*'`` behind a claim whose elements are asked for, compared as one value is."""
    if "@jwt" not in plain:
        return plain
    plain = re.sub(rf"\b{_UNFOLDED}\s+{_LIST}", lambda found: _each(found[1]), plain)
    before, after = _HOLDS
    plain = before.sub(lambda found: f"{found[2]} = {_each(found[1])}", plain)
    plain = after.sub(lambda found: f"{found[1]} = {_each(found[2])}", plain)
    for rows in reversed(list(_ROWS.finditer(plain))):
        named = rf"{rows[2]}\.{rows[3]}" if rows[3] else rf"{rows[2]}(?:\.\w+)?"
        element = rf"(?<![\w.@']){named}(?![\w.'])"
        claim = f"@jwt{rows[1]}".replace("\\", r"\\")
        plain = plain[: rows.end()] + re.sub(element, claim, plain[rows.end() :])
    return plain


def _each(arrows: str) -> str:
    path = claim_path(arrows)
    return f"@jwt{arrows}" if path[-1:] == (EACH,) else f"@jwt{arrows} ->> '{EACH}'"


def claim_keys(text: str) -> set[tuple[str, ...]]:
    """Return the paths of the claims that an expression or function source reads.

    Of a claim whose key is said elsewhere, the path of what it is in.
    """
    paths = {claim_path(found) for found in re.findall(CLAIM, normalise(text))}
    return {path[:-1] if path[-1:] and path[-1].startswith(KEY) else path for path in paths}


def claim_path(arrows: str) -> tuple[str, ...]:
    """Return the keys on the way to a claim, of what follows the token: ``-> 'a' ->> 'b'``."""
    keys: list[str] = []
    for literal in re.findall(r"'([^']*)'", arrows):
        keys.extend(literal.strip("{}").split(",") if literal.startswith("{") else [literal])
    return tuple(key.strip() for key in keys)


def literals(text: str) -> tuple[str, ...]:
    """Return the string and number literals of an expression, in order, without repeats.

    Of an array's literal, such as ``'{editor,admin}'``, the elements.
    """
    quoted = re.findall(r"'((?:[^']|'')*)'", text)
    found = [item for one in quoted for item in (_elements(one) or [one])]
    found += re.findall(r"(?<![\w.'])(-?\d+(?:\.\d+)?)(?![\w.'])", text)
    return tuple(dict.fromkeys(item.replace("''", "'") for item in found))


def _elements(text: str) -> list[str]:
    if not re.fullmatch(r"\{[^{}:]+\}", text):
        return []
    return [element.strip(' "') for element in text.strip("{}").split(",")]


_NESTED = r"[^()']|'[^']*'"
for _ in range(3):
    _NESTED = rf"[^()']|'[^']*'|\((?:{_NESTED})*\)"
_DEFAULT = re.compile(
    rf"(\bcoalesce\s*\((?:{_NESTED})*?),\s*'[^']*'(?:::[\w ]+)?\s*\)", re.IGNORECASE
)


def without_defaults(text: str) -> str:
    """Return an expression without the texts that stand for what is missing: no value asked for."""
    return _DEFAULT.sub(r"\1)", text)


_COMPARED = (
    r"\s*(?:=|<>|!=|>=|<=|>|<|(?:NOT )?IN|IS (?:NOT )?DISTINCT FROM|\?[|&]?|@>|&&|~~|LIKE)"
    r"\s*(?:(?:ANY|ALL|SOME)\s+)?(?:ARRAY)?\s*"
    r"(\[[^\]]*\]|'[^']*'(?:\s*,\s*'[^']*')*|-?\d+)"
)


def near(name: str, text: str) -> list[str]:
    """Return the literals that stand right of a column's comparison."""
    asked = rf"\b{re.escape(name)}{_COMPARED}"
    found = re.finditer(asked, normalise(text), re.IGNORECASE)
    return [value for match in found for value in literals(match.group(1))]


def near_claim(path: tuple[str, ...], text: str) -> list[str]:
    """Return the literals that stand right of a claim's comparison."""
    found = re.finditer(f"{CLAIM}(?:\\s*, '[^']*')?{_COMPARED}", normalise(text), re.IGNORECASE)
    return [
        v for match in found if claim_path(match.group(1)) == path for v in literals(match.group(2))
    ]
