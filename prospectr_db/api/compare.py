"""Whether the Data API answers as the database does: each cell by impersonation and over HTTP.

Both sides meet the same committed rows. The database is asked in a transaction that is rolled
back; over HTTP the official client asks with a token of each persona, and the server undoes every
request. What came over HTTP is held to the access contract besides.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prospectr_db.access.matrix.matrix import Verdict
from prospectr_db.api.asking import Compared, ask_database, verdict_of
from prospectr_db.api.holding import Held, Seen, hold, outcome_over_http
from prospectr_db.api.node import Program
from prospectr_db.api.requests import Answer, ask, client_for
from prospectr_db.api.service import data_api
from prospectr_db.database.connection import connect_admin
from prospectr_db.database.snapshot import Key, kinds, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError

if TYPE_CHECKING:
    from prospectr_db.access.contract.contract import Contract

__all__ = [
    "ApiComparison",
    "ApiSabotageNotSeenError",
    "CellDifference",
    "compare",
    "shape_of",
]

_ROLES = frozenset({"anon", "authenticated", "authenticator", "postgres", "service_role"})


class ApiSabotageNotSeenError(ProspectrError):
    """With row-level security off on a table, the Data API seemed to answer as before."""

    code = "sabotage_not_seen"


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell in which the two ways disagree, with how to see it on either."""

    relation: str
    persona: str
    rows: str
    command: str
    form: str
    column: str | None
    by_database: str
    by_api: str
    statement: str
    request: str
    message: str | None


@dataclass(frozen=True, slots=True)
class ApiComparison:
    """What `compare` found.

    ``verdicts`` counts the cells by what the database said; ``not_expressible`` the probes that
    the Data API has no request for, by command and form. ``unchanged`` says that grants, policies
    and functions were the same afterwards; ``held`` what the access contract says to it.
    """

    cells: int
    relations: tuple[str, ...]
    personas: tuple[str, ...]
    verdicts: Mapping[str, int]
    differences: tuple[CellDifference, ...]
    not_expressible: Mapping[str, int]
    sabotage: str
    unchanged: bool
    held: Held
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether something was compared, all of it agrees and is meant, and nothing stays."""
        return self.cells > 0 and not self.differences and self.unchanged and self.held.check.ok


def compare(
    target: Target,
    program: Program,
    *,
    secret: str,
    log: Path,
    exposed: Sequence[str] = ("public",),
    contract: Contract | None = None,
    sabotage: bool = True,
    older: bool = False,
) -> ApiComparison:
    """Compare the two ways on a disposable database, in which rows are built and stay.

    ``older``: new tables were granted in it although the project's files do not say so.
    With ``sabotage`` row-level security is switched off on one table afterwards, and that must be
    seen. Raises ApiSabotageNotSeenError where it is not, ServerError where the API does not start.
    """
    begun = time.monotonic()
    asked = ask_database(target, exposed, contract)
    cells = asked.cells
    before = shape_of(target)
    with data_api(target, program, secret=secret, log=log, schemas=exposed, rollback=True) as api:
        clients = {knocker.name: client_for(api, knocker) for knocker in asked.knockers}
        answers = ask_api(clients, cells)
        differences = tuple(differences_in(cells, answers))
        known = {found.request for found in differences}
        spoilt = _sabotage(target, clients, cells, known) if sabotage else "not tried"
    seen = [_seen(cell, answer) for cell, answer in zip(cells, answers, strict=True)]
    seconds = time.monotonic() - begun
    return ApiComparison(
        cells=len(cells),
        relations=tuple(dict.fromkeys(cell.relation for cell in cells)),
        personas=tuple(clients),
        verdicts=dict(sorted(Counter(cell.verdict for cell in cells).items())),
        differences=differences,
        not_expressible=dict(sorted(asked.omitted.items())),
        sabotage=spoilt,
        unchanged=shape_of(target) == before,
        held=hold(
            asked.observation,
            seen,
            contract,
            otherwise=asked.otherwise,
            sabotage=spoilt,
            seconds=seconds,
            older=older,
        ),
        seconds=time.monotonic() - begun,
    )


def ask_api(clients: Mapping[str, Any], cells: Iterable[Compared]) -> list[Answer]:
    """Ask over HTTP what the database was asked."""
    return [ask(clients[cell.knocker.name], cell.request) for cell in cells]


def differences_in(
    cells: Iterable[Compared], answers: Iterable[Answer]
) -> Iterator[CellDifference]:
    """Yield the cells in which the two ways disagree."""
    for cell, answer in zip(cells, answers, strict=True):
        by_api = verdict_of(answer.code, answer.message, answer.rows)
        if by_api != cell.verdict:
            yield CellDifference(
                relation=cell.relation,
                persona=cell.knocker.name,
                rows=cell.probe.rows,
                command=cell.probe.command,
                form=cell.probe.form,
                column=cell.probe.column,
                by_database=cell.verdict,
                by_api=by_api,
                statement=cell.probe.statement,
                request=str(cell.request),
                message=answer.message,
            )


def _seen(cell: Compared, answer: Answer) -> Seen:
    by_api = verdict_of(answer.code, answer.message, answer.rows)
    agrees = by_api == cell.verdict
    row = cell.probe.row if answer.rows else None
    return Seen(
        cell.plan,
        cell.knocker,
        cell.probe,
        str(cell.request),
        cell.control,
        cell.outcome if agrees else outcome_over_http(answer, row),
        "" if agrees else f"{cell.verdict} in the database, {by_api} over HTTP",
    )


def _sabotage(
    target: Target, clients: Mapping[str, Any], cells: Sequence[Compared], known: Collection[str]
) -> str:
    """Switch row-level security off on one table, ask again, and switch it on again."""
    guarded = Counter(
        cell.relation
        for cell in cells
        if cell.verdict == Verdict.FILTERED
        and (cell.probe.command, cell.probe.form) == ("select", "where")
    )
    if not guarded:
        return "nothing to sabotage: no table keeps a row from anybody"
    label = guarded.most_common(1)[0][0]
    mine = [cell for cell in cells if cell.relation == label]
    name = mine[0].request.relation.sql_name
    with connect_admin(target, autocommit=True) as connection:
        connection.execute(" ".join(("alter table", name, "disable row level security")).encode())
        try:
            found = differences_in(mine, ask_api(clients, mine))
            seen = [difference for difference in found if difference.request not in known]
        finally:
            connection.execute(
                " ".join(("alter table", name, "enable row level security")).encode()
            )
    if not seen:
        raise ApiSabotageNotSeenError(
            f"With row-level security off on {label} the Data API seemed to answer as before.",
            hint="This is a defect of the comparison, not of the project; please report it.",
        )
    return f"row-level security switched off on {label}: {len(seen)} cells differ"


def shape_of(target: Target) -> Mapping[Key, Any]:
    """Return what serving must leave as it was: everything in the database, and the API's roles.

    Other roles belong to the cluster, in which other runs may be making and dropping theirs.
    """
    with connect_admin(target) as connection:
        found = take(connection, include=kinds(), extension_members=True, exclude=())
    return {key: facts for key, facts in found.items() if key.kind != "roles" or key.name in _ROLES}
