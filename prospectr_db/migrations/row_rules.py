"""How statements change what a table asks of its rows, seen on a copy that has none.

What a statement adds to the rules of an existing table, and what it drops, becomes a question to
the database that has the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from prospectr_db.migrations.row_questions import Kind, RowQuestion, quoted
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.migrations.rehearsal import RehearsedStatement

__all__ = ["RowRules"]


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    label: str
    columns: Mapping[str, Mapping[str, Any]]
    constraints: Mapping[str, Mapping[str, Any]]
    unique_indexes: Mapping[str, Mapping[str, Any]]


Mark = tuple[dict[int, _Table], set[int], int]


class RowRules:
    """The rules of a copy's tables, compared after each statement with what they were before."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._base = _read(connection, None)
        self._now = dict(self._base)
        self._written: set[int] = set()
        self.questions: list[RowQuestion] = []

    def mark(self) -> Mark:
        """Return where things stand, for `back_to`."""
        return dict(self._now), set(self._written), len(self.questions)

    def back_to(self, mark: Mark) -> None:
        """Forget what was seen since, because it was rolled back."""
        now, written, questions = mark
        self._now, self._written = dict(now), set(written)
        del self.questions[questions:]

    def look(
        self, file: str, statement: RehearsedStatement, locked: Collection[int] | None
    ) -> None:
        """Note what a statement, just run, asks of rows.

        ``locked`` are the relations that its transaction may have changed; None for any.
        """
        oids = [oid for oid in self._now if locked is None or oid in locked]
        if oids:
            after = _read(self._connection, oids)
            for oid in oids:
                self.questions += self._compare(file, statement, oid, after.get(oid))
        self._written |= {
            oid for oid, table in self._now.items() if table.label in statement.writes
        }

    def _compare(
        self, file: str, statement: RehearsedStatement, oid: int, after: _Table | None
    ) -> Iterator[RowQuestion]:
        before, base = self._now[oid], self._base[oid]

        def question(kind: Kind, about: str, query: sql.Composable | None) -> RowQuestion:
            return RowQuestion(
                file,
                statement.line,
                kind,
                base.label,
                about,
                query.as_string(self._connection) if query is not None else None,
                oid in self._written,
            )

        if after is None:
            del self._now[oid]
            yield question("table", "", _WHOLE.format(quoted(base.name)))
            return
        self._now[oid] = after
        if statement.command.startswith("TRUNCATE") and before.label in statement.rewritten:
            yield question("rows", "", _WHOLE.format(quoted(base.name)))
        yield from _columns(base, before, after, question)
        yield from _constraints(base, before, after, self._base, question)
        yield from _unique(base, before, after, question)


_Question = Callable[[Kind, str, "sql.Composable | None"], RowQuestion]

_WHOLE = sql.SQL("select * from {}")
_FILLED = sql.SQL("select * from {} where {} is not null")
_EMPTY = sql.SQL("select * from {} where {} is null")
_BROKEN = sql.SQL("select * from {} where ({}) is false")
_REPEATED = sql.SQL(
    "select {keys}, count(*) from {table}{where} group by {keys} having count(*) > 1"
)
_DANGLING = sql.SQL(
    "select * from {table} as child where {filled}"
    " and not exists (select from {referenced} as parent where {same})"
)


def _columns(
    base: _Table, before: _Table, after: _Table, question: _Question
) -> Iterator[RowQuestion]:
    table = quoted(base.name)
    for number, column in before.columns.items():
        known = base.columns.get(number)
        if known is None:
            continue
        name = quoted(known["name"])
        now = after.columns.get(number)
        if now is None and not column["generated"]:
            yield question("column", known["name"], _FILLED.format(table, name))
        if now is None:
            continue
        if now["type"] != column["type"]:
            yield question("type", f"{known['name']} {now['type']}", None)
        if now["not_null"] and not column["not_null"]:
            yield question("not null", known["name"], _EMPTY.format(table, name))
    for number in after.columns.keys() - before.columns.keys():
        column = after.columns[number]
        if column["not_null"] and not (column["filled"] or column["generated"]):
            yield question("new column", column["name"], _WHOLE.format(table))


def _constraints(
    base: _Table,
    before: _Table,
    after: _Table,
    tables: Mapping[int, _Table],
    question: _Question,
) -> Iterator[RowQuestion]:
    for name, rule in sorted(after.constraints.items()):
        if before.constraints.get(name) == rule:
            continue
        known = _unchanged(base, after, rule["columns"] or ())
        query: sql.Composable | None = None
        if rule["kind"] == "c":
            if known:
                query = _BROKEN.format(quoted(base.name), quoted(rule["expression"]))
            yield question("check", name, query)
            continue
        parent = tables.get(rule["referenced"])
        if known and parent is not None:
            query = _dangling(base, parent, rule)
        yield question("foreign key", name, query)


def _dangling(base: _Table, parent: _Table, rule: Mapping[str, Any]) -> sql.Composable | None:
    own = [base.columns[str(number)]["name"] for number in rule["columns"]]
    if any(str(number) not in parent.columns for number in rule["referenced_columns"]):
        return None
    keys = [parent.columns[str(number)]["name"] for number in rule["referenced_columns"]]
    return _DANGLING.format(
        table=quoted(base.name),
        referenced=quoted(parent.name),
        filled=sql.SQL(" and ").join(
            sql.SQL("child.{} is not null").format(quoted(c)) for c in own
        ),
        same=sql.SQL(" and ").join(
            sql.SQL("parent.{} {} child.{}").format(quoted(key), quoted(operator), quoted(column))
            for key, operator, column in zip(keys, rule["operators"], own, strict=True)
        ),
    )


def _unique(
    base: _Table, before: _Table, after: _Table, question: _Question
) -> Iterator[RowQuestion]:
    for name, rule in sorted(after.unique_indexes.items()):
        if before.unique_indexes.get(name) == rule:
            continue
        columns = {*(rule["columns"] or ()), *(n for n in rule["key_columns"] if n)}
        query: sql.Composable | None = None
        if _unchanged(base, after, columns):
            conditions = (
                [] if rule["nulls_equal"] else [f"{key} is not null" for key in rule["keys"]]
            )
            conditions += [rule["predicate"]] if rule["predicate"] else []
            where = f" where {' and '.join(conditions)}" if conditions else ""
            query = _REPEATED.format(
                keys=sql.SQL(", ").join(map(quoted, rule["keys"])),
                table=quoted(base.name),
                where=quoted(where),
            )
        yield question("unique", name, query)


def _unchanged(base: _Table, after: _Table, columns: Sequence[int] | set[int]) -> bool:
    """Whether the target has these columns under the same names."""
    return all(
        str(number) in base.columns
        and base.columns[str(number)]["name"] == after.columns[str(number)]["name"]
        for number in columns
    )


def _read(connection: Connection[Any], oids: Sequence[int] | None) -> dict[int, _Table]:
    # Expressions are deparsed as the search_path asks; the rollback puts the file's back.
    with connection.transaction(force_rollback=True):
        connection.execute("select pg_catalog.set_config('search_path', '', true)")
        rows = connection.execute(
            sql_text("migrations/row_rules.sql"), {"oids": list(oids) if oids is not None else None}
        ).fetchall()
    return {
        oid: _Table(name, label, columns or {}, constraints or {}, unique or {})
        for oid, name, label, columns, constraints, unique in rows
    }
