"""What a careful reviewer objects to in what users change of their own rows."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.baselines import AT_ONCE, is_elsewhere, is_of_both, is_removed
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import SIGN, TOGETHER, Access, AccessMatrix, TableAccess
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.phrases import people

__all__ = ["only_names", "review_own_update", "review_signing"]


def review_own_update(
    matrix: AccessMatrix, table: TableAccess, access: Access
) -> Iterator[Finding]:
    """Yield the objections to changing one's own rows: given away, moved, or raised by them."""
    subject = people(access.persona)
    if _shares(table):
        return
    gave = _given_away(table, access)
    if gave and not _manages(table, access) and not (len(gave) > 1 and only_names(table)):
        what = f"{' and '.join(gave)}{' at once' if len(gave) > 1 else ''}"
        given = f"make their rows of {table.relation} somebody else's"
        sentence = f"{subject} can {given} by updating {what}"
        yield objection(table, access, "transfer", columns=gave, sentence=sentence)
    movable = {part for name in access.columns for part in name.split(TOGETHER)}
    for columns, parent_label in table.links.items():
        names = [name for name in columns.split(", ") if name in movable]
        parent = matrix.table(parent_label)
        if not names or parent is None:
            continue
        visible = any(
            e.succeeds and e.command == "select" and e.rows == "other" and e.persona == "stranger"
            for e in parent.accesses
        )
        if not visible or _goes_round_insert(table, columns):
            sentence = (
                f"{subject} can move their rows of {table.relation} under somebody else's "
                f"{parent_label} by updating {', '.join(names)}"
            )
            yield objection(table, access, "re-parent", columns=names, sentence=sentence)
    state = access.rows.partition(" [")[2].partition("=")[0]
    between_two = " or " in table.owner_path
    for name in table.standing:
        if name == state or between_two:
            continue  # whoever is an admin already; a row of two users says nothing of one
        changed = [c for c in access.columns if c.partition("=")[0] == name]
        if changed and _may_not_raise(matrix, access.persona):
            if access.persona == "owner" and _is_his_to_give(matrix, table, name):
                continue
            # Whoever was removed may come back by his membership, and by other rows as anybody.
            back = is_removed(access.persona) and table.membership
            if not back and not _can_rise(matrix, table, name):
                continue
            sentence = (
                f"{subject} can change their own {table.relation}.{name}, "
                "which decides what they may do"
            )
            yield objection(table, access, "escalation", columns=changed, sentence=sentence)


def review_signing(table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objection to whoever puts himself into other people's rows, whatever they are in.

    Where some of them are closed to him, somebody decided which may be taken, and when.
    """
    if access.persona not in ("stranger", "newcomer") or access.rows.partition(" [")[0] != "other":
        return
    asked = access.rows != "other" or any(
        other.command == SIGN and other.persona == access.persona and not other.succeeds
        for other in table.accesses
    )
    if asked:
        yield objection(table, access, "taken", "note", kind="surprise")
    else:
        yield objection(table, access, "other-rows")


def _shares(table: TableAccess) -> bool:
    """Whether rows are changed by whoever shares what they hang under, not by those they name.

    The proof are those whom a row names below somebody else's, and who cannot change it.
    """
    named = [
        access
        for access in table.accesses
        if access.command == "update"
        and (
            (access.persona == "owner" and access.rows.startswith("own under other's "))
            or (access.persona.partition("=")[0] in table.standing and access.rows == "own")
        )
    ]
    return table.sharing and bool(named) and not any(access.succeeds for access in named)


def only_names(table: TableAccess) -> bool:
    """Whether nobody owns a row because he is named in it: it stays whose the parent is.

    A patient's appointment is his, and its doctor needs to be one. The proof are rows that name
    somebody below another's parent: he may do nothing with them, and with a claim more he may;
    whoever has the parent reads what is below it, whomever that names.
    """
    reached: dict[str, set[str]] = {}
    tried: dict[str, bool] = {}
    for access in table.accesses:
        rows = access.rows.partition(" [")[0]
        if access.command == "insert" or not rows.startswith(("own under ", "other's under own ")):
            continue
        if access.persona == "owner":
            got = access.succeeds or bool(access.unproven)
            tried[rows] = tried.get(rows, False) or got
        elif access.succeeds and access.persona.startswith("owner with "):
            reached.setdefault(rows, set()).add(access.persona)
    apart = any(rows in reached for rows in tried if rows.startswith("own under "))
    opened = {rows.partition(" ")[0] for rows, got in tried.items() if got}
    return apart and opened == {"other's"}


def _given_away(table: TableAccess, access: Access) -> list[str]:
    """Return the columns by which a row gets another owner altogether."""
    owners = set(table.owner_columns)
    alone = [name for name in access.columns if name in owners]
    if alone and len(owners) == 1:
        return alone
    sets = [name.split(TOGETHER) for name in access.columns if TOGETHER in name]
    return next((names for names in sets if owners and owners <= set(names)), [])


def _manages(table: TableAccess, access: Access) -> bool:
    """Whether somebody changes his own row as one of those that he manages: memberships, roles.

    He changes others' too, or his own only while he has a certain standing.
    """
    power = access.persona.removeprefix("owner with ")  # who has it changes what is others', too
    others = table.find(power, "other", "update")
    if others is not None and others.succeeds and (table.membership or "=" in access.persona):
        return True
    if not table.membership:
        return False
    plain = table.find("member", "own", "update")
    if access.persona == "owner" and plain is not None and not plain.succeeds:
        return True  # as whose the tenant is: whoever is only a member cannot
    states = {
        (other.rows.partition("[")[2].partition("=")[0], other.succeeds)
        for other in table.accesses
        if other.persona == access.persona
        and other.command == "update"
        and other.rows.startswith("own")
    }
    plain = table.find(access.persona, "own", "update")
    if plain is not None and not plain.succeeds:
        return any((name, True) in states for name in table.standing)
    return any((name, False) in states for name in table.standing)


def _may_not_raise(matrix: AccessMatrix, persona: str) -> bool:
    """Whether somebody else's standing reaches further than this persona's."""
    power = _reach(matrix)
    best = max((power.get(name, 0) for name in matrix.personas if "=" in name), default=0)
    return power.get(persona, 0) < best


def _reach(matrix: AccessMatrix) -> dict[str, int]:
    """Return how much of others' and nobody's rows each persona reaches."""
    power: dict[str, int] = {}
    for table in matrix.tables:
        for access in table.accesses:
            if access.rows.partition(" [")[0] in ("other", "any") and access.succeeds:
                power[access.persona] = power.get(access.persona, 0) + 1
    return power


def _can_rise(matrix: AccessMatrix, table: TableAccess, column: str) -> bool:
    """Whether somebody in one state can take another that reaches further: an offer be accepted.

    The users in each state were tried on rows of their own, value by value. Where any value may be
    taken, it is a switch of one's own if no other opens anything: a courier is vetted by somebody
    else, and says himself when he works.
    """
    reached = _reach(matrix)
    tried = 0
    for access in table.accesses:
        name, _, _ = access.persona.partition("=")
        if name != column or access.command != "update" or access.rows.partition(" [")[0] != "own":
            continue
        tried += 1
        for part in _parts(access) if access.succeeds else ():
            changed, _, value = part.partition("=")
            taken = f"{column}={value}"
            known = taken in matrix.personas  # who is as users usually are has no such name
            if changed != column:
                continue
            if not value and _gains(matrix, table, access, column):
                return True
            if value and (not known or reached.get(taken, 0) > reached.get(access.persona, 0)):
                return True
    return not tried and not _only_lowers(matrix, table, column)


def _only_lowers(matrix: AccessMatrix, table: TableAccess, column: str) -> bool:
    """Whether an owner loses by each other value of a column and cannot take it back: who left.

    His rows were tried while his own is in each state; none opens what he cannot reach without.
    """
    states = {state for state in table.tried if state.partition("=")[0] == column}
    states.discard(table.usual.get(column, ""))
    there = [table.find("owner", f"own [{state}]", "update") for state in sorted(states)]
    if not there or any(one is None or (one.succeeds and column in _names(one)) for one in there):
        return False  # what is not told is as in no state: he may go back
    name = table.relation.rpartition(".")[2]
    places = {f"[{place}]" for state in states for place in (state, f"{name}.{state}")}
    for other in matrix.tables:
        for access in other.accesses:
            base, _, state = access.rows.partition(" ")
            if access.persona == "owner" and access.succeeds and state in places:
                plain = other.find("owner", base, access.command)
                if plain is None or not plain.succeeds:
                    return False
    return True


def _names(access: Access) -> set[str]:
    return {part.partition("=")[0] for part in _parts(access)}


def _goes_round_insert(table: TableAccess, columns: str) -> bool:
    """Whether a row is moved to where its owner, who adds such rows, could not have added it."""
    added = table.find("owner", "own", "insert")
    there = [table.find(who, f"own under other's {columns}", "insert") for who in _BETWEEN]
    tried = [access for access in there if access is not None]
    refused = bool(tried) and not any(access.succeeds or access.unproven for access in tried)
    return refused and added is not None and added.succeeds


_BETWEEN = ("owner", "stranger")
"""Whose new rows are tried below the other's parents."""


def _gains(matrix: AccessMatrix, table: TableAccess, access: Access, column: str) -> bool:
    """Whether another value, alone or with what else he may set, opens other relations to him."""
    settable = {part.partition("=")[0] for part in _parts(access)}

    def is_taken(persona: str) -> bool:
        names = {part.partition("=")[0] for part in persona.split(AT_ONCE) if "=" in part}
        other = is_elsewhere(persona) or is_of_both(persona) or persona == access.persona
        return not other and column in names <= settable

    taken = [persona for persona in matrix.personas if is_taken(persona)]
    mine = _got(matrix, table, access.persona)
    return not taken or any(_got(matrix, table, persona) - mine for persona in taken)


def _got(matrix: AccessMatrix, table: TableAccess, persona: str) -> set[tuple[str, ...]]:
    """Return what somebody may in all other relations: relation, rows, command, column."""
    return {
        (other.relation, access.rows, access.command, name)
        for other in matrix.tables
        for access in other.accesses
        if other is not table and access.persona == persona and access.succeeds
        for name in access.columns or ("",)
    }


def _is_his_to_give(matrix: AccessMatrix, table: TableAccess, column: str) -> bool:
    """Whether an owner sets a standing as whose the list is, not as one of those on it.

    The proof are those on somebody else's list who could gain by it: they were tried on their own
    rows and cannot.
    """
    parents = [matrix.table(label) for label in table.links.values()]
    if not table.membership or not any(p is not None and p.owner_columns for p in parents):
        return False
    personas = [name for name in matrix.personas if name.startswith(f"{column}=")]
    tried = [
        access
        for access in table.accesses
        if access.persona in personas
        and access.command == "update"
        and access.rows.partition(" [")[0] == "own"
    ]
    gaining = [access for access in tried if _may_not_raise(matrix, access.persona)]
    return bool(gaining) and not any(
        access.succeeds and column in {part.partition("=")[0] for part in _parts(access)}
        for access in gaining
    )


def _parts(access: Access) -> list[str]:
    return [part for name in access.columns for part in name.split(TOGETHER)]
