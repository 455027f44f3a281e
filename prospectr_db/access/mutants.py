"""Deliberate weakenings of policies, grants and flags, and whether the check notices each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import psycopg

from prospectr_db.access.check import check
from prospectr_db.access.clones import share
from prospectr_db.access.contract.contract import Contract
from prospectr_db.access.functions.functions import observe_functions
from prospectr_db.access.matrix.facts import Facts, facts_of
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess
from prospectr_db.access.observation import Observation, knockers
from prospectr_db.access.observe import observe_tables
from prospectr_db.access.ownership.implied import keep_implied
from prospectr_db.access.views.views import observe_views
from prospectr_db.database.catalog import (
    API_ROLES,
    Catalog,
    Function,
    Policy,
    Relation,
    quote_identifier,
    reread,
)

__all__ = ["Mutant", "MutationReport", "Outcome", "find_mutants", "mutate"]

Outcome = Literal["killed", "survived", "equivalent", "impossible"]
_USERS = API_ROLES[:2]
_GRANTS = (("r", "select"), ("a", "insert"), ("w", "update"), ("d", "delete"), ("D", "truncate"))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One weakening: what is changed, in words and as a statement."""

    relation: str
    kind: str
    change: str
    statement: str
    outcome: Outcome = "survived"
    killer: str = ""


@dataclass(frozen=True, slots=True)
class MutationReport:
    """Every mutant and what became of it; ``score`` is the killed among those that differ, in %."""

    ok: bool
    mutants: tuple[Mutant, ...]
    killed: int
    survived: int
    equivalent: int
    impossible: int
    score: float
    seconds: float


def find_mutants(catalog: Catalog, relations: Sequence[Relation]) -> Iterator[Mutant]:
    """Yield the weakenings of a project's tables, views and functions, one at a time."""
    for relation in relations:
        if relation.kind in "rp":
            if relation.rls:
                yield _of(
                    relation,
                    "rls",
                    "row-level security off",
                    "alter table",
                    "disable row level security",
                )
            for policy in relation.policies:
                yield from _policy_mutants(relation, policy)
            yield from _key_mutants(relation)
        elif relation.kind == "v" and relation.security_invoker:
            yield _of(
                relation,
                "view",
                "with the rights of its owner",
                "alter view",
                "set (security_invoker = false)",
            )
        yield from _grant_mutants(relation)
    for function in catalog.functions:
        yield from _function_mutants(catalog, function)


def _of(relation: Relation, kind: str, change: str, verb: str, what: str) -> Mutant:
    statement = " ".join((verb, relation.sql_name, what))
    return Mutant(relation.label, kind, f"{relation.label}: {change}", statement)


def _policy_mutants(relation: Relation, policy: Policy) -> Iterator[Mutant]:
    if not any(policy.binds(role) for role in _USERS):
        return
    name = quote_identifier(policy.name)
    shown = f'policy "{policy.name}" on {relation.label}'

    def made(change: str, verb: str, tail: str) -> Mutant:
        statement = " ".join((verb, "policy", name, "on", relation.sql_name, tail)).rstrip()
        return Mutant(relation.label, "policy", f"{shown}: {change}", statement)

    if policy.using is not None and policy.using != "true":
        yield made("using (true)", "alter", "using (true)")
    if policy.command in ("insert", "update", "all") and policy.check != "true":
        yield made("with check (true)", "alter", "with check (true)")
    if "public" not in policy.roles:
        yield made("to public", "alter", "to public")
    if not policy.permissive:
        yield made("dropped, and it restricts", "drop", "")


def _key_mutants(relation: Relation) -> Iterator[Mutant]:
    for fk in relation.foreign_keys:
        if len(fk.columns) > 1:
            name = quote_identifier(fk.name)
            yield _of(
                relation,
                "key",
                f"foreign key {fk.name} dropped",
                "alter table",
                f"drop constraint {name}",
            )


def _grant_mutants(relation: Relation) -> Iterator[Mutant]:
    for role in _USERS:
        for letter, command in _GRANTS:
            if relation.kind in "vm" and letter in ("D", "a"):
                continue
            if not relation.holds(role, letter):
                statement = " ".join(("grant", command, "on", relation.sql_name, "to", role))
                yield Mutant(
                    relation.label, "grant", f"{command} on {relation.label} to {role}", statement
                )
    for letter, command in _GRANTS[1:3]:
        limited = relation.holds_any("authenticated", letter) and not relation.holds(
            "authenticated", letter
        )
        for column in relation.columns if limited else ():
            if letter not in column.privileges.get("authenticated", "") and column.is_writable:
                statement = " ".join(
                    (
                        "grant",
                        command,
                        f"({quote_identifier(column.name)})",
                        "on",
                        relation.sql_name,
                        "to authenticated",
                    )
                )
                change = f"{command} ({column.name}) on {relation.label} to authenticated"
                yield Mutant(relation.label, "column grant", change, statement)


def _function_mutants(catalog: Catalog, function: Function) -> Iterator[Mutant]:
    if function.schema not in catalog.exposed or function.return_type == "trigger":
        return
    called = "".join((function.sql_name, "(", ", ".join(function.argument_types), ")"))
    kind = "procedure" if function.kind == "p" else "function"
    if not function.definer and any(role in function.callable_by for role in _USERS):
        statement = " ".join(("alter", kind, called, "security definer"))
        yield Mutant(function.label, "function", f"{function.label}: security definer", statement)
    for role in _USERS:
        if role not in function.callable_by:
            statement = " ".join(("grant execute on", kind, called, "to", role))
            yield Mutant(
                function.label, "function", f"execute on {function.label} to {role}", statement
            )


def mutate(
    observation: Observation,
    matrix: AccessMatrix,
    contract: Contract | None,
    *,
    only: Sequence[str] = (),
    on_event: Callable[[object], None] | None = None,
) -> MutationReport:
    """Try each mutant in a savepoint, look again at what it touches, and undo it.

    Where the observation has other connections, as many mutants are tried at a time.
    """
    started = time.perf_counter()
    relations = [r for r in observation.relations if not only or r.label in only]
    mutants = [
        m for m in find_mutants(observation.catalog, relations) if not only or m.relation in only
    ]
    members = (observation, *observation.others)
    for member in members:
        member.controls = {}

    def work(member: Observation, mutant: Mutant) -> Mutant:
        return _try(member, matrix, contract, mutant)

    tried: list[Mutant] = []
    for mutant in share(members, mutants, work):
        tried.append(mutant)
        if on_event is not None and len(tried) % 50 == 0:
            on_event(f"{len(tried)} of {len(mutants)} mutants")
    counts = {
        outcome: sum(m.outcome == outcome for m in tried)
        for outcome in ("killed", "survived", "equivalent", "impossible")
    }
    judged = counts["killed"] + counts["survived"]
    return MutationReport(
        ok=counts["survived"] == 0 and judged > 0,
        mutants=tuple(tried),
        score=round(100 * counts["killed"] / judged, 1) if judged else 0.0,
        seconds=time.perf_counter() - started,
        **counts,
    )


def _try(
    observation: Observation, matrix: AccessMatrix, contract: Contract | None, mutant: Mutant
) -> Mutant:
    try:
        relation = observation.catalog.by_label.get(mutant.relation)
        before = matrix.table(mutant.relation)
        if before is not None:
            before = _concerned(before)
        after = _after(observation, mutant)
    except psycopg.Error as error:
        return replace(mutant, outcome="impossible", killer=str(error.diag.message_primary))
    if after is not None:
        after = _concerned(after)
    # Parents are needed to judge links; the rest of the matrix is as it was.
    near = set(before.links.values()) if before else set()
    others = tuple(t for t in matrix.tables if t.relation in near - {mutant.relation})
    alone = [
        replace(matrix, tables=_some(table), tokens=(), oracles=()) for table in (before, after)
    ]
    was, now = (facts_of(one) for one in alone)
    now = replace(now, spellings=was.spellings)
    if contract is None:  # nobody says what flags and policies are, only what comes of them
        now = replace(now, without_rls=was.without_rls, unseen=was.unseen)
    if relation is not None and was == now:
        # Nobody's access changed: something else holds the door. That is no miss of the check.
        return replace(mutant, outcome="equivalent")
    matrix = replace(matrix, tokens=(), oracles=())
    known = {
        _identity(f) for f in _red(replace(matrix, tables=(*others, *_some(before))), contract)
    }
    fresh = [
        finding
        for finding in _red(replace(matrix, tables=(*others, *_some(after))), contract)
        if _identity(finding) not in known
    ]
    if not fresh:
        return replace(mutant, outcome="survived")
    return replace(mutant, outcome="killed", killer=fresh[0].sentence)


def _concerned(table: TableAccess) -> TableAccess:
    """Return the access without the service role's, which no mutant here changes."""
    kept = tuple(a for a in table.accesses if a.persona != API_ROLES[2])
    return replace(table, accesses=kept)


def _some(table: TableAccess | None) -> tuple[TableAccess, ...]:
    return () if table is None else (table,)


def _identity(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    return finding.kind, finding.key, finding.columns


def _red(matrix: AccessMatrix, contract: Contract | None) -> list[Finding]:
    if contract is not None:
        names = {table.relation for table in matrix.tables}
        contract = replace(contract, facts=_only(contract.facts, names), accepted={})
    return [f for f in check(matrix, contract) if f.severity == "error"]


def _only(facts: Facts, names: set[str]) -> Facts:
    """Return the part of a contract about some relations, without the service role."""
    return replace(
        facts,
        relations={k: v for k, v in facts.relations.items() if k in names},
        allowed={
            entry: columns
            for entry, columns in facts.allowed.items()
            if entry[0] in names and entry[1] != API_ROLES[2]
        },
    )


def _after(observation: Observation, mutant: Mutant) -> TableAccess | None:
    """Return the access to the mutant's relation with the mutation in place."""
    connection = observation.connection
    relation = observation.catalog.by_label.get(mutant.relation)
    connection.execute("savepoint prospectr_mutant; set local search_path = ''")
    try:
        connection.execute(mutant.statement)
        catalog = observation.catalog
        if mutant.kind != "key":  # the key is gone, and what it kept apart is still to be tried
            fresh = reread(connection, catalog, [relation.oid] if relation else [])
            catalog = keep_implied(catalog, fresh)
        connection.execute("set local search_path = public, extensions")
        changed = replace(observation, catalog=catalog)
        personas = [k for k in knockers(changed) if k.persona.role != API_ROLES[2]]
        if relation is None:
            one = replace(
                catalog, functions=tuple(f for f in catalog.functions if f.label == mutant.relation)
            )
            found = tuple(observe_functions(replace(changed, catalog=one), personas))
        elif relation.is_table:
            found = observe_tables(changed, [catalog.by_oid[relation.oid]], personas=personas)
        else:
            found = tuple(observe_views(changed, [catalog.by_oid[relation.oid]], personas))
    finally:
        connection.execute(
            "rollback to savepoint prospectr_mutant; release savepoint prospectr_mutant"
        )
    return next(iter(found), None)
