"""What is there and no contract speaks of: who reaches it already, and with whose rights."""

from __future__ import annotations

from prospectr_db.access.matrix.facts import VIEWS, Facts
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess
from prospectr_db.access.matrix.row_classes import AT_TIMES, DEPENDENT, states_of
from prospectr_db.access.review.phrases import joined, who

__all__ = ["callers", "unmentioned"]

_WRITES = ("insert", "update", "delete")
_EVERYBODY = {"anon", "newcomer", "stranger"}
_USERS = {"newcomer", "stranger"}
_MOST = 3


def unmentioned(relation: str, observed: Facts, matrix: AccessMatrix | None) -> Finding:
    """Return the finding about a relation or function that a contract does not mention."""
    kind = observed.relations[relation]
    reach = callers(relation, observed) if kind == "function" else _reach(relation, observed)
    path = observed.owners.get(relation, "")
    rights = f", with the {path}" if kind != "table" and path.startswith("rights of") else ""
    table = matrix.table(relation) if matrix else None
    if kind == "table" and table is not None and not table.rls:
        rights = ", which has no row-level security"
    said = f"The {kind} {relation} is not in the contract: {reach}{rights}"
    if table is not None and matrix is not None and (harmless := _harmless(table, matrix)):
        sentence = f"{said}. {harmless}."
        return Finding(
            "unmentioned", "warning", relation, "", "", "", (), sentence, rule="unmentioned"
        )
    sentence = f"{said}; say who may do what to it."
    return Finding("unmentioned", "error", relation, "", "", "", (), sentence, rule="unmentioned")


def _harmless(table: TableAccess, matrix: AccessMatrix) -> str | None:
    """Return why nobody may more because of a helper of policies or a view, if that is so.

    What a function or another view shows of a view that nobody may name is told of these.
    """
    if table.serves and _tells_nothing(table, matrix):
        return "Policies ask it, and it tells a caller nothing of others that he may not read"
    granted = (*table.privileges.values(), *table.column_privileges.values())
    if table.kind in VIEWS and not any(granted):
        return "Nothing is granted on it"
    return None


def _tells_nothing(function: TableAccess, matrix: AccessMatrix) -> bool:
    """Whether nobody learns or changes anything by calling a function, and nobody can bend it.

    That a helper of policies stands beside them is another spelling of what they say.
    """
    reached = [a for a in function.accesses if a.succeeds and a.command != "call"]
    loose = function.owner_path.endswith("search_path of its caller")
    others = [
        access
        for access in reached
        if not (access.persona == "owner" and access.rows == "own") and not _is_read(matrix, access)
    ]
    return not others and not loose and not function.unbuildable


def _is_read(matrix: AccessMatrix, access: Access) -> bool:
    """Whether an answer depends only on rows in a state in which its caller reads all of them.

    Of a row whose secret he may not read, a function may tell it. Whoever owns nothing is asked for
    no columns: they are his role's.
    """
    base = access.rows.partition(" [")[0]
    states = [state.partition(".") for state in states_of(access.rows)]
    if base not in (DEPENDENT, AT_TIMES) or len({table for table, _, _ in states}) != 1:
        return False
    table = matrix.table(states[0][0])
    if table is None:
        return False
    there = f"other [{', '.join(state for _, _, state in states)}]"
    reader = "stranger" if access.persona == "newcomer" else access.persona
    found = (table.find(reader, rows, "select") for rows in (there, "other"))
    known = next((access for access in found if access is not None), None)
    return known is not None and known.succeeds and set(known.columns) >= set(table.columns)


def callers(relation: str, observed: Facts) -> str:
    """Return who holds EXECUTE, whatever a call comes to."""
    callers = {"anon" if e[1] == "anon" else "users" for e in _entries(relation, observed)}
    callers |= {
        "anon" if item.startswith("anon: ") else "users"
        for item in observed.idle.get(relation, ())
        if item.endswith(": call")
    }
    if not callers:
        return "no visitor and no user can call it"
    names = {
        ("anon", "users"): "everybody, even without a login, can call it",
        ("users",): "signed-in users can call it",
        ("anon",): "visitors without a login can call it",
    }
    return names[tuple(sorted(callers))]


def _reach(relation: str, observed: Facts) -> str:
    entries = _entries(relation, observed)
    verbs: dict[str, list[str]] = {}
    for verb, commands in (("read", ("select",)), ("write", _WRITES)):
        if personas := {persona for _, persona, _, command in entries if command in commands}:
            verbs.setdefault(_people(personas), []).append(verb)
    found = [f"{people} can {joined(said)} rows of it" for people, said in verbs.items()]
    return joined(found) if found else "neither visitors nor users can read or write it"


def _entries(relation: str, observed: Facts) -> list[tuple[str, str, str, str]]:
    return [e for e in observed.allowed if e[0] == relation and e[1] != "service_role"]


def _people(personas: set[str]) -> str:
    """Return who, without those who are meant by everybody or by every user."""
    if personas >= _EVERYBODY:
        return "everybody, even without a login,"
    if personas >= _USERS:
        return "any signed-in user"
    order = ("anon", "stranger", "newcomer", "owner", "member")
    known = [who(name) for name in order if name in personas]
    others = [who(name) for name in sorted(personas - set(order))]
    told = [*known, *others][:_MOST]
    left = len(known) + len(others) - len(told)
    return joined([*told, f"{left} more"] if left else told)
