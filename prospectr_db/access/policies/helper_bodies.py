"""What helpers of policies say, written in the place of their calls, through every level.

A function of one expression or one query is written out as the server deparses it, and one of
PL/pgSQL that looks something up and decides by it, so that a
helper, another one that says the same, and the condition itself are one text. What cannot be
written out, such as a loop in PL/pgSQL, is held beside the policy by its own text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.policies.plpgsql_forms import as_expression
from prospectr_db.access.policies.spelling import DEFINER, spelt
from prospectr_db.database.catalog import Catalog, Function, quote_identifier

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["HelperBodies"]

_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_COMMENT = re.compile(rf"({_QUOTED})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CALL = re.compile(rf"{_QUOTED}|(?<![\w.])(?:(\w+)\.)?(\w+)\(")
_ATOMIC = re.compile(r"BEGIN ATOMIC\s+(SELECT\b[^;]*);\s*END", re.IGNORECASE)
_PAIRS = frozenset({"::", ":=", "<=", ">=", "<>", "!=", "->", ">>", "||", "=>"})
_MOST_LEVELS = 8


@dataclass(slots=True)
class HelperBodies:
    """The helpers of a database, each asked for once."""

    connection: Connection[Any]
    catalog: Catalog
    _known: dict[int, str | None] = field(default_factory=dict)

    def written_out(self, expression: str) -> tuple[str, frozenset[str]]:
        """Return an expression with what its helpers say, and the texts of those that cannot be."""
        beside: set[str] = set()
        return self._out(expression, beside, _MOST_LEVELS), frozenset(beside)

    def _out(self, text: str, beside: set[str], levels: int) -> str:
        parts: list[str] = []
        place = 0
        while call := _CALL.search(text, place):
            function = self._called(call) if call[2] else None
            if function is None:
                parts.append(text[place : call.end()])
                place = call.end()
                continue
            arguments, end = _arguments(text, call.end())
            body = self._body(function) if levels else None
            said = [self._out(one, beside, levels) for one in arguments]
            names = function.input_names
            parts.append(text[place : call.start()])
            if body is None or len(said) != len(names) or "=>" in "".join(said):
                self._beside(function, beside)
                parts.append(f"{call[0]}{', '.join(said)})")
            else:
                filled = _filled(self._out(body, beside, levels - 1), function.name, names, said)
                asks = function.definer and bool(re.search(r"\bFROM\b", filled))
                parts.append(f"{DEFINER}({filled})" if asks else f"({filled})")
            place = end
        return "".join((*parts, text[place:]))

    def _called(self, call: re.Match[str]) -> Function | None:
        found = [
            function
            for function in self.catalog.functions
            if function.name == call[2] and call[1] in (None, function.schema)
        ]
        return found[0] if len(found) == 1 else None

    def _beside(self, function: Function, beside: set[str]) -> None:
        """Add the text of a function, and of those that it calls."""
        rights = ", with the rights of its owner" if function.definer else ""
        body = self._body(function)
        said = f"{function.label}{rights}: {spelt(body) if body else _plain(function.source)}"
        if said in beside:
            return
        beside.add(said)
        for call in _CALL.finditer(_COMMENT.sub(r"\1", function.source)):
            other = self._called(call) if call[2] else None
            if other is not None:
                self._beside(other, beside)

    def _body(self, function: Function) -> str | None:
        """Return what a function answers as the server deparses it; None if that is not all."""
        if function.oid not in self._known:
            self._known[function.oid] = None  # whoever calls himself is not written out
            self._known[function.oid] = self._deparsed(function)
        return self._known[function.oid]

    def _deparsed(self, function: Function) -> str | None:
        source = _COMMENT.sub(r"\1", function.source).strip()
        if function.returns_set or function.kind != "f":
            return None
        if function.language == "plpgsql":
            answer = as_expression(source)
            source = f"return ({answer})" if answer else ""
        elif function.language != "sql":
            return None
        elif not re.match(r"(?:return|begin atomic)\b", source, re.IGNORECASE):
            source = f"begin atomic {source.rstrip().rstrip(';')}; end"
        deparsed = self._again(function, source) if source else None
        if deparsed is None:
            return None
        if found := _ATOMIC.fullmatch(deparsed.strip()):
            return f"( {found[1]})"
        return deparsed.strip().removeprefix("RETURN ") if deparsed.startswith("RETURN ") else None

    def _again(self, function: Function, body: str) -> str | None:
        """Have the server read a body that it keeps as a text, and say it in its own words."""
        arguments = self.connection.execute(
            "select pg_catalog.pg_get_function_arguments(%s::oid)", (function.oid,)
        ).fetchone()
        path = next((s for s in function.settings if s.startswith("search_path=")), None)
        self.connection.execute("savepoint prospectr_helper")
        try:
            if path is not None:
                value = path.partition("=")[2]
                self.connection.execute("set local search_path = " + (value.strip('"') or "''"))
            name = f"pg_temp.{quote_identifier(function.name)}"
            named = arguments[0] if arguments else ""
            made = f"create function {name}({named}) returns {function.returns} language sql {body}"
            self.connection.execute(made.encode())
            self.connection.execute("set local search_path = ''")
            found = self.connection.execute(
                "select pg_catalog.pg_get_function_sqlbody(p.oid) from pg_catalog.pg_proc as p"
                " where p.pronamespace = pg_catalog.pg_my_temp_schema() and p.proname = %s",
                (function.name,),
            ).fetchone()
        except psycopg.Error:
            return None  # what a function does with names that are made later is known to it alone
        finally:
            self.connection.execute(
                "rollback to savepoint prospectr_helper; release savepoint prospectr_helper"
            )
        return None if found is None else str(found[0])


def _arguments(text: str, place: int) -> tuple[list[str], int]:
    """Return the arguments of a call that begin at a place, and where what follows it begins."""
    found: list[str] = []
    depth, start = 0, place
    for piece in re.finditer(rf"{_QUOTED}|[()\[\],]", text[place:]):
        at = place + piece.start()
        if piece[0] in "([":
            depth += 1
        elif piece[0] in ")]" and depth:
            depth -= 1
        elif piece[0] == ")" or (piece[0] == "," and not depth):
            found.append(text[start:at].strip())
            start = at + 1
            if piece[0] == ")":
                return [one for one in found if one], start
    return found, len(text)


def _filled(body: str, function: str, names: tuple[str, ...], arguments: list[str]) -> str:
    """Put the arguments of a call where a body names its parameters.

    The server writes the function's name before one where it could be taken for a column.
    """
    bare = not re.search(r"\bFROM\b", _top(body))
    for number, (name, argument) in enumerate(zip(names, arguments, strict=True), start=1):
        said = argument if re.fullmatch(r"[\w.]+", argument) else f"({argument})"
        spelt = [rf"\${number}(?!\d)"]
        if name:
            spelt.append(rf"(?<![\w.]){re.escape(function)}\.{re.escape(name)}(?!\w)")
            if bare:
                spelt.append(rf"(?<![\w.']){re.escape(name)}(?![\w(.'])")
        body = re.sub("|".join(spelt), said.replace("\\", r"\\"), body)
    return body


def _top(body: str) -> str:
    """Return a query without what is in it in parentheses."""
    text, before = body.strip()[1:-1] if body.startswith("( SELECT") else body, ""
    while text != before:
        text, before = re.sub(r"\([^()]*\)", " ", text), text
    return text


def _plain(source: str) -> str:
    """Return a body without comments, the case of its words and its white space."""
    text = ""
    for token in re.findall(rf"{_QUOTED}|\w+|[^\s\w]", _COMMENT.sub(r"\1", source)):
        said = token if token[0] in "'\"" else token.lower()
        glued = not text or said in ".,;)" or text[-1] in ".(" or (text[-1] + said) in _PAIRS
        text += said if glued else f" {said}"
    return text.rstrip(";")
