"""What a PL/pgSQL function answers, as one expression: its branches, and what it looks up first.

Only bodies that decide something and return it: IF, RETURN, PERFORM, SELECT INTO and assignments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["as_expression"]

_QUOTED = r"'(?:[^']|'')*'"
_TOKEN = re.compile(rf"{_QUOTED}|\"(?:[^\"]|\"\")*\"|\w+|:=|[^\s]")
_MOST_STEPS = 60
_TARGETS = r"(?:strict\s+)?(\w+(?:\s*,\s*\w+)*)"
_DECLARED = re.compile(
    r"(\w+)\s+(?:constant\s+)?([\w.%\[\]\" ]+?)\s*(?:(?::=|=|default\b)\s*(.+))?", re.I | re.S
)
_INTO = re.compile(rf"select\s+(.+?)\s+into\s+{_TARGETS}\s+(from\b.+)", re.I | re.S)
_INTO_LAST = re.compile(rf"select\s+(.+?)\s+(from\b.+?)\s+into\s+{_TARGETS}", re.I | re.S)
_ASSIGNED = re.compile(r"(\w+)\s*(?::=|=)\s*(.+)", re.S)


class _OtherError(Exception):
    """A body does something else."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that was looked up: any of its columns is a query of its own."""

    tail: str


@dataclass(frozen=True, slots=True)
class _State:
    values: Mapping[str, str | _Row]
    found: str
    steps: int = 0


def as_expression(source: str) -> str | None:
    """Return what a body answers as an expression of SQL; None where it does something else."""
    try:
        head, body = _blocks(source)
        state = _State({}, "false")
        for declared in head:
            state = _declare(declared, state)
        return _answer(body, state)
    except _OtherError:
        return None


def _blocks(source: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"\s*(?:declare\b(.*?))?\bbegin\b(.*)\bend\s*;?\s*", source, re.I | re.S)
    if found is None or re.search(r"\b(?:begin|loop|exception)\b", found[2], re.I):
        raise _OtherError
    return _statements(found[1] or ""), _statements(found[2])


def _statements(text: str) -> list[str]:
    """Cut a text at its semicolons; THEN and ELSE end a statement, too."""
    parts: list[str] = [""]
    cases = 0
    for token in re.findall(rf"{_QUOTED}|\"(?:[^\"]|\"\")*\"|\w+|\s+|[^\s\w]", text):
        word = token.lower()
        inside = cases > 0
        cases += (word == "case") - (word == "end" and inside)
        ends = word in ("then", "else") and not inside
        if word == "then" and ends:
            parts[-1] += " then"
        if word == "else" and ends:
            parts.append(word)
        if ends or word == ";":
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts if part.strip()]


def _declare(text: str, state: _State) -> _State:
    found = _DECLARED.fullmatch(text)
    if found is None:
        raise _OtherError
    value = _put(found[3], state) if found[3] else "null"
    return replace(state, values={**state.values, found[1].lower(): f"({value})"})


def _answer(statements: Sequence[str], state: _State) -> str:
    """Return what is answered by the first RETURN that is reached."""
    if not statements or state.steps > _MOST_STEPS:
        raise _OtherError
    first, rest = statements[0], statements[1:]
    state = replace(state, steps=state.steps + 1)
    word = first.split(None, 1)[0].lower()
    if word == "return":
        return _put(first[len(word) :].strip(), state)
    if word == "if":
        condition = _put(first[len(word) : -len("then")].strip(), state)
        yes, no, after = _branches(rest)
        then, otherwise = _answer([*yes, *after], state), _answer([*no, *after], state)
        return f"(case when {condition} then {then} else {otherwise} end)"
    return _answer(rest, _step(first, word, state))


def _branches(statements: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return what is done if so, what if not, and what follows; ELSIF is an IF in the ELSE."""
    branches: list[list[str]] = [[], []]
    side, depth = 0, 0
    for place, one in enumerate(statements):
        words = one.lower().split()
        if words[:2] == ["end", "if"]:
            if not depth:
                return branches[0], branches[1], list(statements[place + 1 :])
            depth -= 1
        elif words[0] == "if":
            depth += 1
        elif not depth and words == ["else"]:
            side = 1
            continue
        elif not depth and words[0] in ("elsif", "elseif"):
            nested = [re.sub(r"^\w+", "if", one), *statements[place + 1 :]]
            yes, no, after = _branches(nested[1:])
            return branches[0], [nested[0], *yes, "else", *no, "end if"], after
        branches[side].append(one)
    raise _OtherError


def _step(text: str, word: str, state: _State) -> _State:
    """Return what is known after a statement that answers nothing."""
    if word == "null":
        return state
    if word == "perform":
        query = _put(re.sub(r"^\w+", "select", text), state)
        return replace(state, found=f"(exists ({query}))")
    found = _INTO.fullmatch(text)
    said = (found[1], found[2], found[3]) if found else None
    if said is None and (last := _INTO_LAST.fullmatch(text)):
        said = last[1], last[3], last[2]
    if said is not None:
        return _looked_up(said, state)
    assigned = _ASSIGNED.fullmatch(text)
    if assigned is None or assigned[1].lower() not in state.values:
        raise _OtherError
    value = f"({_put(assigned[2], state)})"
    return replace(state, values={**state.values, assigned[1].lower(): value})


def _looked_up(said: tuple[str, str, str], state: _State) -> _State:
    what, targets, tail = said
    tail = _put(tail, state)
    names = [name.strip().lower() for name in targets.split(",")]
    columns = _columns(what)
    if set(names) - state.values.keys():
        raise _OtherError
    values: dict[str, str | _Row] = dict(state.values)
    if len(names) == 1 and re.fullmatch(r"(?:\w+\.)?\*", what):
        values[names[0]] = _Row(tail)
    elif len(names) == len(columns):
        for name, column in zip(names, columns, strict=True):
            values[name] = f"(select {_put(column, state)} {tail})"
    else:
        raise _OtherError
    return replace(state, values=values, found=f"(exists (select 1 {tail}))")


def _columns(text: str) -> list[str]:
    found, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token == "(") - (token == ")")  # noqa: S105 - parentheses
        if token == "," and not depth:  # noqa: S105 - a comma
            found.append("")
        else:
            found[-1] += f" {token}"
    return found


def _put(text: str, state: _State) -> str:
    """Put what variables hold where a text names them."""
    names = "|".join(map(re.escape, (*state.values, "found")))
    pattern = rf"{_QUOTED}|(?<![\w.\"])({names})(?:\.(\w+))?(?![\w(.])"

    def said(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        if match[1].lower() == "found":
            return state.found
        value = state.values[match[1].lower()]
        if isinstance(value, _Row):
            if match[2] is None:
                raise _OtherError
            return f"(select {match[2]} {value.tail})"
        return value if match[2] is None else match[0]

    return re.sub(pattern, said, text, flags=re.I)
