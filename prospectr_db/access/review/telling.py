"""How several findings that differ only in who, or in which table, are told as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prospectr_db.access.matrix.baselines import NEIGHBOURING
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.review.phrases import any_of, joined, people, who
from prospectr_db.access.review.telling_across import across, named
from prospectr_db.access.review.telling_together import together
from prospectr_db.access.review.told import Told

__all__ = ["crowd", "tell"]

_SIGNED_IN = frozenset({"owner", "stranger", "newcomer"})
_TRUNCATE = "truncate"


def tell(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """Return the sentences for some findings, in their order; every finding is in one of them."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_place(finding), []).append(finding)
    told = [one for group in groups.values() for one in _by_words(group)]
    return tuple(across(together(_emptied(told))))


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
    groups: dict[str, list[str]] = {}
    for name in names:
        shown, form = _standing(name)
        groups.setdefault(form, []).append(shown)
    return joined([form.format(joined(shown, word="or")) for form, shown in groups.items()])


def _standing(name: str) -> tuple[str, str]:
    """Return what tells a persona from others like it, and the words around that."""
    if "=" not in name or is_lesser(name):
        return name, who(name).replace("{", "{{").replace("}", "}}")
    if NEIGHBOURING in name:
        return name, who(name).replace("{", "{{").replace("}", "}}")
    if not name.endswith(" elsewhere"):
        return name, "users with {}"
    here, _, there = name.removesuffix(" elsewhere").rpartition(", ")
    return (
        any_of(there),
        f"users with {here} here and {{}} elsewhere" if here else "users with {} elsewhere",
    )


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
        words = crowd(finding.persona for finding in found)
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
            yield Told(
                f"{words[0].upper()}{words[1:]} can empty {names} with TRUNCATE, "
                "which no policy stops.",
                tuple(finding for each in group for finding in each.findings),
            )
