"""Which probes of the access matrix the Data API can express, and how the official client asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.api.tokens import token_of
from prospectr_db.database.catalog import Column, Relation

if TYPE_CHECKING:
    from prospectr_db.api.service import DataApi
    from supabase import Client

__all__ = ["Answer", "Request", "ask", "client_for", "express"]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric", "oid"})


@dataclass(frozen=True, slots=True)
class Request:
    """One call: ``filters`` pick the row, ``values`` are what is written, as JSON has them."""

    relation: Relation
    command: str
    columns: tuple[str, ...] = ()
    filters: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    representation: bool = False

    def __str__(self) -> str:
        verb = {"select": "GET", "insert": "POST", "update": "PATCH", "delete": "DELETE"}
        wanted = [f"select={','.join(self.columns)}"] if self.columns else []
        wanted += [
            f"{name}=is.null" if value is None else f"{name}=eq.{value}"
            for name, value in self.filters.items()
        ]
        body = f" {json.dumps(dict(self.values))}" if self.values else ""
        query = f"?{'&'.join(wanted)}" if wanted else ""
        return f"{verb[self.command]} /rest/v1/{self.relation.name}{query}{body}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the SQLSTATE or PostgREST's code, the message, and how many rows."""

    code: str | None
    message: str | None
    rows: int


def express(plan: Plan, knocker: Knocker, probe: Probe) -> Request | None:
    """Return the request that does what a probe does, or None where the Data API has none."""
    relation = plan.relation
    if not _PLAIN_NAME.fullmatch(relation.name) or not knocker.persona.payload:
        return None
    if probe.preparation is not None and probe.command != "insert":
        return None  # it is about a row in another state than the committed one
    if probe.command == "select":
        return _select(plan, knocker, probe)
    if probe.command == "insert":
        return _insert(plan, knocker, probe)
    if probe.form != "where" or probe.command not in {"update", "delete"}:
        return None
    filters = _filters(plan, probe)
    if filters is None:
        return None
    if probe.command == "delete":
        return Request(relation, "delete", filters=filters)
    name = (probe.column or "").partition("=")[0]
    values = _values(relation, {name: probe.value})
    return Request(relation, "update", filters=filters, values=values) if values else None


def client_for(api: DataApi, knocker: Knocker) -> Client:
    """Return the official client, showing the persona's token beside the anon key."""
    from supabase import ClientOptions, create_client

    token = token_of(knocker.persona, api.jwt_secret)
    return create_client(
        api.url,
        api.anon_key,
        options=ClientOptions(
            headers={"Authorization": f"Bearer {token}"},
            auto_refresh_token=False,
            persist_session=False,
        ),
    )


def ask(client: Client, request: Request) -> Answer:
    """Ask the Data API through the official client."""
    from postgrest.exceptions import APIError

    try:
        return Answer(None, None, _rows(client, request))
    except APIError as error:
        return Answer(error.code, error.message, 0)


def _rows(client: Client, request: Request) -> int:
    from postgrest.types import CountMethod, ReturnMethod

    table = client.schema(request.relation.schema).table(request.relation.name)
    exact = CountMethod.exact
    returned = ReturnMethod.representation if request.representation else ReturnMethod.minimal
    call: Any
    if request.command == "select":
        call = table.select(",".join(request.columns))
    elif request.command == "insert":
        call = table.insert(dict(request.values), count=exact, returning=returned)
    elif request.command == "update":
        call = table.update(dict(request.values), count=exact, returning=returned)
    else:
        call = table.delete(count=exact, returning=returned)
    for name, value in request.filters.items():
        call = call.is_(name, "null") if value is None else call.eq(name, value)
    answer = call.execute()
    return len(answer.data) if request.command == "select" else int(answer.count or 0)


def _select(plan: Plan, knocker: Knocker, probe: Probe) -> Request | None:
    relation = plan.relation
    if probe.form == "column":
        return Request(relation, "select", _named((probe.column or "",)))
    if probe.form != "where":
        return None
    readable = _readable(relation, knocker)
    shown = readable or tuple(column.name for column in relation.columns)
    keys = relation.primary_key or plan.source.primary_key
    usable = tuple(name for name in keys if name in shown)
    row = _row(plan, probe)
    if row is None or not usable or not _named(shown):
        return None
    return Request(relation, "select", shown, {name: row[name] for name in usable})


def _insert(plan: Plan, knocker: Knocker, probe: Probe) -> Request | None:
    if probe.form not in {"values", "returning", "column"}:
        return None
    relation = plan.relation
    representation = probe.form == "returning"
    # The client asks for every column back; the statement asked for one.
    if representation and len(_readable(relation, knocker)) < len(relation.columns):
        return None
    given = dict(_read_insert(probe.statement))
    values = _values(relation, given)
    if not values or len(values) != len(given):
        return None
    return Request(relation, "insert", values=values, representation=representation)


def _filters(plan: Plan, probe: Probe) -> dict[str, str | None] | None:
    keys = plan.relation.primary_key or plan.source.primary_key
    row = _row(plan, probe)
    if row is None or not keys or not _named(keys):
        return None
    return {name: row[name] for name in keys}


def _row(plan: Plan, probe: Probe) -> Mapping[str, str | None] | None:
    for row in plan.world.rows.values():
        if row.label == probe.row and row.relation == plan.source.oid:
            return row.values
    return None


def _readable(relation: Relation, knocker: Knocker) -> tuple[str, ...]:
    role = knocker.persona.role
    return tuple(c.name for c in relation.columns if "r" in c.privileges.get(role, ""))


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if all(_PLAIN_NAME.fullmatch(name) for name in names) else ()


def _values(relation: Relation, given: Mapping[str, str | None]) -> dict[str, Any] | None:
    """Return text values as JSON has them, or None where one of them has no such form."""
    values: dict[str, Any] = {}
    for name, text in given.items():
        if not _PLAIN_NAME.fullmatch(name):
            return None
        try:
            values[name] = _json(relation.by_name[name], text)
        except ValueError:
            return None
    return values


def _json(column: Column, text: str | None) -> Any:
    if text is None:
        return None
    if column.category == "A":
        return _array(text)
    if column.base_name == "bool":
        return text in {"t", "true"}
    if column.base_name in {"json", "jsonb"}:
        return json.loads(text)
    if column.base_name in _NUMBERS:
        return json.loads(text)
    return text


def _array(text: str) -> list[str]:
    """Return a one-dimensional array of plain elements; ValueError for anything else."""
    inside = text.removeprefix("{").removesuffix("}")
    if any(sign in inside for sign in '{}"\\'):
        raise ValueError(text)
    return inside.split(",") if inside else []


def _read_insert(statement: str) -> Iterator[tuple[str, str | None]]:
    """Read back the columns and values of an INSERT that `access.statements.insert` wrote."""
    found = re.match(r"insert into \S+ \((.*?)\) values \(", statement, re.DOTALL)
    if found is None:
        return
    rest = statement[found.end() :]
    for name in found[1].split(", "):
        value = re.match(r"(null|'(?:[^']|'')*')::", rest, re.DOTALL)
        if value is None:
            raise ValueError(statement)
        text = None if value[1] == "null" else value[1][1:-1].replace("''", "'")
        yield name.strip('"'), text
        rest = rest[value.end() :]
        kind = re.match(r"(?:\"[^\"]*\"|\([^)]*\)|[^,()])*(?:, |\))", rest)
        rest = rest[kind.end() :] if kind else ""
