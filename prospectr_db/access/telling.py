"""How several findings that differ only in who, or in which table, are told as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.comparison_grants import IDLE_GRANT, OUTSIDE
from prospectr_db.access.finding import Finding, Kind, Severity
from prospectr_db.access.lesser import is_lesser
from prospectr_db.access.phrases import joined, people, who

__all__ = ["Told", "crowd", "tell"]

_SIGNED_IN = frozenset({"owner", "stranger", "newcomer"})
_TRUNCATE = "truncate"
# Of what a table holds one sentence says all; in findings each has its own.
_HOLDS = {
    IDLE_GRANT: ("holds a grant that no policy uses", "holds grants that no policy uses"),
    OUTSIDE: ("", ""),
}
_MOST_TABLES = 6


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence for the findings that it tells, of which the first speaks for all."""

    sentence: str
    findings: tuple[Finding, ...]

    @property
    def kind(self) -> Kind:
        """What kind of finding it is."""
        return self.findings[0].kind

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.findings[0].severity

    @property
    def relation(self) -> str:
        """The relation, or the first of several."""
        return self.findings[0].relation

    @property
    def rule(self) -> str:
        """The rule that found it."""
        return self.findings[0].rule

    @property
    def statement(self) -> str:
        """The statement that shows it, where there is one."""
        return next((f.statement for f in self.findings if f.statement), "")


def tell(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """Return the sentences for some findings, in their order; every finding is in one of them."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_place(finding), []).append(finding)
    told = [one for group in groups.values() for one in _by_words(group)]
    return tuple(_at_once(list(_emptied(told))))


def crowd(personas: Iterable[str]) -> str:
    """Return several personas in words.

    Whoever is signed in is meant by "any signed-in user": a stranger is one without any standing.
    """
    names = list(dict.fromkeys(personas))
    found = set(names)
    if {"anon", "stranger"} <= found:
        return "everybody, even without a login,"
    if "stranger" in found and found & {"owner", "newcomer"}:
        rest = [n for n in names if n not in _SIGNED_IN and ("=" not in n or is_lesser(n))]
        return joined(["any signed-in user", *(who(name) for name in rest)])
    standings = [
        name
        for name in names
        if "=" in name and not name.endswith(" elsewhere") and not is_lesser(name)
    ]
    if len(standings) < 2:
        return joined([who(name) for name in names])
    others = [who(name) for name in names if name not in standings]
    return joined([*others, f"users with {joined(standings, word='or')}"])


def _place(finding: Finding) -> tuple[str, ...]:
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
    strangers = next((t for t, found in by_tail.items() if _has(found, "stranger")), None)
    for tail, found in list(by_tail.items()):
        brief = len(found) == 1 and _has(found, "newcomer") and not found[0].columns
        if brief and strangers is not None and tail != strangers:
            by_tail[strangers] += by_tail.pop(tail)
    for tail, found in by_tail.items():
        if len(found) == 1:
            yield Told(found[0].sentence, (found[0],))
            continue
        words = crowd(finding.persona for finding in found)
        yield Told(f"{words[0].upper()}{words[1:]}{tail}", tuple(found))


def _has(findings: Iterable[Finding], persona: str) -> bool:
    return any(finding.persona == persona for finding in findings)


def _tables(names: Sequence[str]) -> str:
    if len(names) <= _MOST_TABLES:
        return joined(names)
    return f"{len(names)} tables ({', '.join(names[: _MOST_TABLES - 2])} …)"


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
            names = _tables([each.relation for each in group])
            yield Told(
                f"{words[0].upper()}{words[1:]} can empty {names} with TRUNCATE, "
                "which no policy stops.",
                tuple(finding for each in group for finding in each.findings),
            )


def _at_once(told: Sequence[Told]) -> Iterator[Told]:
    """Tell in one sentence what a table holds, or no longer does, beside its policies."""
    groups: dict[tuple[str, ...], list[Told]] = {}
    for one in told:
        if one.rule in _HOLDS:
            groups.setdefault((one.rule, one.relation, one.kind, one.severity), []).append(one)
    for one in told:
        group = groups.get((one.rule, one.relation, one.kind, one.severity), [one])
        if one is not group[0]:
            continue
        head, _, first = one.sentence.partition(": ")
        if len(group) > 1:
            head = head.replace(*_HOLDS[one.rule])
            items = [first, *(other.sentence.partition(": ")[2] for other in group[1:])]
            said = "; ".join(item.removesuffix(".") for item in items)
            found = tuple(finding for other in group for finding in other.findings)
            yield Told(f"{head}: {said}.", found)
        else:
            yield one
