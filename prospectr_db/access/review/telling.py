"""How several findings that differ only in who, or in which table, are told as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prospectr_db.access.matrix.finding import ROW_SECURITY, Finding
from prospectr_db.access.review.crowds import crowd
from prospectr_db.access.review.phrases import BY_TRUNCATE, people
from prospectr_db.access.review.telling_across import across, named
from prospectr_db.access.review.telling_alike import alike
from prospectr_db.access.review.telling_caused import is_caused, told_by_cause
from prospectr_db.access.review.telling_together import together
from prospectr_db.access.review.told import Told

__all__ = ["tell"]

_TRUNCATE = "truncate"


def tell(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """Return the sentences for some findings, in their order; every finding is in one of them."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_place(finding), []).append(finding)
    told = [
        one
        for group in groups.values()
        for one in ([told_by_cause(group)] if is_caused(group[0]) else _by_words(group))
    ]
    return tuple(alike(across(together(_emptied(told)))))


def _place(finding: Finding) -> tuple[str, ...]:
    if is_caused(finding):
        return ROW_SECURITY, finding.relation, "note" if finding.severity == "note" else ""
    return (
        finding.kind,
        finding.severity,
        finding.rule,
        finding.relation,
        finding.rows,
        finding.command,
    )


def _by_words(group: Sequence[Finding]) -> Iterator[Told]:
    """Yield the findings of one place, together where they say the same of different people."""
    by_tail: dict[str, list[Finding]] = {}
    for finding in group:
        subject = people(finding.persona) if finding.persona else ""
        if subject and finding.sentence.startswith(f"{subject} "):
            by_tail.setdefault(finding.sentence.removeprefix(subject), []).append(finding)
        else:
            yield Told(finding.sentence, (finding,))
    # Whoever owns nothing is not asked column by column: where a stranger may, so may he.
    strangers = next((t for t, found in by_tail.items() if _has(found, "stranger")), "")
    may = {name for f in by_tail.get(strangers, ()) for name in f.columns}
    for tail, found in list(by_tail.items()):
        less = not found[0].columns or set(found[0].columns) < may
        brief = len(found) == 1 and _has(found, "newcomer") and less
        if brief and strangers and tail != strangers:
            by_tail[strangers] += by_tail.pop(tail)
    for tail, found in by_tail.items():
        if len(found) == 1:
            yield Told(found[0].sentence, (found[0],))
            continue
        mine = found[0].rows.startswith("own") and not found[0].rule.startswith("contract-")
        words = crowd((finding.persona for finding in found), own=mine)
        yield Told(f"{words[0].upper()}{words[1:]}{tail}", tuple(found))


def _has(findings: Iterable[Finding], persona: str) -> bool:
    return any(finding.persona == persona for finding in findings)


def _emptied(told: Sequence[Told]) -> Iterator[Told]:
    """Tell only once who can empty tables: a default grant gives it on all of them."""
    tables: dict[tuple[str, str], list[Told]] = {}
    for one in told:
        if one.rule == _TRUNCATE:
            words = crowd(finding.persona for finding in one.findings)
            tables.setdefault((one.severity, words), []).append(one)
    for one in told:
        if one.rule != _TRUNCATE:
            yield one
            continue
        words = crowd(finding.persona for finding in one.findings)
        group = tables.pop((one.severity, words), [])
        if len(group) == 1:
            yield one
        elif group:
            names = named([each.relation for each in group])
            how = one.sentence.partition(BY_TRUNCATE)[2]
            yield Told(
                f"{words[0].upper()}{words[1:]} can empty {names} {BY_TRUNCATE}{how}",
                tuple(finding for each in group for finding in each.findings),
            )
