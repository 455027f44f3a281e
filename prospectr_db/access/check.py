"""Whether a database keeps its access contract: every difference is a sentence, and red."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from prospectr_db.access.comparison.comparison import compare
from prospectr_db.access.contract.contract import Contract
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.finding import IDLE_POLICY, ROW_SECURITY, SEARCH_PATH, Finding
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.matrix.unobserved import without_unseen
from prospectr_db.access.review.findings import UNTRIED_FILES, judge

__all__ = ["CheckReport", "can_be_stated", "check", "to_be_accepted"]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The answer of `access check`. ``sabotage`` says how the run was spoilt once, and was seen.

    ``source`` is what was observed, where that is not the state of the project's migrations.
    """

    ok: bool
    findings: tuple[Finding, ...]
    matrix: AccessMatrix
    contract: str | None
    accepted: tuple[str, ...]
    sabotage: str
    seconds: float
    source: str | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make it red."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def check(matrix: AccessMatrix, contract: Contract | None) -> tuple[Finding, ...]:
    """Return what is wrong: by the contract where there is one, and by the default rules.

    What the contract states has been reviewed, whatever the default rules think of it: it becomes
    a note. What no contract can state, or nobody could prove, needs a reason in ``accepted``.
    """
    findings = list(_accept(matrix, contract))
    if contract is not None:
        found = compare(facts_of(matrix), contract.facts, matrix)
        differences = list(without_unseen(found, matrix, findings))
        said = {finding.key for finding in differences}
        # Of a command that somebody lost it is no news that a policy says he may.
        lost = {(f.relation, f.command) for f in differences if f.kind == "loss"}
        kept = (f for f in findings if f.rule != IDLE_POLICY or (f.relation, f.command) not in lost)
        findings = [finding for finding in kept if finding.key not in said] + differences
        findings += _unreasoned(contract, {f.key for f in judge(matrix)})
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(
        sorted(
            set(findings),
            # What is switched off explains what follows.
            key=lambda f: (rank[f.severity], f.relation, f.rule != ROW_SECURITY, f.sentence),
        )
    )


def _accept(matrix: AccessMatrix, contract: Contract | None) -> Iterator[Finding]:
    for finding in judge(matrix):
        if contract is None:
            yield finding
        elif contract.accepted.get(finding.key) or (
            finding.rule == UNTRIED_FILES and finding.relation in contract.facts.relations
        ):
            continue  # accepted with a reason, or held by its text
        elif finding.kind == "oracle" and finding.severity == "warning":
            yield replace(finding, severity="error")
        elif can_be_stated(finding) and (
            finding.relation in contract.facts.relations or finding.rule in _AROUND
        ):
            # The contract says so, or the comparison will object.
            yield replace(finding, severity="warning" if finding.kind == "loss" else "note")
        elif finding.rule in _OPEN_DOORS and matrix.table(finding.relation) is not None:
            # Beside that nobody has stated it. What nobody can call stands in no contract.
            yield replace(finding, severity="error")
        else:
            yield finding


# What is doubtful about a view or function, and to be seen before a contract takes it over.
_OPEN_DOORS = frozenset({"function-depends", "view-depends", SEARCH_PATH})
# Rules about what stands around the tables, which the contract holds under [database].
_AROUND = frozenset({"roles", "schemas"})


def can_be_stated(finding: Finding) -> bool:
    """Whether a contract has words for what a finding of the default rules says."""
    if finding.kind in ("leak", "surprise", "loss"):
        return finding.rule != "transfer" or bool(finding.columns)
    return False


_ORACLE = "seen when the contract was written; whoever may write the column learns this"


def to_be_accepted(findings: Collection[Finding]) -> dict[str, str]:
    """Return what a contract has no words for, with the reason that a new one gives, or none."""
    found = {f.key: "" for f in findings if f.severity == "error" and not can_be_stated(f)}
    oracles = [f for f in findings if f.kind == "oracle" and f.severity == "warning"]
    return found | {f.key: _ORACLE for f in oracles}


def _unreasoned(contract: Contract, keys: set[str]) -> Iterator[Finding]:
    for key, reason in contract.accepted.items():
        if key not in keys:
            yield Finding(
                "gone",
                "warning",
                key.partition("/")[0],
                "",
                "",
                "",
                (),
                f"The contract accepts {key}, which is no longer there: remove the line.",
                rule="stale-acceptance",
            )
        elif not reason:
            yield Finding(
                "leak",
                "error",
                key.partition("/")[0],
                "",
                "",
                "",
                (),
                f"The contract accepts {key} without a reason: say why it may be.",
                rule="no-reason",
            )
