"""Why a persona can or cannot: rows, statement, grants, and each policy part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from prospectr_db.access.matrix.facts import COMMANDS
from prospectr_db.access.observation import Observation, knockers
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.reach import tables_of_function, tables_of_view
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.tables.summing_up import policy_text
from prospectr_db.access.tables.tried import statements_on
from prospectr_db.access.witness.parts import Part, evaluate, values_in
from prospectr_db.access.witness.script import script
from prospectr_db.database.catalog import Relation
from prospectr_db.errors import UsageError

__all__ = ["PolicyWhy", "Why", "explain"]

_COMMANDS = ("select", "insert", "update", "delete", "truncate")
# Which expressions of a policy a command is held to.
_HELD_TO = {
    "select": ("using",),
    "insert": ("with check",),
    "update": ("using", "with check"),
    "delete": ("using",),
    "truncate": (),
}


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
    rows: str | None = None,
) -> Why:
    """Explain one command of one persona on a row of a table: the owner's, or one of ``rows``.

    Raises UsageError where the table, persona, command, column or row class is not observed.
    """
    relation = _table(observation, label)
    knocker = _knocker(observation, persona)
    if command not in _COMMANDS:
        near = "call" if command in COMMANDS else ""
        extra = f" Who may {command} what is in `prospectr-db access`." if near else ""
        raise UsageError(
            f"There is no command {command}.", hint=f"Commands are {', '.join(_COMMANDS)}.{extra}"
        )
    if column is not None and column not in {c.name for c in relation.columns}:
        names = ", ".join(c.name for c in relation.columns)
        raise UsageError(f"{label} has no column {column}.", hint=f"Columns are: {names}.")
    if observation.world.row(relation, OWNER) is None:
        raise UsageError(
            f"No row of {label} could be built, so there is nothing to show.",
            hint="Give the values that cannot be guessed in supabase/access.toml, under values."
            if relation.label != "storage.objects"
            else "Files are tried in each bucket: `prospectr-db access` shows who reaches which.",
        )
    probe, verdict, reason = _probe(observation, relation, knocker, command, column, rows)
    row = _row(observation, relation, probe)
    row = replace(row, values=values_in(observation, relation, row, probe.preparation))
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
        script=script(observation, relation, knocker.persona, probe),
        grants=tuple(_grants(relation, knocker.persona.role)),
        rls=relation.rls,
        policies=tuple(
            _policies(observation, relation, knocker.persona, command, row, probe.preparation)
        ),
    )


def _table(observation: Observation, label: str) -> Relation:
    """Return the table that is meant; of anything else, say where to look."""
    catalog = observation.catalog
    name = label.removeprefix("public.")
    relation = catalog.by_label.get(name)
    tables = [r.label for r in observation.relations if r.is_table]
    if relation is not None and relation.is_table:
        return relation
    if relation is not None:
        rights = "its reader" if relation.security_invoker else relation.owner
        below = [table.label for table in tables_of_view(catalog, relation)]
        raise UsageError(
            f"{name} is a view with the rights of {rights}; policies decide on the tables below "
            "it.",
            hint=f"Ask about one of those: {', '.join(below)}." if below else None,
        )
    wanted = label.partition("(")[0].rpartition(".")[2]
    called = [f for f in catalog.functions if f.name == wanted]
    if called:
        used = [table.label for table in tables_of_function(catalog, called[0])]
        raise UsageError(
            f"{called[0].label} is a function; policies decide on the tables that it uses.",
            hint="`prospectr-db access` says who may call it and whose rows it reaches; "
            f"it may use: {', '.join(used) or 'none'}.",
        )
    near = get_close_matches(name, tables, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(f"There is no table {label}.", hint=f"{meant}Tables are: {', '.join(tables)}.")


def _knocker(observation: Observation, persona: str) -> Knocker:
    people = {k.name: k for k in knockers(observation)}
    if persona not in people:
        near = get_close_matches(persona, people, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"There is no persona {persona}.",
            hint=f"{meant}Personas are: {', '.join(people)}; others can be defined under "
            "[personas] in supabase/access.toml.",
        )
    return people[persona]


def _probe(
    observation: Observation,
    relation: Relation,
    knocker: Knocker,
    command: str,
    column: str | None,
    rows: str | None,
) -> tuple[Probe, str, str | None]:
    plan = observation.plan(relation)
    tried = [
        probe
        for probe in statements_on(observation, relation, knocker)
        if probe.command == command
        and (column is None or (probe.column or "").partition("=")[0] == column)
    ]
    classes = list(dict.fromkeys(probe.rows for probe in tried if probe.rows))
    found = [p for p in tried if ("[" not in p.rows if rows is None else p.rows == rows)]
    if not found:
        article = "an" if command[0] in "iu" else "a"
        what = f"{article} {command} of {column or 'a row'} on {relation.label}"
        if rows is not None:
            raise UsageError(
                f"Nothing was tried that is {what} on {rows} rows as {knocker.name}.",
                hint=f"Row classes are: {', '.join(classes) or 'none'}.",
            )
        raise UsageError(
            f"Nothing was tried that is {what} as {knocker.name}.",
            hint="Leave --column out, or ask as owner or stranger.",
        )
    wanted = "other" if knocker.actor != OWNER else "own"
    found.sort(key=lambda p: (p.form not in ("where", "values"), not p.rows.startswith(wanted)))
    probe = found[0]
    outcome = run(observation, knocker.persona, [probe])[0]
    control = run(observation, Persona("control", observation.superuser, None), [probe])[0]
    cells = judge_probe(plan, knocker, probe, outcome, control)
    verdict = cells[0].verdict.value if cells else "unproven"
    where = f" ({outcome.raised_in})" if outcome.raised_in else ""
    return probe, verdict, f"{outcome.message}{where}" if outcome.message else None


def _row(observation: Observation, relation: Relation, probe: Probe) -> Row:
    """Return the row that a probe is about; the owner's where it is about a new one, or all."""
    for row in observation.world.rows.values():
        if row.relation == relation.oid and row.label == probe.row:
            return row
    found = observation.world.row(relation, OWNER)
    assert found is not None  # noqa: S101 - asked for before
    return found


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
    observation: Observation,
    relation: Relation,
    persona: Persona,
    command: str,
    row: Row,
    preparation: str | None,
) -> Iterator[PolicyWhy]:
    """Yield the expressions that the command is held to, of each policy."""
    for policy in relation.policies:
        applies = policy.binds(persona.role) and policy.command in (command, "all")
        # Without a check of its own a policy's condition holds for the new row as well.
        told = {"using": policy.using, "with check": policy.check or policy.using}
        for kind in _HELD_TO[command]:
            expression = told[kind]
            if expression is None:
                continue
            parts = tuple(evaluate(observation, relation, persona, row, expression, preparation))
            yield PolicyWhy(
                policy.name,
                policy.command,
                policy.permissive,
                policy.roles,
                applies,
                kind,
                parts[0].value if parts else "?",
                parts,
                policy_text(relation, policy),
            )
