"""Why a persona can or cannot: rows, statement, grants, and each policy part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from prospectr_db.access.impersonation import become
from prospectr_db.access.observe import (
    Observation,
    judge_probe,
    knockers,
    policy_text,
    run,
)
from prospectr_db.access.personas import Persona
from prospectr_db.access.probes import Knocker, Probe
from prospectr_db.access.statements import equals, literal
from prospectr_db.access.world import OWNER, Row
from prospectr_db.database.catalog import Policy, Relation
from prospectr_db.errors import UsageError

__all__ = ["Part", "PolicyWhy", "Why", "explain", "split_parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an expression and its value for the row: true, false, null or an error."""

    expression: str
    value: str
    depth: int


@dataclass(frozen=True, slots=True)
class PolicyWhy:
    """A policy, whether it binds the persona's role and command, and the value of its parts."""

    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    applies: bool
    kind: str
    value: str
    parts: tuple[Part, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class Why:
    """The witness of a verdict; ``script`` can be pasted into psql as it is, and undoes itself."""

    relation: str
    persona: str
    rows: str
    command: str
    column: str | None
    verdict: str
    reason: str | None
    row: dict[str, str | None]
    claims: str | None
    script: str
    grants: tuple[str, ...]
    rls: bool
    policies: tuple[PolicyWhy, ...]


def explain(
    observation: Observation,
    label: str,
    *,
    persona: str = "stranger",
    command: str = "select",
    column: str | None = None,
) -> Why:
    """Explain one command of one persona on the owner's row of a table.

    Raises UsageError where the table, persona, command or column is not one of those observed.
    """
    relation = observation.catalog.by_label.get(label.removeprefix("public."))
    if relation is None or not relation.is_table:
        names = ", ".join(r.label for r in observation.relations if r.is_table)
        raise UsageError(f"There is no table {label}.", hint=f"Tables are: {names}.")
    people = {k.name: k for k in knockers(observation)}
    if persona not in people:
        raise UsageError(
            f"There is no persona {persona}.", hint=f"Personas are: {', '.join(people)}."
        )
    knocker = people[persona]
    probe, verdict, reason = _probe(observation, relation, knocker, command, column)
    row = observation.world.row(relation, OWNER)
    if row is None:
        raise UsageError(
            f"No row of {label} could be built, so there is nothing to show.",
            hint="Give the values that cannot be guessed in supabase/access.toml, under values.",
        )
    return Why(
        relation=relation.label,
        persona=persona,
        rows=probe.rows or observation.plan(relation).row_class(knocker, OWNER),
        command=command,
        column=column,
        verdict=verdict,
        reason=reason,
        row=dict(row.values),
        claims=knocker.persona.claims,
        script=_script(knocker.persona, probe),
        grants=tuple(_grants(relation, knocker.persona.role)),
        rls=relation.rls,
        policies=tuple(_policies(observation, relation, knocker.persona, command, row)),
    )


def _probe(
    observation: Observation,
    relation: Relation,
    knocker: Knocker,
    command: str,
    column: str | None,
) -> tuple[Probe, str, str | None]:
    plan = observation.plan(relation)
    found = [
        probe
        for probe in plan.probes(knocker)
        if probe.command == command
        and (column is None or (probe.column or "").partition("=")[0] == column)
        and "[" not in probe.rows
    ]
    wanted = "other" if knocker.actor != OWNER else "own"
    found.sort(key=lambda p: (p.form not in ("where", "values"), not p.rows.startswith(wanted)))
    if not found:
        raise UsageError(
            f"Nothing was tried that is a {command} of {column or 'a row'} on {relation.label}.",
            hint="Commands are select, insert, update, delete and truncate.",
        )
    probe = found[0]
    outcome = run(observation, knocker.persona, [probe])[0]
    control = run(observation, Persona("control", observation.superuser, None), [probe])[0]
    cells = judge_probe(plan, knocker, probe, outcome, control)
    verdict = cells[0].verdict.value if cells else "unproven"
    return probe, verdict, outcome.message


def _script(persona: Persona, probe: Probe) -> str:
    lines = ["begin;"]
    if probe.preparation:
        lines += [
            "set local session_replication_role = replica;",
            f"{probe.preparation};",
            "set local session_replication_role = origin;",
        ]
    lines.append(f"set local role {persona.role};")
    if persona.claims is not None:
        lines.append(f"set local request.jwt.claims = {literal(persona.claims)};")
    lines += [f"{probe.statement};", "rollback;"]
    return "\n".join(lines)


def _grants(relation: Relation, role: str) -> Iterator[str]:
    names = {"r": "select", "a": "insert", "w": "update", "d": "delete", "D": "truncate"}
    for letter, command in names.items():
        if relation.holds(role, letter):
            yield f"{command} on {relation.label}"
            continue
        columns = [c.name for c in relation.columns if letter in c.privileges.get(role, "")]
        if columns:
            yield f"{command} ({', '.join(columns)}) on {relation.label}"


def _policies(
    observation: Observation, relation: Relation, persona: Persona, command: str, row: Row
) -> Iterator[PolicyWhy]:
    for policy in relation.policies:
        applies = policy.binds(persona.role) and policy.command in (command, "all")
        for kind, expression in (("using", policy.using), ("with check", policy.check)):
            if expression is None:
                continue
            parts = tuple(_evaluate(observation, relation, persona, row, expression))
            yield PolicyWhy(
                policy.name,
                policy.command,
                policy.permissive,
                policy.roles,
                applies,
                kind,
                parts[0].value if parts else "?",
                parts,
                _statement(relation, policy),
            )


def _statement(relation: Relation, policy: Policy) -> str:
    return policy_text(relation, policy)


def split_parts(expression: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield an expression and, below it, the sides of its AND and OR, and helper calls in them."""
    expression = _bare(expression)
    yield expression, depth
    sides = _sides(expression)
    if len(sides) > 1:
        for side in sides:
            yield from split_parts(side, depth + 1)
        return
    for call in re.findall(r"(?:\w+\.)+\w+\((?:[^()]|\([^()]*\))*\)", expression):
        if call != expression:
            yield call, depth + 1


def _bare(text: str) -> str:
    """Remove parentheses that enclose the whole expression."""
    text = text.strip()
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    depth, quoted = 0, False
    for place, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if depth == 0 and letter == ")":
                return place
    return -1


def _sides(text: str) -> list[str]:
    """Split at the AND or OR that is in no parentheses and no text."""
    sides, start, depth, quoted = [], 0, 0, False
    place = 0
    while place < len(text):
        letter = text[place]
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            match = re.match(r" (AND|OR) ", text[place:]) if depth == 0 else None
            if match and not re.search(r"\bBETWEEN [^ ]+$", text[:place]):
                sides.append(text[start:place])
                place += len(match.group())
                start = place
                continue
        place += 1
    return [*sides, text[start:]]


def _evaluate(
    observation: Observation, relation: Relation, persona: Persona, row: Row, expression: str
) -> Iterator[Part]:
    """Evaluate each part for the row: as the persona's claims, with the row itself visible."""
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    connection = observation.connection
    for text, depth in split_parts(expression):
        connection.execute("savepoint prospectr_why; set local search_path = ''")
        try:
            claims = Persona("why", observation.superuser, persona.claims)
            connection.execute(become(claims))
            query = " ".join(("select (", text, ")::text from", relation.sql_name, "where", where))
            answer = connection.execute(query).fetchone()
            value = "null" if answer is None or answer[0] is None else str(answer[0])
        except psycopg.Error as error:
            value = f"error: {error.diag.message_primary}"
        finally:
            connection.execute(
                "rollback to savepoint prospectr_why; release savepoint prospectr_why"
            )
        yield Part(text, value, depth)
