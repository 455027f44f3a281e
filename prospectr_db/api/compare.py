"""Whether the Data API answers as the database does: each cell by impersonation and over HTTP.

Both sides meet the same committed rows. The database is asked in a transaction that is rolled
back; over HTTP the official client asks with a token of each persona, and the server undoes every
request.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prospectr_db.access.matrix import Verdict
from prospectr_db.access.observe import Outcome, knockers, open_observer, prepare, run
from prospectr_db.access.probes import Knocker, Probe
from prospectr_db.api.node import Program
from prospectr_db.api.requests import Answer, Request, ask, client_for, express
from prospectr_db.api.service import data_api
from prospectr_db.database.connection import connect_admin
from prospectr_db.database.snapshot import Key, kinds, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError

if TYPE_CHECKING:
    from prospectr_db.database.catalog import Relation

__all__ = [
    "ApiComparison",
    "ApiSabotageNotSeenError",
    "CellDifference",
    "Compared",
    "compare",
    "shape_of",
]

_ROW_SECURITY = "row-level security policy"
_ROLES = frozenset({"anon", "authenticated", "authenticator", "postgres", "service_role"})


class ApiSabotageNotSeenError(ProspectrError):
    """With row-level security off on a table, the Data API seemed to answer as before."""

    code = "sabotage_not_seen"


@dataclass(frozen=True, slots=True)
class Compared:
    """What was asked in one cell, and how the database answered by impersonation."""

    relation: str
    persona: str
    rows: str
    command: str
    form: str
    column: str | None
    verdict: str
    request: Request
    statement: str


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
    and functions were the same afterwards.
    """

    cells: int
    relations: tuple[str, ...]
    personas: tuple[str, ...]
    verdicts: Mapping[str, int]
    differences: tuple[CellDifference, ...]
    not_expressible: Mapping[str, int]
    sabotage: str
    unchanged: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether something was compared, all of it agrees, and nothing was left behind."""
        return self.cells > 0 and not self.differences and self.unchanged


def compare(
    target: Target,
    program: Program,
    *,
    secret: str,
    log: Path,
    exposed: Sequence[str] = ("public",),
    sabotage: bool = True,
) -> ApiComparison:
    """Compare the two ways on a disposable database, in which rows are built and stay.

    With ``sabotage`` row-level security is switched off on one table afterwards, and that must be
    seen. Raises ApiSabotageNotSeenError where it is not, ServerError where the API does not start.
    """
    begun = time.monotonic()
    cells, personas, omitted = ask_database(target, exposed)
    before = shape_of(target)
    with data_api(target, program, secret=secret, log=log, schemas=exposed, rollback=True) as api:
        clients = {knocker.name: client_for(api, knocker) for knocker in personas}
        differences = tuple(ask_api(clients, cells))
        known = {found.request for found in differences}
        seen = _sabotage(target, clients, cells, known) if sabotage else "not tried"
    return ApiComparison(
        cells=len(cells),
        relations=tuple(dict.fromkeys(cell.relation for cell in cells)),
        personas=tuple(clients),
        verdicts=dict(sorted(Counter(cell.verdict for cell in cells).items())),
        differences=differences,
        not_expressible=dict(sorted(omitted.items())),
        sabotage=seen,
        unchanged=shape_of(target) == before,
        seconds=time.monotonic() - begun,
    )


def verdict_of(code: str | None, message: str | None, rows: int) -> str:
    """Name how a statement or request ended, by the same rule for both ways."""
    if code is None:
        return Verdict.ALLOWED if rows else Verdict.FILTERED
    if code == "42501":
        return Verdict.REJECTED if _ROW_SECURITY in (message or "") else Verdict.DENIED
    if len(code) == 5 and not code.startswith("PGRST"):
        return f"{Verdict.REFUSED} {code}"
    return f"not understood ({code})"


def ask_database(
    target: Target, exposed: Sequence[str]
) -> tuple[list[Compared], list[Knocker], Counter[str]]:
    """Build the world, ask the database for every expressible cell, and commit the world."""
    cells: list[Compared] = []
    omitted: Counter[str] = Counter()
    with open_observer(target) as connection:
        observation = prepare(connection, exposed=exposed)
        everybody = [k for k in knockers(observation) if k.persona.payload]
        for relation in observation.relations:
            if relation.schema not in exposed:
                continue
            plan = observation.plan(relation)
            for knocker in everybody:
                wanted: list[tuple[Probe, Request]] = []
                for probe in plan.probes(knocker):
                    request = express(plan, knocker, probe)
                    if request is None:
                        omitted[f"{probe.command} {probe.form}"] += 1
                    else:
                        wanted.append((replace(probe, preparation=None, question=None), request))
                outcomes = run(observation, knocker.persona, [probe for probe, _ in wanted])
                cells += _compared(relation, knocker, wanted, outcomes)
        connection.commit()
    return cells, everybody, omitted


def _compared(
    relation: Relation,
    knocker: Knocker,
    wanted: Iterable[tuple[Probe, Request]],
    outcomes: Iterable[Outcome],
) -> list[Compared]:
    return [
        Compared(
            relation=relation.label,
            persona=knocker.name,
            rows=probe.rows,
            command=probe.command,
            form=probe.form,
            column=probe.column,
            verdict=verdict_of(outcome.state, outcome.message, outcome.touched),
            request=request,
            statement=probe.statement,
        )
        for (probe, request), outcome in zip(wanted, outcomes, strict=True)
    ]


def ask_api(clients: Mapping[str, Any], cells: Iterable[Compared]) -> list[CellDifference]:
    return [
        _difference(cell, by_api, answer)
        for cell in cells
        for answer in (ask(clients[cell.persona], cell.request),)
        if (by_api := verdict_of(answer.code, answer.message, answer.rows)) != cell.verdict
    ]


def _difference(cell: Compared, by_api: str, answer: Answer) -> CellDifference:
    return CellDifference(
        relation=cell.relation,
        persona=cell.persona,
        rows=cell.rows,
        command=cell.command,
        form=cell.form,
        column=cell.column,
        by_database=cell.verdict,
        by_api=by_api,
        statement=cell.statement,
        request=str(cell.request),
        message=answer.message,
    )


def _sabotage(
    target: Target, clients: Mapping[str, Any], cells: Sequence[Compared], known: Collection[str]
) -> str:
    """Switch row-level security off on one table, ask again, and switch it on again."""
    guarded = Counter(
        cell.relation
        for cell in cells
        if cell.verdict == Verdict.FILTERED and cell.command == "select" and cell.form == "where"
    )
    if not guarded:
        return "nothing to sabotage: no table keeps a row from anybody"
    label = guarded.most_common(1)[0][0]
    mine = [cell for cell in cells if cell.relation == label]
    name = mine[0].request.relation.sql_name
    with connect_admin(target, autocommit=True) as connection:
        connection.execute(" ".join(("alter table", name, "disable row level security")).encode())
        try:
            seen = [found for found in ask_api(clients, mine) if found.request not in known]
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
