"""What a careful reviewer objects to in one access, knowing nothing of the application."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prospectr_db.access.matrix.baselines import (
    ABROAD,
    is_abroad,
    is_elsewhere,
    is_of_both,
    is_related_to_others,
    is_removed,
    is_unlisted,
)
from prospectr_db.access.matrix.facts import VIEWS
from prospectr_db.access.matrix.finding import Finding, Severity
from prospectr_db.access.matrix.given import own_standing_states
from prospectr_db.access.matrix.matrix import (
    AT_TIMES,
    DEPENDENT,
    KNOWING,
    LEAVE,
    SET,
    SIGN,
    Access,
    AccessMatrix,
    TableAccess,
)
from prospectr_db.access.matrix.row_classes import ELSEWHERE, NOBODY, states_of
from prospectr_db.access.policies.whole_tables import opens_every_row
from prospectr_db.access.review.functions import is_meant, is_readable, review_call
from prospectr_db.access.review.kept import review_kept
from prospectr_db.access.review.linking import OUTSIDERS, is_read, is_shown, is_unheard
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.own import only_names, review_own_update, review_signing
from prospectr_db.access.review.phrases import people, phrase
from prospectr_db.access.review.triggers import review_set
from prospectr_db.access.review.truncation import review_truncate

__all__ = ["review_access", "review_channel"]


def review_channel(table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objections to one access to a private channel: another's, or all there are."""
    if access.persona not in OUTSIDERS or (table.owned and access.rows != "other"):
        return
    if table.owned or access.persona == "anon":
        yield objection(table, access, "channel")
    elif table.relation == "channel any topic":
        # Some projects mean it so: everybody who signed up may talk to everybody.
        yield objection(table, access, "channel", kind="surprise")
    else:
        yield objection(table, access, "public-channel", "note", kind="surprise")


def review_access(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objections to one access that gets through."""
    if access.command == SET:
        yield from review_set(table, access)
    elif access.command == LEAVE:
        return
    elif is_of_both(access.persona):
        if access.rows != ELSEWHERE:
            yield _judge_both(table, access)
    elif is_abroad(access.persona):
        yield from _judge_abroad(matrix, table, access)
    elif is_removed(access.persona) and not access.rows.startswith("own"):
        yield _judge_removed(matrix, table, access)
    elif access.command == SIGN:
        yield from review_signing(table, access)
    else:
        yield from _review_ordinary(matrix, table, access)
    yield from review_kept(table, access)


def _review_ordinary(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    outsider = access.persona in OUTSIDERS or is_elsewhere(access.persona)
    outsider = outsider or is_related_to_others(access.persona) or is_unlisted(access.persona)
    base = access.rows.partition(" [")[0]
    if access.command == "truncate":
        yield from review_truncate(matrix, table, access)
    elif access.command == "escalate":
        meant: Severity = "note" if is_meant(table, access) else "error"
        yield objection(table, access, "escalation", meant)
    elif base in (DEPENDENT, AT_TIMES):
        yield from _judge_dependence(matrix, table, access, outsider=outsider)
    elif table.kind == "function":
        if base.partition(KNOWING)[0] == "other" and outsider:
            yield from review_call(matrix, table, access)
    elif not table.owned:
        yield from _judge_unowned(table, access, outsider=outsider)
    elif access.command == "insert":
        yield from _judge_insert(matrix, table, access, outsider=outsider)
    elif outsider and base in table.public_rows and access.command == "select":
        yield objection(table, access, "public-bucket", "note", kind="surprise")
    elif outsider and base.startswith("other"):
        yield from _judge_others(matrix, table, access)
    elif outsider and base == "orphan" and access.command in ("update", "delete"):
        yield (
            _taking(table, access) if _takes(table, access) else objection(table, access, "orphan")
        )
    if access.command == "update" and base == "own":
        yield from review_own_update(matrix, table, access)


def _takes(table: TableAccess, access: Access) -> bool:
    """Whether somebody makes his own what names nobody, and changes nothing else of it."""
    free = {state.removesuffix(NOBODY) for state in states_of(access.rows)}
    nobodys = access.rows.partition(" [")[0] == "orphan" or free & set(access.columns)
    theirs = access.columns and set(access.columns) <= set(table.owner_columns)
    return access.command == "update" and bool(nobodys) and bool(theirs)


def _taking(table: TableAccess, access: Access) -> Finding:
    subject = people(access.persona)
    sentence = f"{subject} can make rows of {table.relation} their own that are nobody's"
    return objection(table, access, "taken", "note", kind="surprise", sentence=sentence)


def _judge_removed(matrix: AccessMatrix, table: TableAccess, access: Access) -> Finding:
    """Return the objection to what somebody reaches who was a member once.

    Where nothing at all is closed to him, no policy asks who left: that may be noted only.
    """
    if _is_anything_closed(matrix, access.persona):
        sentence = f"{phrase(table, access)}, as if they still belonged"
        return objection(table, access, "removed-member", sentence=sentence)
    sentence = f"{phrase(table, access)}: no policy asks who was removed"
    return objection(table, access, "removed-member", "warning", kind="surprise", sentence=sentence)


def _is_anything_closed(matrix: AccessMatrix, removed: str) -> bool:
    """Whether members read something that whoever was removed does not."""
    plain = {name.partition(", ")[0] for name in matrix.personas if is_of_both(name)} | {"member"}
    for table in matrix.tables:
        reads = {
            access.persona
            for access in table.accesses
            if access.rows == "other" and access.command == "select" and access.succeeds
        }
        if reads & plain and not reads & {removed, "stranger", "newcomer"}:
            return True
    return False


def _judge_both(table: TableAccess, access: Access) -> Finding:
    """Return the objection to what a plain member here can do because of what he is elsewhere."""
    linked = {name for columns in table.links for name in columns.split(", ")}
    if access.command == "update" and access.columns and set(access.columns) <= linked:
        said = f"{phrase(table, access)}: they can take them to another tenant of theirs"
        return objection(table, access, "taken-along", "warning", kind="surprise", sentence=said)
    sentence = f"{phrase(table, access)}, which plain members cannot: power elsewhere counts here"
    return objection(table, access, "power-elsewhere", sentence=sentence)


def _judge_abroad(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objection to what somebody reaches by a role in another tenant's token.

    Where the role counts within the tenant alone in some other place, it is the tenant's; else it
    may be that of the application's own people.
    """
    base = access.rows.partition(" [")[0]
    if not table.owned or not base.startswith("other"):
        return
    role = access.persona.removesuffix(ABROAD)
    if _is_of_a_tenant(matrix, role):
        sentence = f"{phrase(table, access)}: power elsewhere counts here"
        yield objection(table, access, "power-elsewhere", sentence=sentence)
    elif access.command == "select":
        sentence = f"{phrase(table, access)}: no policy asks for their tenant"
        yield objection(
            table, access, "power-elsewhere", "warning", kind="surprise", sentence=sentence
        )


def _is_of_a_tenant(matrix: AccessMatrix, role: str) -> bool:
    """Whether a role reaches rows of its own tenant that the same role elsewhere does not."""
    mine, there = (
        {
            (table.relation, access.rows, access.command)
            for table in matrix.tables
            for access in table.accesses
            if access.persona == persona and access.succeeds and table.owned
        }
        for persona in (role, f"{role}{ABROAD}")
    )
    return any(rows.startswith("other") for _, rows, _ in mine - there)


def _judge_dependence(
    matrix: AccessMatrix, table: TableAccess, access: Access, *, outsider: bool
) -> Iterator[Finding]:
    if outsider and not is_readable(matrix, table, access):
        kind = "function" if table.kind == "function" else "view"
        yield objection(table, access, f"{kind}-depends", "warning", kind="surprise")


def _judge_unowned(table: TableAccess, access: Access, *, outsider: bool) -> Iterator[Finding]:
    if not outsider:
        return
    writes = access.command in ("insert", "update", "delete")
    if table.kind == "table" and not table.rls:
        yield objection(table, access, "rls-off", "error" if writes else "warning")
    elif writes and access.command != "insert":
        yield objection(table, access, "unowned-write")
    elif access.command == "insert":
        yield objection(table, access, "unowned-write", "warning", kind="surprise")
    elif table.kind == "table":
        yield objection(table, access, "public-read", "note", kind="surprise")


def _is_by_list(matrix: AccessMatrix, table: TableAccess, access: Access) -> bool:
    """Whether a stranger does something because he is on a list that only the server fills."""
    if access.persona != "stranger":
        return False
    usual = table.find("newcomer", access.rows, access.command)
    unlisted = [
        found
        for name in filter(is_unlisted, matrix.personas)
        if (found := table.find(name, access.rows, access.command)) is not None
    ]
    kept_out = any(not found.succeeds and not found.unproven for found in unlisted)
    return kept_out and usual is not None and not usual.succeeds


def _judge_others(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    if _is_by_list(matrix, table, access):
        sentence = f"{phrase(table, access)}, if they are on a list that the server keeps"
        yield objection(table, access, "listed-rows", "warning", kind="surprise", sentence=sentence)
        return
    if access.command == "select":
        base, _, state = access.rows.partition(" [")
        plain = table.find(access.persona, base, "select")
        # Rows that are somebody's by one of several columns are tried in no state of their own.
        tried = "other" if base.startswith("other's as ") else base
        states = [
            other
            for other in table.accesses
            if (other.persona, other.command) == (access.persona, "select")
            and other.rows.startswith((f"{base} [", f"{tried} ["))
        ]
        # Readable in some states only: somebody decided so (published, public, shared). Of a view
        # nothing but its conditions decides, and one on what is deleted makes nobody's rows public.
        is_view = table.kind in VIEWS
        conditional = (state and plain is not None and (is_view or not plain.succeeds)) or (
            not state and not is_view and any(not other.succeeds for other in states)
        )
        if conditional:
            yield objection(table, access, "conditional-read", "note", kind="surprise")
            return
        if _reads_everything(table, access):
            sentence = f"{phrase(table, access)}: a policy lets them read every row"
            yield objection(table, access, "other-rows", kind="surprise", sentence=sentence)
            return
    if _takes(table, access):
        yield _taking(table, access)
    else:
        yield objection(table, access, "other-rows")


_PRIVATE = re.compile(
    r"e?mail|phone|token|secret|passw|address|birth|iban|card|ssn|salary|(?<![a-z])ip_|(?<!is_)private",
    re.IGNORECASE,
)


def _reads_everything(table: TableAccess, access: Access) -> bool:
    """Whether one policy says so without a condition, and nothing else speaks against it."""
    conditions = table.reads.get("anon" if access.persona == "anon" else "authenticated", ())
    private = any(_PRIVATE.search(name) for name in access.columns)
    return bool(conditions) and all(map(opens_every_row, conditions)) and not private


def _judge_insert(
    matrix: AccessMatrix, table: TableAccess, access: Access, *, outsider: bool
) -> Iterator[Finding]:
    rows, _, state = access.rows.partition(" [")
    if _has_power(matrix, table, access):
        return
    single = " or " not in table.owner_path
    if rows == "own" and table.roster and (outsider or access.persona == "owner"):
        sentence = (
            f"{people(access.persona)} can put themselves into {table.relation}, which gives power"
        )
        yield objection(table, access, "escalation", sentence=sentence)
    elif rows.startswith("other") and outsider:
        yield objection(table, access, "insert-for-others")
    elif rows.startswith("own under other's "):
        parent = _parent_of(matrix, table, rows)
        # The owner meets no parent of others: he is to them what the stranger is to his.
        reader = "stranger" if access.persona == "owner" else access.persona
        if parent is not None and (
            is_read(parent, reader, state) or is_shown(matrix, parent, state)
        ):
            yield objection(table, access, "link-visible", "note", kind="surprise")
        elif is_unheard(table, parent, reader):
            sentence = f"{phrase(table, access)}: nobody else learns of them"
            yield objection(
                table, access, "link-unheard", "warning", kind="surprise", sentence=sentence
            )
        elif outsider or access.persona == "owner":
            yield objection(table, access, "link")
    elif rows.startswith("for another ") and access.persona in (*OUTSIDERS, "owner"):
        theirs = rows.removeprefix("for another ") in table.owner_columns
        if single and theirs and table.links and not (table.membership or table.sharing):
            yield _under_other_name(table, access)
    elif rows == "orphan" and access.persona == "anon":
        yield objection(table, access, "anonymous-insert", "warning", kind="surprise")


def _under_other_name(table: TableAccess, access: Access) -> Finding:
    """Return the objection to rows under another's name, a note where these ask him for something.

    Whoever asks names whom he asks, in a state that he cannot choose, and the row is not given.
    """
    if only_names(table) and any("=" in name for name in access.columns):
        return objection(table, access, "insert-under-other-name", "note", kind="surprise")
    return objection(table, access, "insert-under-other-name")


def _has_power(matrix: AccessMatrix, table: TableAccess, access: Access) -> bool:
    """Whether the owner does it while he has a role, as users who have it do on anybody's rows."""
    if access.persona != "owner" or not any("." in state for state in states_of(access.rows)):
        return False
    standing = {one.relation: one.standing for one in matrix.tables if one.standing}
    entry = (table.relation, access.persona, access.rows, access.command)
    return bool(own_standing_states([entry], standing).get(table.relation))


def _parent_of(matrix: AccessMatrix, table: TableAccess, rows: str) -> TableAccess | None:
    columns = rows.removeprefix("own under other's ")
    return matrix.table(table.links.get(columns, ""))
