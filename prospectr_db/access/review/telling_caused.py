"""What follows from row-level security that is off is told as that: once, with who can do what."""

from __future__ import annotations

from collections.abc import Sequence

from prospectr_db.access.matrix.finding import ROW_SECURITY, Finding
from prospectr_db.access.matrix.matrix import SIGN
from prospectr_db.access.review.crowds import crowd
from prospectr_db.access.review.linking import OUTSIDERS
from prospectr_db.access.review.phrases import joined
from prospectr_db.access.review.told import Told

__all__ = ["is_caused", "told_by_cause"]

_OFF = "Row-level security is off on "
_NOTHING_KEEPS = "no policy keeps anybody from a row"
_VERBS = {
    "select": "read",
    "insert": "insert",
    "update": "update",
    SIGN: "update",
    "delete": "delete",
}


def is_caused(finding: Finding) -> bool:
    """Whether a finding says that row-level security is off, or follows from that."""
    return finding.kind in ("leak", "surprise") and ROW_SECURITY in (finding.rule, finding.cause)


def told_by_cause(group: Sequence[Finding]) -> Told:
    """Return one sentence for what is caused so on one table."""
    said = next((f for f in group if f.rule == ROW_SECURITY), None)
    rest = [f for f in group if f.rule != ROW_SECURITY and f.command in _VERBS]
    start = f"{_OFF}{group[0].relation}: {_NOTHING_KEEPS}." if said is None else said.sentence
    if not rest:
        return Told(start, tuple(group))
    findings = sorted(group, key=lambda f: (f.rule != ROW_SECURITY, f.severity != "error"))
    can = "can now" if all(" can now " in f.sentence for f in rest) else "can"
    return Told(start.replace(_NOTHING_KEEPS, _clause(rest, can)), tuple(findings))


def _clause(findings: Sequence[Finding], can: str) -> str:
    """Return who can do what to any row: whoever has nothing to do with a row says it for all."""
    doing: dict[str, list[str]] = {}
    for verb in dict.fromkeys(_VERBS.values()):
        who = [f.persona for f in findings if _VERBS[f.command] == verb]
        outside = [name for name in who if name in OUTSIDERS]
        if who:
            doing.setdefault(crowd(outside or who), []).append(verb)
    clauses = [f"{who} {can} {joined(verbs)} any row" for who, verbs in doing.items()]
    return joined(clauses)
