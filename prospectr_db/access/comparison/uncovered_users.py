"""What an older contract cannot know of users whom nobody told apart when it was written."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.baselines import (
    BOTH,
    is_at_once,
    is_by_token,
    is_related,
    is_related_member,
)
from prospectr_db.access.matrix.facts import (
    BROUGHT,
    BY_CLAIM,
    NAMED,
    OWN_ROWS,
    OWN_STANDING,
    OWNED_TENANTS,
    RELATED,
    TWO_CONDITIONS,
    Entry,
    Facts,
)
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.given import own_standing_states, parent_states
from prospectr_db.access.matrix.matrix import SET
from prospectr_db.access.matrix.row_classes import ELSEWHERE

__all__ = ["of_users"]


def of_users(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield what a finding rests on that is about users, and what that tells."""
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


def _is_of_standing(entry: Entry, wanted: Facts) -> bool:
    """Whether the owner has a standing while he is tried of which a contract says nothing."""
    named = own_standing_states([entry], wanted.standing)
    known = parent_states(e for e in (*wanted.allowed, *wanted.shut) if e[0] == entry[0])
    return bool(named.get(entry[0], frozenset()) - known.get(entry[0], set()))


def _is_at_once(entry: Entry, wanted: Facts) -> bool:
    """Whether users meet two conditions of whom a contract says nothing."""
    return is_at_once(entry[1]) and all(entry[1] != e[1] for e in wanted.allowed)
