"""What differs in privileges that no policy lets anybody use, or that policies do not govern."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.facts import Facts, columns_named, expand
from prospectr_db.access.matrix.finding import IDLE_GRANT, OUTSIDE, Finding, Kind
from prospectr_db.access.matrix.publications import unlike
from prospectr_db.access.personas.role_names import role_of

__all__ = ["compare_grants"]

_CALLERS = {"anon": "Visitors without a login", "authenticated": "Signed-in users"}
_WHOLE = ""
_BY_COLUMN = ("insert", "update")

Grants = dict[tuple[str, str], set[str]]
"""The columns by role and command; one without a name where a command has none."""


def compare_grants(relation: str, observed: Facts, wanted: Facts) -> Iterator[Finding]:
    """Yield privileges that were given or taken, and that nobody can use.

    One that somebody uses now, or did before, is told by what he can do, or no longer can.
    """
    columns = {name: observed.columns_for(relation, name) for name in _BY_COLUMN}
    now, then = (_idle(relation, facts, columns) for facts in (observed, wanted))
    both: tuple[tuple[Kind, Grants, Grants, Facts], ...] = (
        ("leak", now, then, wanted),
        ("loss", then, now, observed),
    )
    for kind, here, there, other in both:
        used = _used(relation, other, columns)
        for place, names in sorted(here.items()):
            left = names - there.get(place, set()) - used.get(place, set())
            if left:
                said = ", ".join(name for name in columns.get(place[1], ()) if name in left)
                every = not said or left == set(columns[place[1]])
                item = f"{place[0]}: {place[1]}{'' if every else f' ({said})'}"
                yield _finding(kind, relation, item, place, "holds a grant that no policy uses")
    now_out, then_out = (
        set(observed.outside.get(relation, ())),
        set(wanted.outside.get(relation, ())),
    )
    now_out, then_out = unlike(now_out, then_out), unlike(then_out, now_out)
    for item in sorted(now_out ^ then_out):
        change: Kind = "leak" if item in now_out else "loss"
        place = item.partition(":")[0], item.rpartition(" ")[2]
        yield _finding(change, relation, item, place, "has what policies do not govern", OUTSIDE)


def _idle(relation: str, facts: Facts, columns: dict[str, tuple[str, ...]]) -> Grants:
    found: Grants = {}
    for item in facts.idle.get(relation, ()):
        role, _, what = item.partition(": ")
        command, _, named = what.partition(" (")
        names = named.rstrip(")").split(", ") if named else columns.get(command, ())
        found.setdefault((role, command), set()).update(names or (_WHOLE,))
    return found


def _used(relation: str, facts: Facts, columns: dict[str, tuple[str, ...]]) -> Grants:
    found: Grants = {}
    for (label, persona, _, command), told in facts.allowed.items():
        if label == relation:
            names = columns_named(expand(told, columns.get(command, ())))
            found.setdefault((role_of(persona), command), set()).update(names, {_WHOLE})
    return found


def _finding(
    kind: Kind, relation: str, item: str, place: tuple[str, str], what: str, rule: str = IDLE_GRANT
) -> Finding:
    change = "now" if kind == "leak" else "no longer"
    sentence = f"{relation} {change} {what}: {item}."
    if place[1] == "call" and rule == IDLE_GRANT:  # no policy has to do with it
        caller = _CALLERS.get(place[0], place[0])
        sentence = f"{caller} can {change} call {relation}; nothing came of it that was tried."
    return Finding(kind, "error", relation, place[0], "", place[1], (), sentence, rule=rule)
