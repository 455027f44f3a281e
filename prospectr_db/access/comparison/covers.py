"""What an older contract does not say, because nobody asked when it was written: one warning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from prospectr_db.access.comparison.answers import ANSWERED
from prospectr_db.access.matrix.baselines import (
    BOTH,
    is_at_once,
    is_by_token,
    is_related,
    is_related_member,
)
from prospectr_db.access.matrix.facts import (
    ABOVE,
    ALONG,
    ANSWER_STATES,
    ANSWERS,
    BESIDE,
    BESIDE_NEW,
    BROUGHT,
    BY_CLAIM,
    COUNTED,
    CROSSED,
    FROZEN,
    FULL,
    GIVEN,
    IN_PART,
    LEFT,
    LIMITS_APART,
    LISTED,
    LISTS,
    MASKED,
    NAMED,
    OF_NOBODY,
    OTHER_BUCKETS,
    OTHER_VALUES,
    OWN_ROWS,
    OWN_STANDING,
    OWNED_TENANTS,
    PUBLICATIONS,
    REFERRED,
    RELATED,
    ROW_FOLDERS,
    SECRETS,
    SEVERAL,
    SHOWN,
    SIGN_UPS,
    SIGNED,
    TRIGGERS,
    TWO_CONDITIONS,
    TWO_FOLDERS,
    VIEW_STATES,
    VIEWS,
    Entry,
    Facts,
    expand,
)
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.given import own_standing_states, parent_states
from prospectr_db.access.matrix.matrix import (
    AT_TIMES,
    DEPENDENT,
    GIVES,
    KNOWING,
    LEAVE,
    SET,
    SIGN,
    THROUGH,
    USER_METADATA,
)
from prospectr_db.access.matrix.publications import PUBLISHED
from prospectr_db.access.matrix.row_classes import (
    ANYBODYS,
    ELSEWHERE,
    FILES,
    NOBODY,
    ROWS_OF,
    folder_of,
    is_partly,
    plainer,
    states_of,
)
from prospectr_db.access.ownership.told_apart import NAMELESS
from prospectr_db.access.review.along import is_along
from prospectr_db.access.services.storage_world import ANY_OTHER

__all__ = ["as_covered", "with_one_word"]

_NAMELESS = f"={NAMELESS}"


def as_covered(observed: Facts, wanted: Facts) -> Facts:
    """Return what is observed in the words of a contract that knows less of them.

    An older one does not say which rows of others' are reached by knowing a secret.
    """
    if SECRETS in wanted.covers or not any(KNOWING in entry[2] for entry in observed.allowed):
        return observed
    allowed = {_plain(entry): columns for entry, columns in observed.allowed.items()}
    return replace(observed, allowed=allowed, shut=frozenset(map(_plain, observed.shut)))


def _plain(entry: Entry) -> Entry:
    relation, persona, rows, command = entry
    base, bracket, states = rows.partition(" [")
    return relation, persona, f"{base.partition(KNOWING)[0]}{bracket}{states}", command


def with_one_word(findings: Iterable[Finding], observed: Facts, wanted: Facts) -> Iterator[Finding]:
    """Tell in one warning what a contract cannot know, for it was written before it was asked.

    What was asked then it does say, and that is held to it.
    """
    told: set[str] = set()
    for finding in findings:
        what = _unknown(finding, observed, wanted)
        if what is None:
            yield finding
        elif finding.relation not in told:
            told.add(finding.relation)
            yield Finding(
                "unmentioned",
                "warning",
                finding.relation,
                "",
                "",
                "",
                (),
                f"The contract does not say yet {what}: let `access write` add it.",
                rule="not-covered",
            )


def _unknown(finding: Finding, observed: Facts, wanted: Facts) -> str | None:
    """Return what a contract does not say, where a finding rests on that and on nothing else."""
    if finding.relation not in wanted.relations:
        return None
    found = (
        *_of_rows(finding, observed, wanted),
        *_of_numbers(finding, wanted),
        *_of_users(finding, observed, wanted),
        *_of_answers(finding, observed, wanted),
    )
    return next((said for cover, said in found if cover not in wanted.covers), None)


def _of_rows(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield what a finding about rows rests on: how it was asked, and what that tells."""
    relation, columns = finding.relation, finding.columns
    if finding.rule == PUBLISHED and finding.kind == "loss":
        yield PUBLICATIONS, f"which columns and rows of {relation} are published"
    if f" in {ANY_OTHER}/" in finding.rows:
        yield OTHER_BUCKETS, "which files are reached in buckets that no policy names"
    if re.search(r" in [^/]+/[^/ ]+/[^/ ]+", finding.rows):
        yield TWO_FOLDERS, "which files are reached in folders with the ids of two rows"
    if _is_in_new_folder(finding, wanted):
        yield ROW_FOLDERS, "which files are reached in folders with the id of any row"
    yield from _of_values(finding)
    crossed = finding.rows.startswith(("own under other's ", "other's under own "))
    if crossed and (" [" in finding.rows or any("=" in name for name in columns)):
        yield CROSSED, f"what users do in each state to rows of {relation} that are theirs in part"
    if _refers_to_two(finding, crossed=crossed, wanted=wanted):
        yield REFERRED, f"which rows of {relation} are reached that are their user's in part"
    yield from _of_triggers(finding, observed)
    if finding.command == SIGN or set(states_of(finding.rows)) & _missing(observed, relation):
        yield (
            SIGNED,
            f"who puts himself into rows of {relation}, and what holds where nobody is named",
        )
    if _is_along(finding, observed):
        yield ALONG, f"which columns of {relation} are changed together with its state"
    if observed.relations.get(relation) != "table":
        return
    entry = relation, finding.persona, finding.rows, finding.command
    if _is_of_several(entry, wanted):
        yield SEVERAL, f"in which states at once rows of {relation} are read"
    if _is_below(entry, wanted):
        yield from _of_what_is_around(finding)


def _of_what_is_around(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about states that are not the row's own."""
    relation = finding.relation
    yield ABOVE, f"in which states of what is above them rows of {relation} are reached"
    if finding.command == "insert":
        yield BESIDE_NEW, f"in which states of what is beside them rows of {relation} are added"


def _of_triggers(finding: Finding, observed: Facts) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about what triggers do with what is written."""
    relation, columns = finding.relation, finding.columns
    if finding.command == SET and not any(THROUGH in name for name in columns):
        yield TRIGGERS, f"which columns users set through triggers of {relation}"
        if any(USER_METADATA in name for name in columns):
            yield SIGN_UPS, f"which columns of {relation} users decide about as they sign up"
    if finding.command == LEAVE:
        yield LEFT, f"which rows triggers of {relation} leave in other tables"
    if _is_guarded(finding, observed):
        yield FROZEN, f"which columns of {relation} stay as they are while rows are in a state"


def _is_guarded(finding: Finding, observed: Facts) -> bool:
    """Whether only triggers ask for the state, or the values, that a finding is about."""
    guarded = {*observed.guarded.get(finding.relation, ())}
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if entry in {*observed.frozen, *observed.thawed} or guarded & {
        s.partition("=")[0] for s in states_of(finding.rows)
    }:
        return True
    valued = [name for name in finding.columns if finding.kind == "loss" or "=" in name]
    names = {name.partition("=")[0] for name in valued}
    return bool(names) and len(valued) == len(finding.columns) and names <= guarded


def _of_values(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about values that a column may have."""
    told = (*states_of(finding.rows), *finding.columns)
    if any(name.endswith(_NAMELESS) for name in told):
        said = f"what holds of rows of {finding.relation} with values that no policy names"
        yield OTHER_VALUES, said
    if any("={" in name for name in told):
        yield LISTS, f"what holds of rows of {finding.relation} with each list of values"


def _of_numbers(finding: Finding, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about numbers: beside another one, or of rows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if _is_beside(entry, wanted):
        yield BESIDE, f"what is reached through {entry[0]} by one number beside another"
    if _is_counted(entry, wanted):
        rows = f"how many rows of {entry[0]} somebody may add"
        yield COUNTED, rows
        if wanted.relations[entry[0]] == "function":
            rows = f"what {entry[0]} does for whoever has as many rows as it allows"
            yield FULL, rows
        yield LIMITS_APART, rows


def _of_users(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about users who are what they are to others, or twice."""
    relation, persona = finding.relation, finding.persona
    if finding.rows == ELSEWHERE:
        yield BROUGHT, f"who brings rows of {relation} from one tenant to another"
    if _is_of_standing((relation, persona, finding.rows, finding.command), wanted):
        yield OWN_STANDING, f"what users in a state of their own do to their rows of {relation}"
    if _is_of_own_rows(finding, wanted):
        yield OWN_ROWS, f"what users with a standing do to rows of their own in {relation}"
    if is_related(persona) and (finding.command == "insert" or BOTH in persona):
        yield RELATED, f"what users related to its owner add below a row in {relation}"
    if _is_of_members(finding, observed):
        yield OWNED_TENANTS, f"what the owner of a tenant does to others' rows in {relation}"
    if is_by_token(persona):
        yield BY_CLAIM, f"what users reach in {relation} whom a row names by their token"
    if _names_somebody(finding, observed, wanted):
        yield (
            NAMED,
            f"what users reach by {relation}, or add to it, who are related to whom it names",
        )
    if _is_at_once((relation, persona, finding.rows, finding.command), wanted):
        yield TWO_CONDITIONS, f"what users reach in {relation} who meet two conditions at once"


def _adds_for_others(finding: Finding, observed: Facts) -> bool:
    """Whether a call only names others in what it adds, which was told as a change before."""
    return any(
        entry[:2] == (finding.relation, finding.persona)
        and entry[2].startswith("for another ")
        and entry[3] == "insert"
        for entry in observed.allowed
    )


def _names_somebody(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether a finding rests on whom a new row, or a call, names: somebody one is related to.

    Or that nobody could add a row before, because whomever rows named was related to everybody.
    """
    relation, persona, rows = finding.relation, finding.persona, finding.rows
    if is_related(persona):
        called = wanted.relations[relation] == "function" and finding.command != "call"
        return called or is_related_member(persona) or rows.startswith("for another ")
    if wanted.relations[relation] == "function":
        lost = (finding.kind, finding.command) == ("loss", "update")
        return rows.startswith("for another ") or (lost and _adds_for_others(finding, observed))
    if finding.command != "insert" or " or " not in wanted.owners.get(relation, ""):
        return False
    adding = {e[1] for e in wanted.allowed if (e[0], e[3]) == (relation, "insert")}
    granted = bool(adding) or any("insert" in held for held in wanted.idle.get(relation, ()))
    return granted and not adding & {"owner", "stranger"}


def _of_answers(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield the same of a finding about what a function or view shows."""
    relation = finding.relation
    kind = observed.relations.get(relation)
    if finding.rows.startswith((f"{DEPENDENT} [", AT_TIMES)):
        yield ANSWER_STATES, f"when other people's rows decide what {relation} answers"
    if kind == "function" and finding.rows.partition(" [")[0] == "any":
        yield OF_NOBODY, f"what {relation} tells of rows that are nobody's"
    if kind == "function" and _is_of_columns(finding, wanted):
        yield ANSWERS, f"which columns {relation} answers with"
    if kind in VIEWS and _is_of_two(finding, observed, wanted):
        yield MASKED, f"which columns {relation} shows while rows are in two states"
    if kind == "function" and _is_masked(finding, wanted):
        yield MASKED, f"which columns {relation} answers with while rows are in a state"
    if kind == "function" and finding.rows.startswith("as ") and GIVES in finding.rows:
        yield GIVEN, f"which standing {relation} gives"
    if kind == "function" and _is_in_part(finding, observed):
        yield IN_PART, f"which rows {relation} reaches, or adds, that name their user and others"
    if kind == "function" and _is_of_listed(finding, wanted):
        yield LISTED, f"what {relation} does with rows of users who have a standing"
    if kind == "function" and _is_opening(finding, wanted):
        yield ANSWER_STATES, f"in which states of rows {relation} reaches them"
    if kind in VIEWS and finding.rows.startswith((f"{ANYBODYS} [", "orphan")):
        yield SHOWN, f"what {relation} shows of rows without an owner"
    if kind in VIEWS and _is_news(finding, observed, wanted):
        told = f"in which states rows are seen through {relation}, nor who adds any"
        yield VIEW_STATES, told


def _missing(observed: Facts, relation: str) -> set[str]:
    """Return the states of rows that name nobody in a column."""
    return {state for state in observed.states.get(relation, ()) if state.endswith(NOBODY)}


def _is_in_new_folder(finding: Finding, wanted: Facts) -> bool:
    """Whether a file is in a folder of which a contract does not speak, and no user's own."""
    place = folder_of(finding.rows)
    if finding.relation != FILES or place is None or place.endswith("/user"):
        return False
    entries = (*wanted.allowed, *wanted.shut)
    return all(e[0] != FILES or folder_of(e[2]) != place for e in entries)


def _is_of_own_rows(finding: Finding, wanted: Facts) -> bool:
    """Whether a user with a standing, of whose own row a contract says nothing, has one."""
    place = finding.relation, finding.persona, "own"
    told = any((*place, command) in wanted.allowed for command in ("select", "update", "delete"))
    mine = "=" in finding.persona and finding.rows.partition(" [")[0] == "own"
    return mine and finding.command in ("select", "update", "delete", SET) and not told


def _is_of_members(finding: Finding, observed: Facts) -> bool:
    """Whether a finding is about somebody else's membership in a tenant of one's own."""
    tables = {table for members in observed.members.values() for table in members}
    return finding.rows.startswith("other's under own ") and finding.relation in tables


def _is_along(finding: Finding, observed: Facts) -> bool:
    """Whether a finding is only about columns that change together with a state."""
    states = observed.states.get(finding.relation, {})
    return bool(finding.columns) and all(is_along(name, states) for name in finding.columns)


def _is_of_several(entry: Entry, wanted: Facts) -> bool:
    """Whether rows of a table are read only in several states at once, and in none alone."""
    states = states_of(entry[2])
    base = entry[2].partition(" [")[0]
    fewer = [base, *(f"{base} [{state}]" for state in states)]
    known = any((*entry[:2], rows, entry[3]) in wanted.allowed for rows in fewer)
    return entry[3] == "select" and len(states) > 1 and not known


def _is_below(entry: Entry, wanted: Facts) -> bool:
    """Whether something above a row is in a state of which a contract does not speak."""
    named = parent_states([entry]).get(entry[0], set())
    known = parent_states(e for e in (*wanted.allowed, *wanted.shut) if e[0] == entry[0])
    return bool(named - known.get(entry[0], set()))


def _refers_to_two(finding: Finding, *, crossed: bool, wanted: Facts) -> bool:
    """Whether a row is one user's by one of several parents, or hangs below such a row's state."""
    through = wanted.owners.get(finding.relation, "").startswith("through ")
    states = states_of(finding.rows)
    below = len(states) > 1 and is_partly(states[0])
    return below or (crossed and through and finding.command != "insert")


def _is_of_standing(entry: Entry, wanted: Facts) -> bool:
    """Whether the owner has a standing while he is tried of which a contract says nothing."""
    named = own_standing_states([entry], wanted.standing)
    known = parent_states(e for e in (*wanted.allowed, *wanted.shut) if e[0] == entry[0])
    return bool(named.get(entry[0], frozenset()) - known.get(entry[0], set()))


def _is_at_once(entry: Entry, wanted: Facts) -> bool:
    """Whether users meet two conditions of whom a contract says nothing."""
    return is_at_once(entry[1]) and all(entry[1] != e[1] for e in wanted.allowed)


def _is_of_columns(finding: Finding, wanted: Facts) -> bool:
    """Whether only columns of an answer are more than before, and not whose rows it shows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    return finding.rule == ANSWERED or (bool(finding.columns) and entry in wanted.allowed)


def _is_masked(finding: Finding, wanted: Facts) -> bool:
    """Whether a function answers with other columns while rows are in a state, and with some."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    fewer = {finding.rows.partition(" [")[0], plainer(finding.rows)} - {finding.rows}
    shown = finding.command == "select" and bool(finding.columns)
    known = any((*entry[:2], rows, entry[3]) in wanted.allowed for rows in fewer)
    return shown and known and entry not in wanted.shut


def _is_of_two(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether two states together decide about columns of rows that a view shows without them."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    base = finding.rows.partition(" [")[0]
    if finding.command != "select" or (*entry[:2], base, entry[3]) not in wanted.allowed:
        return False
    if base != finding.rows:
        return len(states_of(finding.rows)) > 1 and entry not in wanted.allowed
    known = observed.columns_for(finding.relation, finding.command)
    return finding.kind == "loss" and any(
        (*other[:2], other[3]) == (*entry[:2], entry[3])
        and len(states_of(other[2])) > 1
        and other[2].startswith(f"{base} [")
        and {*finding.columns} <= {*expand(columns, known)}
        for other, columns in observed.allowed.items()
    )


def _is_beside(entry: Entry, wanted: Facts) -> bool:
    """Whether a state is told by another column of its row: ``invites.uses=max_uses+1``."""
    for state in states_of(entry[2]):
        place, _, value = state.partition("=")
        table = place.rpartition(".")[0]
        table = table or entry[0].rpartition(".")[2]
        mine = [r for r in wanted.columns if r.rpartition(".")[2] == table]
        columns = {name for label in mine for name in wanted.columns[label]}
        if place.rpartition(".")[2] in columns and re.sub(r"[+-]1$", "", value) in columns:
            return True
    return False


def _is_counted(entry: Entry, wanted: Facts) -> bool:
    """Whether somebody has as many rows as something counts, of which a contract does not speak."""
    known = wanted.states.get(entry[0], ())
    states = [state.partition("=")[0] for state in states_of(entry[2])]
    return any(state.startswith(ROWS_OF) and state not in known for state in states)


def _is_in_part(finding: Finding, observed: Facts) -> bool:
    """Whether a function reaches rows that name its caller and others: they were others' before."""
    if finding.rows.startswith("as "):
        return True
    called = finding.relation, finding.persona
    return (finding.kind, finding.command) == ("loss", "update") and any(
        entry[:2] == called and entry[2].startswith("as ") and entry[3] == "insert"
        for entry in observed.allowed
    )


def _is_opening(finding: Finding, wanted: Facts) -> bool:
    """Whether a function reaches rows in a state, and those in none it was to reach never."""
    base = finding.rows.partition(" [")[0]
    plain = (finding.relation, finding.persona, base, finding.command)
    return " [" in finding.rows and base != "all" and plain not in wanted.allowed


def _is_of_listed(finding: Finding, wanted: Facts) -> bool:
    """Whether a function was called while the owner had a standing of which nothing is said."""
    told = {state.partition("=")[0] for state in states_of(finding.rows)}
    return any(
        (place := f"{label.rpartition('.')[2]}.{name}") in told
        and place not in wanted.states.get(finding.relation, ())
        for label, names in wanted.standing.items()
        for name in names
    )


def _is_news(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether a finding about a view rests on its states, its columns one by one, or new rows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if " [" in finding.rows or (finding.command == "insert" and finding.rows != "other"):
        return True
    reads = finding.kind == "loss" and finding.command == "select" and bool(finding.columns)
    return reads and entry in observed.allowed and entry in wanted.allowed
