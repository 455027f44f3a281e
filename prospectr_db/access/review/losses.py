"""What nobody of the world can do although a policy says so, and statements that always fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prospectr_db.access.matrix.baselines import compared_with, is_of_both
from prospectr_db.access.matrix.finding import IDLE_POLICY, RECURSION, UNEXPOSED, Finding
from prospectr_db.access.matrix.matrix import SIGN, Access, AccessMatrix, TableAccess, Verdict
from prospectr_db.access.matrix.unobserved import is_unobserved
from prospectr_db.access.review.phrases import joined
from prospectr_db.database.catalog import PRIVILEGES

__all__ = ["losses_of", "unexposed"]

_COMMANDS = ("select", "insert", "update", "delete")
_VERBS = {"select": "read", "insert": "insert into"}
_FIRST = ("owner", "stranger")


def losses_of(table: TableAccess) -> Iterator[Finding]:
    """Yield what is lost of one table: to a circle of policies, to a condition, to a grant."""
    failing = {f.command: f for f in _endless(table)}
    yield from failing.values()
    for access in table.accesses:
        asked = is_of_both(access.persona) and access.command != SIGN
        if asked and not access.succeeds and not access.unproven and _can_usually(table, access):
            yield Finding(
                "loss",
                "warning",
                table.relation,
                access.persona,
                access.rows,
                access.command,
                (),
                f"Whoever is in two tenants cannot {access.command} {table.relation} any more: "
                f"{access.reason or 'their membership here is not the one that is asked'}.",
                access.statement,
                "one-tenant-only",
            )
    for command, policies in () if is_unobserved(table) else table.idle.items():
        if command in failing:
            continue
        yield Finding(
            "loss",
            "error",
            table.relation,
            "",
            "",
            command,
            (),
            f"No user that was tried can {_VERBS.get(command, command)} {table.relation}, although "
            f"{joined([repr(p) for p in policies])} {'says' if len(policies) == 1 else 'say'}"
            " that some can"
            f"{_why_not(table, command)}.",
            rule=IDLE_POLICY,
        )
    yield from _refusing(table)


def _why_not(table: TableAccess, command: str) -> str:
    """Return what keeps all out alike, where that is a grant: of the table or of a function."""
    if not _is_granted(table, command):
        return ": no role of the API is granted it"
    tried = [a for a in table.accesses if a.command == command and a.persona != "service_role"]
    reasons = {access.reason or "" for access in tried if access.persona != "anon"}
    missing = len(reasons) == 1 and min(reasons).startswith("permission denied for function ")
    return f": {reasons.pop()}" if missing else ""


def _can_usually(table: TableAccess, access: Access) -> bool:
    """Whether whoever is in one tenant only can do it to a row that he names.

    A state may keep out all alike.
    """
    usual = table.find(compared_with(access.persona), access.rows, access.command)
    closed = {form.form for form in usual.forms if form.verdict != "allowed"} if usual else set()
    return usual is None or (usual.succeeds and "where" not in closed)


def _refusing(table: TableAccess) -> Iterator[Finding]:
    """Yield that a function with its owner's rights let nobody through, however it was called.

    What it asks for first hides what it asks for then: if that goes, nothing is seen to change.
    """
    if table.kind != "function" or table.rls or table.unbuildable or table.serves:
        return
    refused = [a for a in table.accesses if a.verdict is Verdict.REFUSED]
    if not refused or any(access.succeeds for access in table.accesses):
        return
    access = min(refused, key=_by_persona)
    why = (access.reason or "it does not say why").rstrip(".")
    yield Finding(
        "loss",
        "warning",
        table.relation,
        "",
        "",
        "call",
        (),
        f"No user of the world gets anything from {table.relation}: it refuses every call ({why}). "
        "What else it asks for is not seen; the contract can give values, or nobody needs to be "
        "granted it.",
        access.statement,
        "idle-function",
    )


def _endless(table: TableAccess) -> Iterator[Finding]:
    """Yield the commands that fail because policies ask for each other's tables again."""
    for command in _COMMANDS:
        found = [a for a in table.accesses if a.command == command and a.is_endless]
        access = min(found, key=_by_persona, default=None)
        if access is None or not (table.circle or access.sqlstate == "42P17"):
            continue
        sentence = f"Nobody can {command} {table.relation}: {access.reason}."
        if table.circle:
            sentence = f"{_circle(table.circle)}: statements on {table.relation} fail."
        yield Finding(
            "loss",
            "error",
            table.relation,
            access.persona,
            access.rows,
            command,
            (),
            sentence,
            access.statement,
            RECURSION,
        )


def _by_persona(access: Access) -> int:
    return _FIRST.index(access.persona) if access.persona in _FIRST else len(_FIRST)


def _circle(circle: Sequence[tuple[str, str]]) -> str:
    """Return policies that ask each other's tables, or their own, in words."""
    tables = list(dict.fromkeys(table for _, table in circle))
    several = len(circle) > 1
    said = [
        f"{joined([repr(policy) for policy, label in circle if label == table])} on {table}"
        for table in tables
    ]
    again = f"{tables[0]} again" if len(tables) == 1 else "each other's tables again"
    head = "The policies" if several else "The policy"
    return f"{head} {joined(said)} {'ask' if several else 'asks'} {again}, without end"


def _is_granted(table: TableAccess, command: str) -> bool:
    """Whether users hold a command's privilege, be it on one column."""
    letter = PRIVILEGES.get(command, "")
    named = (name.split()[-1] for name, columns in table.column_privileges.items() if columns)
    return any(letter in held for held in table.privileges.values()) or command in named


def unexposed(matrix: AccessMatrix) -> Iterator[Finding]:
    """Yield that nothing is granted at all, which is most often a matter of the project's age."""
    tables = [table for table in matrix.tables if table.kind == "table" and table.policies]
    if any(_is_granted(table, command) for table in tables for command in PRIVILEGES):
        return
    if any(table.idle for table in tables):
        yield Finding(
            "loss",
            "error",
            "",
            "",
            "",
            "",
            (),
            "No table is granted to a role of the API, as in projects made since May 2026, where "
            "tables are reachable only by grants. If this project still grants new ones by itself, "
            "say so in supabase/config.toml: auto_expose_new_tables = true under [api].",
            rule=UNEXPOSED,
        )
