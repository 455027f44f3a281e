"""The text of an access contract: sorted, the same every time, with the comments kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prospectr_db.access.contract.layout import keep_layout
from prospectr_db.access.matrix.facts import ALL, CHANNEL, COMMANDS, Entry, Facts, default_rows
from prospectr_db.access.surroundings import GROUPS, LATER_GROUPS
from prospectr_db.database.catalog import PLATFORM_SCHEMAS

if TYPE_CHECKING:
    from prospectr_db.access.contract.contract import Contract

__all__ = ["render"]

_WITH_COLUMNS = ("table", "foreign table", "view", "materialized view", "function")
_PERSONA_ORDER = ("anon", "newcomer", "stranger", "owner", "service_role")
_HEAD = """\
# Who may do what to which rows and columns of this database, as observed by running statements.
# Written by `prospectr-db access write`; change it by hand when a change of access is meant, and
# let `prospectr-db access check` hold the database to it. "*" is every column of `columns`.
# Whoever and whatever is not mentioned may do nothing.
"""


def render(
    facts: Facts, *, accepted: Mapping[str, str], previous: str = "", extras: Contract | None = None
) -> str:
    """Return a contract's text, sorted; what stood in the previous one keeps order and comments."""
    lines: list[str] = [_HEAD.rstrip(), "", "version = 1"]
    if facts.covers:
        lines.append(f"covers = {_list(sorted(facts.covers))}")
    for persona, body in sorted(extras.personas.items()) if extras else ():
        lines += ["", f"[personas.{_key(persona)}]"]
        lines += [f"{key} = {_inline(value)}" for key, value in sorted(body.items())]
    lines += _surroundings_lines(facts)
    for section, kinds in (
        ("tables", ("table", "foreign table")),
        ("views", ("view", "materialized view")),
        ("functions", ("function",)),
        ("channels", (CHANNEL,)),
    ):
        for relation in sorted(r for r, kind in facts.relations.items() if kind in kinds):
            lines += ["", *_relation_lines(section, relation, facts, extras)]
    if accepted:
        lines += [
            "",
            "# Meant, and not to be stated above. Each needs a reason, or the check stays red.",
        ]
        lines += [
            "[accepted]",
            *(f"{_quote(k)} = {_quote(v)}" for k, v in sorted(accepted.items())),
        ]
    return keep_layout("\n".join(lines) + "\n", previous)


def _surroundings_lines(facts: Facts) -> Iterator[str]:
    if facts.database is not None:
        yield from ("", "[database]")
        for group in (*GROUPS, *LATER_GROUPS):
            yield f"{group} = {_list(facts.database.get(group, ()))}"
    for bucket, settings in sorted((facts.buckets or {}).items()):
        yield from ("", f"[buckets.{_key(bucket)}]")
        yield from (f"{key} = {_inline(value)}" for key, value in settings.items())


def _relation_lines(
    section: str, relation: str, facts: Facts, extras: Contract | None
) -> Iterator[str]:
    head = f"{section}.{_key(relation.removeprefix(f'{CHANNEL} '))}"
    yield f"[{head}]"
    yield from _about_lines(relation, facts, extras)
    owned = section == "functions" or facts.owners.get(relation, "") != "nobody"
    entries: dict[Entry, tuple[str, ...] | None] = {**dict.fromkeys(facts.shut), **facts.allowed}
    mine = {entry: columns for entry, columns in entries.items() if entry[0] == relation}
    kept = {
        key: {entry[1:3]: names for entry, names in found.items() if entry[0] == relation}
        for key, found in (("frozen", facts.frozen), ("thawed", facts.thawed))
    }
    for persona in sorted({entry[1] for entry in mine}, key=_persona_rank):
        default = default_rows(persona, owned=owned)
        by_rows: dict[str, list[tuple[str, tuple[str, ...] | None]]] = {}
        for (_, who, rows, command), columns in mine.items():
            if who == persona:
                place = default if rows == "all" else rows
                by_rows.setdefault(place, []).append((command, columns))
        places = [place for found in kept.values() for place in found]
        by_rows |= {rows: by_rows.get(rows, []) for who, rows in places if who == persona}
        for rows in sorted(by_rows, key=lambda name: (name != default, name)):
            tail = "" if rows == default else f".{_quote(rows)}"
            yield ""
            yield f"[{head}.{_key(persona)}{tail}]"
            for command, columns in sorted(by_rows[rows], key=lambda c: COMMANDS.index(c[0])):
                yield f"{command} = {_value(columns)}"
            for key, found in kept.items():
                if (persona, rows) in found:
                    yield f"{key} = {_list(found[persona, rows])}"
            limited = {
                command: facts.forms[entry]
                for command, _ in by_rows[rows]
                if (entry := (relation, persona, rows, command)) in facts.forms
            }
            if limited:
                pairs = ", ".join(f"{c} = {_list(f)}" for c, f in sorted(limited.items()))
                yield f"forms = {{ {pairs} }}"


def _about_lines(relation: str, facts: Facts, extras: Contract | None) -> Iterator[str]:
    """Yield what is said of a relation whoever asks."""
    yield f"owned_by = {_quote(facts.owners.get(relation, ''))}"
    if relation in facts.without_rls:
        yield "row_level_security = false"
    if extras and relation in extras.owners:
        yield f"owner_columns = {_list(extras.owners[relation])}"
    kept = "" if relation.partition(".")[0] in PLATFORM_SCHEMAS else facts.relations[relation]
    for key, found in (
        ("columns", facts.columns if kept in _WITH_COLUMNS else {}),
        ("server_only", facts.server_only),
        ("idle_grants", facts.idle),
        ("outside_policies", facts.outside),
        ("once", facts.once),
        ("members", facts.members),
        ("joined_by", facts.joined_by),
        ("least", facts.least),
        ("standing", facts.standing),
        ("unseen_policies", facts.unseen),
        ("alternatives", facts.alternatives),
    ):
        if found.get(relation):
            yield f"{key} = {_list(found[relation])}"
    if facts.states.get(relation):
        told = sorted(facts.states[relation].items())
        pairs = ", ".join(f"{_key(k)} = {_inline(list(v)) if v else 'true'}" for k, v in told)
        yield f"states = {{ {pairs} }}"
    if extras and extras.values.get(relation):
        pairs = ", ".join(f"{_key(k)} = {_quote(v)}" for k, v in extras.values[relation].items())
        yield f"values = {{ {pairs} }}"


def _persona_rank(persona: str) -> tuple[int, str]:
    known = persona in _PERSONA_ORDER
    return (_PERSONA_ORDER.index(persona) if known else len(_PERSONA_ORDER), persona)


def _value(columns: tuple[str, ...] | None) -> str:
    if columns is None:
        return "false"
    if not columns:
        return "true"
    return _quote(ALL) if columns == (ALL,) else _list(columns)


def _list(items: Iterable[str]) -> str:
    quoted = [_quote(item) for item in items]
    line = "[" + ", ".join(quoted) + "]"
    if len(line) <= 88:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in quoted) + "]"


def _inline(value: Any) -> str:
    """Return any TOML value on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _quote(str(value))


def _quote(text: str) -> str:
    # TOML's basic strings are JSON's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quote(text)
