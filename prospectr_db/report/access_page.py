"""The answer of an access check as one HTML file: the matrix, clickable down to its statements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prospectr_db.access.check import CheckReport
from prospectr_db.access.matrix.frozen import Frozen
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess, Verdict
from prospectr_db.access.review.telling import tell
from prospectr_db.report.access_matrix import whose
from prospectr_db.report.access_size import size_of

__all__ = ["html_page"]

_PAGE = Path(__file__).with_name("access_page.html")
_Entry = tuple[str, str, str, str]
# What a finding adds to a cell's state, of which the first bit says that somebody gets through.
_STATES = {"error": 2, "warning": 4}
_PRIVILEGES = {
    "r": "select",
    "a": "insert",
    "w": "update",
    "d": "delete",
    "D": "truncate",
    "x": "references",
    "t": "trigger",
    "m": "maintain",
}


def html_page(report: CheckReport) -> str:
    """Return a page that works offline, from a file, and asks nobody for anything."""
    data = json.dumps(_page_data(report), separators=(",", ":"), ensure_ascii=False)
    # "</script>" and "<!--" inside the data must not end it.
    safe = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _PAGE.read_text(encoding="utf-8").replace("/*DATA*/null", safe, 1)


class _Words(dict[str, int]):
    """Texts that occur again and again, each once; a number stands for it."""

    def number(self, text: str) -> int:
        """Return the number of a text."""
        return self.setdefault(text, len(self))


def _page_data(report: CheckReport) -> dict[str, Any]:
    matrix, words = report.matrix, _Words()
    grave: dict[_Entry, int] = {}
    for finding in report.findings:
        entry = (finding.relation, finding.persona, finding.rows, finding.command)
        grave[entry] = grave.get(entry, 0) | _STATES.get(finding.severity, 0)
    tables = [_table(table, words, grave) for table in matrix.tables]
    return {
        "ok": report.ok,
        "contract": report.contract is not None,
        "source": report.source,
        "probes": matrix.probes,
        "seconds": round(report.seconds, 1),
        "sabotage": report.sabotage,
        "told": [
            {
                "kind": one.kind,
                "severity": one.severity,
                "sentence": one.sentence,
                "statement": one.statement,
            }
            for one in tell(report.findings)
        ],
        "personas": list(_personas(matrix)),
        "size": size_of(report.matrix.tables) or "no table",
        "tables": tables,
        "words": list(words),
    }


def _personas(matrix: AccessMatrix) -> Iterator[str]:
    """Yield the personas that were observed: first the usual ones, then those with a standing."""
    met = dict.fromkeys(a.persona for table in matrix.tables for a in table.accesses)
    found = dict.fromkeys([*(name for name in matrix.personas if name in met), *met])
    for name in ("owner", "stranger", "newcomer", "anon", "service_role"):
        if name in found:
            del found[name]
            yield name
    yield from found


def _table(table: TableAccess, words: _Words, grave: Mapping[_Entry, int]) -> dict[str, Any]:
    return {
        "name": table.relation,
        "kind": table.kind,
        "owner": table.owner_path,
        "rls": table.rls if table.kind == "table" else None,
        "grants": list(_grants(table)),
        "policies": table.policies,
        "accesses": [
            *(_access(table, access, words, grave) for access in table.accesses),
            *(
                _access(table, access, words, grave)
                for one in table.frozen
                for access in _kept(one)
            ),
        ],
    }


def _kept(one: Frozen) -> Iterator[Access]:
    """Yield what stays as it is in a state, and what changes there only, as tried there."""
    place, said = (one.persona, one.rows), (one.statement, one.reason)
    if one.columns:
        yield Access(*place, "frozen", Verdict.REFUSED, one.columns, (), *said)
    if one.thawed:
        yield Access(
            *place, "thawed", Verdict.ALLOWED, one.thawed, (), "" if one.columns else said[0]
        )


def _access(
    table: TableAccess, access: Access, words: _Words, grave: Mapping[_Entry, int]
) -> list[Any]:
    """Return what the page shows of one access; columns are a text, and empty where all are."""
    names = {column.partition("=")[0] for column in access.columns}
    total = len(table.columns_for(access.command))
    some = bool(names) and len(names) < total
    return [
        words.number(access.persona),
        words.number(access.rows),
        words.number(whose(access.rows)),
        words.number(access.command),
        words.number(access.verdict.value),
        int(access.succeeds) | grave.get((table.relation, *_place(access)), 0),
        len(names) if some else 0,
        words.number(", ".join(access.columns) if some or "=" in "".join(access.columns) else ""),
        words.number("; ".join(f"{form.form}: {form.verdict.value}" for form in access.forms)),
        words.number(access.reason or ""),
        words.number(access.statement),
    ]


def _place(access: Access) -> tuple[str, str, str]:
    return access.persona, access.rows, access.command


def _grants(table: TableAccess) -> Iterator[str]:
    """Yield who holds which privileges, on the whole relation or on columns of it."""
    for role, held in table.privileges.items():
        whole = [name for letter, name in _PRIVILEGES.items() if letter in held]
        some = [*whole, *_columns(role, table.column_privileges, whole)]
        yield f"{role}: {', '.join(some) or 'nothing'}"


def _columns(
    role: str, privileges: Mapping[str, tuple[str, ...]], whole: list[str]
) -> Iterator[str]:
    for key, names in privileges.items():
        holder, _, command = key.partition(" ")
        if holder == role and command not in whole:
            yield f"{command} ({', '.join(names)})"
