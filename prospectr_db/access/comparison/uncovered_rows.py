"""What an older contract cannot know of rows: states, values, numbers that nobody tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prospectr_db.access.matrix.facts import (
    ABOVE,
    ALONG,
    BESIDE,
    BESIDE_NEW,
    COUNTED,
    CROSSED,
    FROZEN,
    FULL,
    LEFT,
    LIMITS_APART,
    LISTS,
    OTHER_BUCKETS,
    OTHER_VALUES,
    PUBLICATIONS,
    REFERRED,
    ROW_FOLDERS,
    SEVERAL,
    SIGN_UPS,
    SIGNED,
    TRIGGERS,
    TWO_FOLDERS,
    Entry,
    Facts,
)
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.given import parent_states
from prospectr_db.access.matrix.matrix import (
    LEAVE,
    SET,
    SIGN,
    THROUGH,
    USER_METADATA,
)
from prospectr_db.access.matrix.publications import PUBLISHED
from prospectr_db.access.matrix.row_classes import (
    FILES,
    NOBODY,
    ROWS_OF,
    folder_of,
    is_partly,
    states_of,
)
from prospectr_db.access.ownership.told_apart import NAMELESS
from prospectr_db.access.review.along import is_along
from prospectr_db.access.services.storage_world import ANY_OTHER

__all__ = ["of_numbers", "of_rows"]

_NAMELESS = f"={NAMELESS}"


def of_rows(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
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


def of_numbers(finding: Finding, wanted: Facts) -> Iterator[tuple[str, str]]:
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
