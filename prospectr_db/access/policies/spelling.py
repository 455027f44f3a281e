"""An expression as a text that another spelling of it does not change: of policies, of filters.

The server deparses expressions in a form of its own: upper case, every operation in parentheses.
What is left to chance are casts, wrappers such as ``(select auth.uid())`` and the order of the
sides of AND, OR and ``=``. Unlike `decisions.normalise` this keeps what belongs to what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from prospectr_db.access.policies.aliases import without_aliases
from prospectr_db.database.catalog import Policy, Relation

if TYPE_CHECKING:
    from prospectr_db.access.policies.helper_bodies import HelperBodies

__all__ = [
    "BESIDE",
    "DEFINER",
    "Tree",
    "as_text",
    "conjuncts",
    "parsed",
    "plain",
    "said",
    "sides",
    "spelt",
    "stated",
    "stated_policies",
    "stripped",
]

BESIDE = " -- "
"""What stands between a policy and the functions that cannot be written out in it."""
DEFINER = "definer"
"""What is read with the rights of a helper's owner stands in parentheses after this word."""
Tree = list[object]
"""Words, and what stands in parentheses as lists of its own."""

_CAST = re.compile(
    r"::(?:(?:\w+|\"[^\"]+\")\.)?(?:\w+|\"[^\"]+\")"
    r"(?: varying| precision| without time zone| with time zone)?(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)
# What `auth.uid()` answers with, as people write it who know no such function.
_TOKENS_CLAIMS = (
    r"auth\.jwt\( ?\)|(?:nullif ?\( ?)?"
    r"current_setting ?\( ?'request\.jwt\.claims' ?(?:, ?true ?)?\)(?: ?, ?'' ?\))?"
)
_SUBJECT = re.compile(rf"\( ?\(?(?:{_TOKENS_CLAIMS})\)? ?->> ?'sub' ?\)", re.IGNORECASE)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]|[^\s()'\"]+")
_ALIAS = re.compile(r"\w+|\"[^\"]+\"")
_CALLED = re.compile(r"[\w.\"]+$")
_OPERATORS = frozenset(
    {"AND", "OR", "NOT", "SELECT", "FROM", "WHERE", "IN", "ANY", "ALL", "EXISTS"}
)


def stated(relation: Relation, policy: Policy, bodies: HelperBodies | None = None) -> str:
    """Return a policy as the contract holds it: for whom, what, and under which condition.

    With ``bodies`` also what the functions in it say.
    """
    said: list[str] = []
    beside: set[str] = set()
    for expression in (policy.using, policy.check):
        text = expression or ""
        if bodies is not None:
            text, more = bodies.written_out(text)
            beside |= more
        said.append(spelt(text, relation.name) if text else "")
    using, check = said
    kind = "" if policy.permissive else ", restricting"
    parts = [f"{policy.command} to {', '.join(sorted(policy.roles))}{kind}"]
    if using:
        parts.append(f"where {using}")
    if check and check != using:  # without a check of its own the condition holds for new rows
        parts.append(f"{'checking' if using else 'where'} {check}")
    return BESIDE.join((" ".join(parts), *sorted(beside)))


def stated_policies(relation: Relation, bodies: HelperBodies) -> dict[str, str]:
    """Return all policies of a table as a contract holds them, and as an older one did."""
    return {stated(relation, one, bodies): stated(relation, one) for one in relation.policies}


@lru_cache(maxsize=4096)
def spelt(expression: str, table: str = "") -> str:
    """Return an expression of a policy without what is only its spelling.

    Inside of sub-selects the server names the ``table`` before its columns, elsewhere it does not.
    """
    tree, _ = _parse(_TOKEN.findall(_plain(expression)), 0)
    return said(_simple(without_aliases(tree, table))).strip()


def parsed(expression: str) -> Tree:
    """Return an expression as it is nested."""
    return _parse(_TOKEN.findall(expression), 0)[0]


def stripped(node: Tree) -> Tree:
    """Return what stands in however many parentheses, of which none says anything."""
    while len(node) == 1 and isinstance(node[0], list):
        node = node[0]
    return node


def as_text(node: Tree) -> str:
    """Return what `parsed` took apart, with the parentheses."""
    parts = (f"({as_text(part)})" if isinstance(part, list) else str(part) for part in node)
    return " ".join(parts)


def plain(expression: str) -> str:
    """Return an expression as it reads: in its order, without casts and parentheses to spare."""
    return _in_order(_bare(expression))


def conjuncts(expression: str) -> frozenset[str]:
    """Return what must all be true for an expression to be."""
    return frozenset(_conjuncts(_bare(expression)))


def _conjuncts(node: Tree) -> Iterator[str]:
    node = stripped(node)
    words = set(_words(node))
    if "AND" not in words or words & {"OR", "BETWEEN", "SELECT"}:
        yield _in_order(_simple([node]))
        return
    for side in sides(node, "AND"):
        yield from _conjuncts(side)


def _bare(expression: str) -> Tree:
    """Take apart what the server says, or what `plain` made of that, which is in small letters."""
    tokens = _TOKEN.findall(_plain(expression))
    return _simple(_parse([t.upper() if t.upper() in _OPERATORS else t for t in tokens], 0)[0])


def _in_order(node: Tree) -> str:
    text = _joined(node, _in_order)
    return "".join(
        part if part[:1] in ("'", '"') else part.lower()
        for part in re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", text)
    )


def _plain(expression: str) -> str:
    """Return an expression without casts, and with the caller's id as `auth.uid()`."""
    return _SUBJECT.sub("auth.uid()", _without_casts(expression))


def _without_casts(expression: str) -> str:
    """Remove casts outside of quoted texts."""
    parts = re.split(r"('(?:[^']|'')*')", expression)
    return "".join(part if part.startswith("'") else _CAST.sub("", part) for part in parts)


def _parse(tokens: list[str], place: int) -> tuple[list[object], int]:
    found: list[object] = []
    while place < len(tokens):
        token = tokens[place]
        if token == "(":  # noqa: S105 - a parenthesis
            inner, place = _parse(tokens, place + 1)
            found.append(inner)
        elif token == ")":  # noqa: S105 - a parenthesis
            return found, place + 1
        else:
            found.append(token)
            place += 1
    return found, place


def _simple(node: list[object]) -> list[object]:
    """Drop wrappers around a single thing, inside out; arguments of a call keep theirs."""
    parts: list[object] = []
    for child in node:
        if not isinstance(child, list):
            parts.append(child)
            continue
        inner = _unwrapped(_simple(child))
        before = parts[-1] if parts else None
        called = (
            isinstance(before, str) and bool(_CALLED.search(before)) and before not in _OPERATORS
        )
        alone = len(inner) == 1 or _is_call(inner)
        if not called and alone:
            parts += inner
        else:
            parts.append(inner)
    return stripped(parts)


def _unwrapped(node: list[object]) -> list[object]:
    """Return what a sub-select without a table answers with: ``(select auth.uid() as uid)``."""
    if len(node) < 2 or node[0] != "SELECT" or {"FROM", "WHERE", "DISTINCT"} & set(_words(node)):
        return node
    body = node[1:]
    if len(body) > 2 and body[-2] == "AS" and _ALIAS.fullmatch(str(body[-1])):
        body = body[:-2]
    return stripped(body)


def _is_call(node: list[object]) -> bool:
    """Whether a group is one call of a function: ``auth.uid()``."""
    return (
        len(node) == 2
        and isinstance(node[0], str)
        and isinstance(node[1], list)
        and node[0] not in _OPERATORS
        and bool(_CALLED.search(node[0]))
    )


def _words(node: list[object]) -> Iterator[str]:
    yield from (part for part in node if isinstance(part, str))


def said(node: list[object]) -> str:
    """Return a group as text; the sides of AND, OR and ``=`` in order."""
    for word in ("OR", "AND", "="):
        if word not in node or (word == "AND" and "BETWEEN" in node):
            continue
        found = sides(node, word)
        if "SELECT" in _words(node) or not all(found):
            break
        parts = [_listed(said(side)) for side in found]
        parts = _merged(parts) if word == "OR" else parts
        return f" {word} ".join(sorted(parts, key=_place))
    return _joined(node, said)


def sides(node: Tree, word: str) -> list[Tree]:
    """Return what stands between the words that are the same, such as AND."""
    found: list[Tree] = [[]]
    for part in node:
        if part == word:
            found.append([])
        else:
            found[-1].append(part)
    return found


_LIST = re.compile(r"ANY (?:\(ARRAY\[(.*)\]\)|'\{([\w, -]*)\}')")
_TEXT = r"'(?:[^']|'')*'"
_TEXTS = re.compile(rf"{_TEXT}(?:, {_TEXT})*")
_EQUAL = re.compile(rf"\(?([^()]+|[^()]*\([^()]*\)[^()]*) = (?:({_TEXT})|(ANY \(.*\)))\)?")


def _listed(side: str) -> str:
    """Return a list of texts in order, however it is written: ``ANY (ARRAY['a', 'b'])``."""
    found = _LIST.fullmatch(side)
    if found is None:
        return side
    inner = found[1]
    if inner is None:
        inner = ", ".join(f"'{part.strip()}'" for part in found[2].split(","))
    return _any(re.findall(_TEXT, inner)) if _TEXTS.fullmatch(inner) else side


def _any(texts: Iterable[str]) -> str:
    return f"ANY (ARRAY[{', '.join(sorted(set(texts)))}])"


def _merged(sides: list[str]) -> list[str]:
    """Write one list for several sides of an OR that compare the same with a text each."""
    values: dict[str, list[str]] = {}
    rest: list[str] = []
    for side in sides:
        found = _EQUAL.fullmatch(side)
        told = re.findall(_TEXT, found[2] or found[3]) if found else []
        if found is None or (found[3] and _any(told) != found[3]):
            rest.append(side)
        else:
            values.setdefault(found[1], []).extend(told)
    lists = [f"{k} = {v[0] if len(set(v)) == 1 else _any(v)}" for k, v in values.items()]
    if len(rest) + len(lists) == 1:
        return [*rest, *lists]
    return [*rest, *(f"({text})" for text in lists)]


def _place(side: str) -> tuple[bool, str]:
    """Put columns before what they are compared with: the caller, a text, a list."""
    return side.startswith(("'", "auth.", "(auth.", "ANY ", "ALL ", "(SELECT")), side


def _joined(node: list[object], say: Callable[[Tree], str]) -> str:
    text = ""
    for part in node:
        said = f"({say(part)})" if isinstance(part, list) else str(part)
        glued = not text or text.endswith("[") or said[0] in ",]["
        call = isinstance(part, list) and bool(re.search(r"[\w\"]$", text))
        named = text.rpartition(" ")[2]
        text += said if glued or (call and named not in _OPERATORS) else f" {said}"
    return text
