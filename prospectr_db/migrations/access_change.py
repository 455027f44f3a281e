"""Who gains or loses what by pending migrations, and which gain is a leak.

Seen by running statements on two copies, before and after. What the access contract beside the
migrations states has been reviewed with them: it is a gain, whatever the default rules think.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prospectr_db.access.contract.contract import Contract
    from prospectr_db.access.matrix.finding import Finding
    from prospectr_db.database.target import Target
    from prospectr_db.project import Project

__all__ = ["OLDER", "AccessChange", "access_changes", "relies_on_grants"]

AccessKind = Literal["leak", "gain", "loss", "new", "gone"]

_RANK = {"leak": 0, "loss": 1, "gain": 2, "new": 3, "gone": 4}


OLDER = (
    "No migration grants a table to the API's roles: who gains or loses access was observed as if "
    "new tables were granted by themselves, as in projects made before May 2026."
)


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One change of who may do what, as a sentence; ``statement`` shows it where there is one.

    A ``leak`` is a gain that neither the contract states nor anybody can expect: rows of others,
    visitors without a login, privileges that no policy governs.
    """

    kind: AccessKind
    relation: str
    persona: str
    rows: str
    command: str
    columns: tuple[str, ...]
    sentence: str
    statement: str


def access_changes(before: Target, after: Target, project: Project) -> tuple[AccessChange, ...]:
    """Observe two disposable databases, both of which are written to, and tell the difference."""
    # Observing is a machinery of its own: a plan without it does not wait for its import.
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.verify import access_difference, contract_path

    contract = read_contract(contract_path(project))
    found = {
        _change(finding, contract) for finding in access_difference(before, after, project=project)
    }
    return tuple(sorted(found, key=lambda item: (_RANK[item.kind], item.relation, item.sentence)))


def relies_on_grants(
    after: Target, project: Project, granted: Iterable[AbstractContextManager[Target]]
) -> bool:
    """Whether a project's files make sense only where new tables are granted, and do not say so.

    ``granted`` lend the states with these grants: migrations may have taken away what they give.
    """
    if project.config.auto_expose_new_tables is not None:
        return False
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.exposure import is_granted, is_of_older_project
    from prospectr_db.access.verify import contract_path, exposed_schemas

    contract, exposed = read_contract(contract_path(project)), exposed_schemas(project)
    if not is_of_older_project(after, exposed, contract):
        return False
    if contract is not None:
        return True
    for lent in granted:
        with lent as target:
            if is_granted(target, exposed):
                return True
    return False


def _change(finding: Finding, contract: Contract | None) -> AccessChange:
    kind, sentence = _kind(finding, contract), finding.sentence
    if finding.kind == "unmentioned":
        sentence = f"{finding.relation} is new."
    elif finding.kind == "gone":
        sentence = f"{finding.relation} is gone."
    return AccessChange(
        kind,
        finding.relation,
        finding.persona,
        finding.rows,
        finding.command,
        finding.columns,
        sentence,
        finding.statement,
    )


def _kind(finding: Finding, contract: Contract | None) -> AccessKind:
    if finding.kind == "unmentioned":
        return "new"
    if finding.kind in ("gone", "loss"):
        return finding.kind
    if contract is not None and _is_stated(finding, contract):
        return "gain"
    return "gain" if _is_expected(finding) else "leak"


def _is_stated(finding: Finding, contract: Contract) -> bool:
    """Whether the contract says so, or accepts it with a reason."""
    if contract.accepted.get(finding.key):
        return True
    entry = (finding.relation, finding.persona, finding.rows, finding.command)
    columns = contract.facts.allowed.get(entry)
    if columns is None:
        return False
    return columns == ("*",) or set(finding.columns) <= {
        name.partition("=")[0] for name in columns
    } | set(columns)


def _is_expected(finding: Finding) -> bool:
    """Whether a gain is what tables are made for: one's own rows, and the server's own role."""
    from prospectr_db.access.comparison.comparison import SERVER_ONLY
    from prospectr_db.access.matrix.finding import IDLE_GRANT, OUTSIDE

    if finding.kind != "leak":
        return False
    if finding.rule == IDLE_GRANT:
        return True  # It lets nobody in: it is what a dropped policy leaves behind.
    if finding.rule in (OUTSIDE, SERVER_ONLY):
        return False
    if finding.command == "escalate":
        return False
    return finding.persona == "service_role" or (
        finding.persona == "owner" and finding.rows.split(" ")[0] == "own"
    )
