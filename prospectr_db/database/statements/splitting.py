"""Where one statement ends and the next begins: byte for byte as the Supabase CLI cuts a file.

What the CLI stores in supabase_migrations.schema_migrations.statements is the record that two
tools share, so its splitter's ways are reproduced here, the odd ones included; they were found by
feeding files to version 3.1.0 and reading what it stored:

- cut at ``;`` outside quotes, dollar quotes, comments, parentheses and BEGIN ATOMIC … END; then
  trailing semicolons are stripped, then white space as JavaScript's trim() understands it;
- the first ``)`` closes every parenthesis that is open, nested ones too;
- END closes BEGIN ATOMIC only where a statement could begin, and not inside parentheses;
- a backslash outside a literal hides the character after it;
- a piece that holds only a comment is a statement; one that is empty is none.

Lexical rules of literals are PostgreSQL's (manual 4.1): nested comments, E'' strings and their
continuation on the next line, dollar quotes that do not follow an identifier character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Statement", "split"]

# JavaScript's WhiteSpace and LineTerminator (ECMA-262, 12.2 and 12.3); str.strip() differs.
_TRIMMED = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_SPACE_CHARACTERS = " \t\n\r\f\v"
_SPACE = r" \t\n\r\f\v"
# ASCII letters, digits, _ and $, and everything beyond ASCII: written as what it is not, because a
# set that names a million characters takes milliseconds to compile.
_IDENTIFIER = r"[^\x00-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"

_MARK = re.compile(r"""['"$;()\\/-]""")
_MARK_OR_ATOMIC = re.compile(r"""['"$;()\\/-]|(?<=atomi)c""", re.IGNORECASE | re.ASCII)
_ATOMIC = re.compile(rf"(?<!{_IDENTIFIER})begin[{_SPACE}]+atomic", re.IGNORECASE | re.ASCII)
_END = re.compile(rf"end(?!{_IDENTIFIER})", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r"\$[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*\$")
_ESCAPED = re.compile(r"(?:[^'\\]++|\\.|'')*+(?:'|\\?\Z)", re.DOTALL)
_CONTINUED = re.compile(rf"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[{_SPACE}]|--[^\n\r]*+[\n\r])*+'")
_LINE_END = re.compile(r"[\n\r]")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_WORD = re.compile(_IDENTIFIER)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``offset`` is the 0-based character of the file at which ``text`` begins."""

    text: str
    offset: int


def split(text: str) -> tuple[Statement, ...]:
    """Cut a file into its statements; an empty file has none. Linear in the length of the text."""
    statements: list[Statement] = []
    start = 0
    for end in _ends(text):
        piece = text[start:end].rstrip(";")
        trimmed = piece.strip(_TRIMMED)
        if trimmed:
            lead = len(piece) - len(piece.lstrip(_TRIMMED))
            statements.append(Statement(trimmed, start + lead))
        start = end
    return tuple(statements)


def _ends(text: str) -> list[int]:
    """Return the position after each statement's semicolon, and the end of the text."""
    marks = _MARK_OR_ATOMIC if _ATOMIC.search(text) else _MARK
    ends: list[int] = []
    # What is open around the position, innermost last: "(" or "b" for BEGIN ATOMIC.
    nesting: list[str] = []
    at, start, length = 0, 0, len(text)
    while at < length:
        mark = marks.search(text, at)
        if mark is None:
            break
        at = mark.start()
        sign = text[at]
        if sign == ";":
            at += 1
            if not nesting:
                ends.append(at)
                start = at
            elif nesting[-1] == "b":
                at = _close_atomic(text, at, nesting)
        elif sign == "(":
            nesting.append("(")
            at += 1
        elif sign == ")" or sign == "\\":
            at = _close_parentheses(text, at, nesting)
        elif sign in "cC":
            at += 1
            if _opens_atomic(text, start, at):
                nesting.append("b")
                if _WORD.match(text, at) is None:
                    at = _close_atomic(text, at, nesting)
        else:
            at = _after_literal(text, at, start)
    if not ends or ends[-1] < length:
        ends.append(length)
    return ends


def _close_parentheses(text: str, at: int, nesting: list[str]) -> int:
    """Pass a ``)``, or a backslash and the character it hides (which may yet close)."""
    if text[at] == "\\":
        at += 1
        if text[at : at + 1] != ")":
            return at + 1
    while nesting and nesting[-1] == "(":
        nesting.pop()
    return at + 1


def _opens_atomic(text: str, start: int, end: int) -> bool:
    """Whether the text up to ``end`` finishes the words BEGIN ATOMIC within this statement."""
    before = word = end - len("atomic")
    while before > start and text[before - 1] in _SPACE_CHARACTERS:
        before -= 1
    begin = before - len("begin")
    if before == word or begin < start or text[begin:before].lower() != "begin":
        return False
    return begin == start or _WORD.match(text[begin - 1]) is None


def _close_atomic(text: str, at: int, nesting: list[str]) -> int:
    """At a place where a statement may begin: pass END if it comes next, and close the body."""
    while True:
        while text[at : at + 1] and text[at] in _SPACE_CHARACTERS:
            at += 1
        if text.startswith("--", at):
            at = _after_line_comment(text, at)
        elif text.startswith("/*", at):
            at = _after_block_comment(text, at)
        else:
            break
    end = _END.match(text, at)
    if end is None:
        return at
    nesting.pop()
    return end.end()


def _after_literal(text: str, at: int, start: int) -> int:
    """Return the position after the quote, dollar quote or comment that may begin at ``at``."""
    sign = text[at]
    if sign == "'":
        if _is_escaped(text, at, start):
            return _after_escaped(text, at)
        return _past(text, "'", at + 1)
    if sign == '"':
        return _past(text, '"', at + 1)
    if sign == "$":
        tag = None if at > start and _WORD.match(text[at - 1]) else _TAG.match(text, at)
        # The closing tag may share its dollar signs with the opening one: $$$ is closed.
        return _past(text, tag[0], at + 1) if tag else at + 1
    if text.startswith("--", at):
        return _after_line_comment(text, at)
    if text.startswith("/*", at):
        return _after_block_comment(text, at)
    return at + 1


def _is_escaped(text: str, at: int, start: int) -> bool:
    """Whether the quote at ``at`` opens an E'' string: an E before it that ends no longer word."""
    if at <= start or text[at - 1] not in "eE":
        return False
    return at - 1 == start or _WORD.match(text[at - 2]) is None


def _after_escaped(text: str, at: int) -> int:
    while True:
        body = _ESCAPED.match(text, at + 1)
        at = body.end() if body else len(text)
        more = _CONTINUED.match(text, at)
        if more is None:
            return at
        at = more.end() - 1


def _after_line_comment(text: str, at: int) -> int:
    end = _LINE_END.search(text, at)
    return end.end() if end else len(text)


def _after_block_comment(text: str, at: int) -> int:
    depth, at = 1, at + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def _past(text: str, needle: str, at: int) -> int:
    """Return the position after the next ``needle``, or the end of the text."""
    found = text.find(needle, at)
    return len(text) if found < 0 else found + len(needle)
