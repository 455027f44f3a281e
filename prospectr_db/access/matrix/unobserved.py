"""What is not said of a table of which nothing could be seen: one finding tells it already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess

__all__ = ["UNBUILDABLE", "is_unobserved", "without_unseen"]

UNBUILDABLE = "unbuildable"
"""The rule of a table of which a row is missing that every observation needs."""
# That nobody came through a grant or a policy says nothing where there was no row.
_UNTRIED = frozenset({"idle-grant", "unseen-policy"})


def is_unobserved(table: TableAccess) -> bool:
    """Whether not even the first row could be built, so that no statement had one to reach."""
    return any(problem.startswith("A: ") for problem in table.unbuildable)


def without_unseen(
    findings: Iterable[Finding], matrix: AccessMatrix, told: Iterable[Finding]
) -> Iterator[Finding]:
    """Leave out what nobody saw of tables that are among ``told`` as unobserved.

    That somebody has lost what was never tried is not known, nor whether a grant or policy is of
    use. Where the contract accepts that a table is unobserved, its lines are claims like others.
    """
    said = {finding.relation for finding in told if finding.rule == UNBUILDABLE}
    unseen = {t.relation: t for t in matrix.tables if is_unobserved(t) and t.relation in said}
    for finding in findings:
        table = unseen.get(finding.relation)
        if table is None or not (_is_loss_untried(finding, table) or finding.rule in _UNTRIED):
            yield finding


def _is_loss_untried(finding: Finding, table: TableAccess) -> bool:
    if finding.kind != "loss" or finding.rule != "contract-loss":
        return False
    access = table.find(finding.persona, finding.rows, finding.command)
    return access is None or access.verdict == "unproven"
