"""What differs between what is allowed and what shall be, entry by entry, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from prospectr_db.access.comparison.abroad import without_unknown_tenants
from prospectr_db.access.comparison.answers import compare_answers
from prospectr_db.access.comparison.around import compare_surroundings
from prospectr_db.access.comparison.backend import reaches_anyhow
from prospectr_db.access.comparison.covers import as_covered, with_one_word
from prospectr_db.access.comparison.flags import compare_once, compare_row_security
from prospectr_db.access.comparison.grants import compare_grants
from prospectr_db.access.comparison.new import unmentioned
from prospectr_db.access.comparison.policies import compare_unseen_policies
from prospectr_db.access.comparison.states import (
    compare_frozen,
    compare_states,
    is_unheard_of,
)
from prospectr_db.access.comparison.storage import SHARED, is_backends_share
from prospectr_db.access.comparison.times import with_known_times
from prospectr_db.access.comparison.untold import goes_for_all, implied, is_tried, not_given
from prospectr_db.access.comparison.values import as_tried, beyond, of_the_same
from prospectr_db.access.comparison.views import is_narrower, is_told_otherwise, otherwise
from prospectr_db.access.matrix.baselines import BOTH, is_common
from prospectr_db.access.matrix.counterparts import same_people
from prospectr_db.access.matrix.facts import (
    ALL,
    ALONG,
    CHANNEL,
    VIEWS,
    Entry,
    Facts,
    columns_named,
    expand,
)
from prospectr_db.access.matrix.finding import Finding, Kind
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess, Verdict
from prospectr_db.access.matrix.publications import compare_publications
from prospectr_db.access.matrix.row_classes import is_below_part
from prospectr_db.access.review.along import comparable
from prospectr_db.access.review.objections import cause_of
from prospectr_db.access.review.phrases import joined, on_rows, people, phrase, who

__all__ = ["SERVER_ONLY", "compare"]

SERVER_ONLY = "server-only"
"""The rule of a column that is the server's to write, and that somebody else writes."""
CONTRACT = "the contract says"
_OF_A_STATE = "a state of which the contract says nothing"
_WRITES = ("insert", "update")
_CAN = {"leak": "can now", "loss": "can no longer"}


def compare(
    observed: Facts,
    wanted: Facts,
    matrix: AccessMatrix | None = None,
    *,
    expected: str = CONTRACT,
) -> list[Finding]:
    """Return every difference between what is and what shall be.

    ``expected`` are the words before what shall be; another where no contract is spoken of.
    """
    found: list[Finding] = []
    observed = with_known_times(as_covered(observed, wanted), wanted)
    observed = without_unknown_tenants(observed, wanted)
    unknown = _not_in(wanted, observed)
    gone = _not_in(observed, wanted)
    found += [unmentioned(relation, observed, matrix) for relation in sorted(unknown)]
    found.extend(
        Finding(
            "gone",
            "error",
            relation,
            "",
            "",
            "",
            (),
            f"The contract speaks of {relation}, which is not there.",
            rule="gone",
        )
        for relation in sorted(gone)
    )
    same = same_people(observed, wanted, matrix.personas if matrix else _personas(observed))
    skip = unknown | gone | same
    for entry in sorted({*observed.allowed, *wanted.allowed}):
        if entry[0] not in skip and entry[1] not in skip:
            found += _entry(entry, observed, wanted, matrix, expected)

    def told(kind: Kind, can: str = "") -> Callable[[Entry, tuple[str, ...]], Finding]:
        def tell(entry: Entry, columns: tuple[str, ...]) -> Finding:
            table, access = _find(matrix, entry)
            total = len(observed.columns_for(entry[0], entry[3]))
            return _difference(kind, table, access, entry, columns, total=total, can=can)

        return tell

    # A contract that does not know a state does not say what was possible in it; a database does.
    closed = told("loss", "cannot" if expected == CONTRACT else "")
    for comparing in (compare_states, compare_frozen):
        found += comparing(
            observed, wanted, matrix, skip, leak=told("leak"), loss=told("loss"), closed=closed
        )
    for relation in sorted(set(observed.relations) & set(wanted.relations)):
        found += _unknown_columns(relation, observed, wanted, expected)
        found += compare_answers(relation, observed, wanted, found)
        found += _server_only(relation, observed, wanted, found)
        found += compare_grants(relation, observed, wanted)
        found += compare_publications(
            relation,
            observed.outside.get(relation, ()),
            wanted.outside.get(relation, ()),
            observed.columns.get(relation, ()),
            expected,
        )
        found += _rights(relation, observed, wanted, expected)
        by_contract = expected == CONTRACT
        found += compare_row_security(relation, observed, wanted, by_contract=by_contract)
        found += compare_once(relation, observed, wanted, by_contract=by_contract)
        lost = {f.command for f in found if f.relation == relation and f.kind == "loss"}
        found += compare_unseen_policies(
            relation, observed, wanted, by_contract=by_contract, lost=lost
        )
    around = matrix.surroundings if matrix else None
    serving = around.serving if around else frozenset()
    found += compare_surroundings(observed, wanted, expected, serving)
    return list(with_one_word(_of_its_own(found), observed, wanted))


def _of_its_own(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what is told of somebody related twice, and of him as one related once, too."""
    told = {(f.kind, f.relation, f.persona, f.rows, f.command) for f in findings}
    return [
        f
        for f in findings
        if BOTH not in f.persona
        or not any(
            (f.kind, f.relation, part, f.rows, f.command) in told for part in f.persona.split(BOTH)
        )
    ]


def _personas(facts: Facts) -> set[str]:
    return {entry[1] for entry in (*facts.allowed, *facts.shut)}


def _not_in(one: Facts, other: Facts) -> set[str]:
    """Return what only the other speaks of; channels and files are there wherever used."""
    found = set(other.relations) - set(one.relations) - SHARED
    return {relation for relation in found if other.relations[relation] != CHANNEL}


def _entry(
    entry: Entry, observed: Facts, wanted: Facts, matrix: AccessMatrix | None, expected: str
) -> Iterator[Finding]:
    relation, _, _, command = entry
    table, access = _find(matrix, entry)
    if _is_no_news(entry, observed, wanted) or is_unheard_of(entry, wanted):
        return
    if entry not in observed.allowed and goes_for_all(entry, observed, wanted, table):
        return
    sides = _sides(entry, observed, wanted, table)
    if sides is None:
        return  # told with the rows in no state, because all are treated alike
    now, then = sides
    columns = observed.columns_for(relation, command)
    known = wanted.columns.get(relation) or columns
    is_now, was = expand(now, columns), expand(then, tuple(c for c in columns if c in known))
    is_now = comparable(is_now, entry, wanted, observed)
    was = comparable(was, entry, observed, wanted)
    if now is not None:
        is_now, was = as_tried(entry, is_now, then, wanted) if then == () else (is_now, was)
    more, less = beyond(is_now, was), beyond(was, is_now)
    told = observed.allowed.get(entry), wanted.allowed.get(entry)
    if table.kind == "function" and None in told and None not in sides:
        more, less = not_given(more, entry[2]), not_given(less, entry[2])
    # A call reaches rows or does not; which columns are empty in them is beside the point.
    whole = table.kind == "function" and (now is None or then is None)
    total = len(is_now or was) if whole else len(columns)
    if (now is not None and then is None) or more:
        reserved = wanted.server_only.get(relation, ())
        opened = more if then is not None else is_now
        leak = _difference("leak", table, access, entry, opened, total=total, reserved=reserved)
        yield otherwise(leak, entry, wanted, table)
    if then is not None and now is None and not was:
        yield _difference("loss", table, access, entry, (), total=0)
    elif less := tuple(c for c in less if not _unknown(c, observed.columns.get(relation, ()))):
        yield _difference("loss", table, access, entry, less, total=total)
    if now is not None and then is not None:
        yield from _forms(entry, observed, wanted, access, expected)


def _sides(
    entry: Entry, observed: Facts, wanted: Facts, table: TableAccess
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None] | None:
    """Return what both sides say, be it of rows in fewer states; None where that is all it is."""
    now, then = observed.allowed.get(entry), wanted.allowed.get(entry)
    if now is None and entry not in observed.shut and is_tried(entry[2], table):
        now = implied(entry, observed)
        if now is not None and not _is_exact(entry, table):
            known = ("insert", "update") if is_below_part(entry[2]) else ("insert",)
            now = of_the_same(entry, now, then, known)
            return None if now is None else (now, then)
    elif then is None and entry not in wanted.shut:
        then = implied(entry, wanted)
        if then is not None and not _is_exact(entry, table):
            then = of_the_same(entry, then, now) if ALONG in wanted.covers else None
            return None if then is None else (now, then)
    return now, then


def _is_exact(entry: Entry, table: TableAccess) -> bool:
    """Whether rows in a state are told with all columns, where others are shown than without it."""
    return table.kind in VIEWS or (table.kind == "function" and entry[3] == "select")


def _is_no_news(entry: Entry, observed: Facts, wanted: Facts) -> bool:
    """Whether an entry that only one side has is said there by something else."""
    now, then = entry in observed.allowed, entry in wanted.allowed
    if (not now and is_common(entry, observed)) or (not then and is_common(entry, wanted)):
        return True  # everybody may, and that is told of everybody
    if is_told_otherwise(entry, wanted if now else observed):
        return True
    wider = wanted if now else observed
    if is_backends_share(entry, observed, wanted):
        return True
    return now is not then and (
        is_narrower(entry, wider) or reaches_anyhow(entry, observed, wanted)
    )


def _forms(
    entry: Entry, observed: Facts, wanted: Facts, access: Access | None, expected: str
) -> Iterator[Finding]:
    relation, persona, rows, command = entry
    is_form, was_form = observed.forms.get(entry, ()), wanted.forms.get(entry, ())
    if is_form == was_form:
        return
    yield Finding(
        "loss" if is_form and not was_form else "leak",
        "error",
        relation,
        persona,
        rows,
        command,
        (),
        f"{people(persona)} can {command} {relation} {on_rows(rows)} {_by(is_form)}; "
        f"{expected} {_by(was_form)}.",
        access.statement if access else "",
        "forms",
    )


_STATEMENTS = {"where": "statements with WHERE", "no where": "statements without WHERE"}


def _by(forms: Collection[str]) -> str:
    """Return in which forms a statement gets through, in words."""
    if not forms:
        return "by every statement"
    return f"only by {joined([_STATEMENTS.get(form, form.upper()) for form in forms])}"


def _difference(
    kind: Kind,
    table: TableAccess,
    access: Access | None,
    entry: Entry,
    columns: tuple[str, ...],
    *,
    total: int,
    reserved: tuple[str, ...] = (),
    can: str = "",
) -> Finding:
    """Tell one difference.

    ``reserved`` are the columns that are the server's to write, ``total`` counts all that there
    are, ``can`` are other words than the kind's.
    """
    relation, persona, rows, command = entry
    said = Access(
        persona,
        rows,
        command,
        access.verdict if access else Verdict.ALLOWED,
        columns,
        (),
        "",
        columns_total=total,
    )
    sentence = phrase(table, said, can=can or _CAN[kind])
    taken: tuple[str, ...] = ()
    if can:
        what = "and the contract says nothing of them" if is_lesser(persona) else _OF_A_STATE
        sentence += f", {what}"
    elif kind == "loss" and access is not None and access.reason:
        sentence += f": {access.verdict.value}, {access.reason}"
    if kind == "leak" and command in _WRITES and persona != "service_role":
        taken = tuple(name for name in reserved if name in {c.partition("=")[0] for c in columns})
        sentence += _reserved(taken, alone=len(taken) == len(columns))
    return Finding(
        kind,
        "error",
        relation,
        persona,
        rows,
        command,
        columns,
        f"{sentence}.",
        access.statement if access else "",
        SERVER_ONLY if taken else f"contract-{kind}",
        cause_of(table, command) if kind == "leak" else "",
    )


def _reserved(names: tuple[str, ...], *, alone: bool) -> str:
    """Return what to add to a sentence about columns some of which are the server's to write."""
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    if alone:
        return f", which {verb} the server's to write"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"; {', '.join(names[:3])}{more} {verb} the server's to write"


def _find(matrix: AccessMatrix | None, entry: Entry) -> tuple[TableAccess, Access | None]:
    relation, persona, rows, command = entry
    table = matrix.table(relation) if matrix else None
    if table is None:
        kind = CHANNEL if relation.startswith(f"{CHANNEL} ") else "table"
        return TableAccess(relation, kind, "", True, True, ()), None
    return table, table.find(persona, rows, command)


def _unknown(column: str, columns: tuple[str, ...]) -> bool:
    return bool(columns) and not columns_named((column,)) <= set(columns)


def _unknown_columns(
    relation: str, observed: Facts, wanted: Facts, expected: str
) -> Iterator[Finding]:
    """Yield the columns that the contract names and the relation does not have."""
    said = (*wanted.allowed.items(), *wanted.frozen.items(), *wanted.thawed.items())
    named = {c for entry, names in said if entry[0] == relation for c in names}
    named |= {*wanted.server_only.get(relation, ()), *wanted.columns.get(relation, ())}
    columns = observed.columns.get(relation, ())
    for name in sorted({c.partition("=")[0] for c in named - {ALL} if _unknown(c, columns)}):
        sentence = f"{relation}.{name} is there no more."
        if expected == CONTRACT:
            sentence = f"The contract speaks of {relation}.{name}, which is not there."
        yield Finding("gone", "error", relation, "", "", "", (name,), sentence, rule="gone")


def _server_only(
    relation: str, observed: Facts, wanted: Facts, told: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield who writes what is the server's, and is not told already: the contract says both."""
    known = {
        (finding.persona, column)
        for finding in told
        if finding.rule == SERVER_ONLY and finding.relation == relation
        for column in finding.columns
    }
    for name in wanted.server_only.get(relation, ()):
        writers = {
            entry[1]
            for entry, columns in observed.allowed.items()
            if entry[0] == relation
            and entry[3] in _WRITES
            and entry[1] != "service_role"
            and (columns == (ALL,) or name in {c.partition("=")[0] for c in columns})
        }
        for persona in sorted(writers):
            if (persona, name) in known:
                continue
            yield Finding(
                "leak",
                "error",
                relation,
                persona,
                "",
                "update",
                (name,),
                f"{relation}.{name} is the server's to write, and {who(persona)} can write it.",
                rule=SERVER_ONLY,
            )


def _rights(relation: str, observed: Facts, wanted: Facts, expected: str) -> Iterator[Finding]:
    """Yield a function or view that has begun or ceased to have other rights than who uses it."""
    now, then = observed.owners.get(relation, ""), wanted.owners.get(relation, "")
    kind = observed.relations.get(relation)
    if kind not in {"function", *VIEWS} or not then or now == then:
        return
    verb, users = ("runs", "caller") if kind == "function" else ("reads", "reader")
    what: Kind = "loss" if now == f"rights of its {users}" else "leak"
    sentence = f"{relation} now {verb} with the {now}; {expected} {then}."
    command = "call" if kind == "function" else "select"
    yield Finding(what, "error", relation, "", "", command, (), sentence, rule="rights")
