"""The access matrix of a database: build the world, run every probe as every persona, collapse."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.impersonation import become
from prospectr_db.access.matrix import (
    Access,
    AccessMatrix,
    Cell,
    TableAccess,
    Verdict,
    collapse,
)
from prospectr_db.access.ownership import Ownership, Standing, find_ownership
from prospectr_db.access.personas import (
    ANON,
    AUTHENTICATED,
    SERVICE_ROLE,
    Persona,
    anon,
    service_role,
)
from prospectr_db.access.probes import Knocker, Plan, Probe
from prospectr_db.access.values import seeded_uuid
from prospectr_db.access.world import NEWCOMER, OTHER, OWNER, Actor, World, build_world
from prospectr_db.database.catalog import (
    Catalog,
    Policy,
    Relation,
    quote_identifier,
    read_catalog,
)
from prospectr_db.database.connection import connect, connect_admin
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "Observation",
    "Outcome",
    "knockers",
    "observe",
    "observing",
    "prepare",
    "prepared",
    "run",
]

_CHUNK = 40
_OBSERVE = (
    "select state, message, relation, constraint_name, context, touched, labels, output"
    " from prospectr_access.observe(%s::text[], %s::text[], %s::text[], %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server said to one statement."""

    state: str | None
    message: str | None
    relation: str | None
    constraint: str | None
    context: str | None
    touched: int
    labels: tuple[str, ...]
    output: tuple[str, ...] = ()

    @property
    def from_function(self) -> bool:
        """Whether a function raised it: a trigger, or a helper that a policy calls."""
        lines = (self.context or "").splitlines()
        calls = [line for line in lines if line.startswith(("PL/pgSQL function", "SQL function"))]
        return any("prospectr_access.observe(" not in line for line in calls)


@dataclass(slots=True)
class Observation:
    """A clone made ready: its catalog, what is known of owners, and the rows that were built."""

    connection: Connection[Any]
    catalog: Catalog
    ownership: Mapping[int, Ownership]
    standings: Sequence[Standing]
    world: World
    superuser: str
    settle: bool
    probes: int = 0
    controls: dict[tuple[str, str | None, str | None], Outcome] | None = None
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def plan(self, relation: Relation) -> Plan:
        """Return the probes of one relation."""
        return Plan(self.catalog, self.ownership, self.world, relation)

    @property
    def relations(self) -> list[Relation]:
        """Relations whose rows API roles could reach."""
        return [
            relation
            for relation in self.catalog.own_relations
            if self.catalog.reachable(relation)
            and (relation.is_table or relation.schema in self.catalog.exposed)
        ]


def observe(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> AccessMatrix:
    """Observe a disposable database, and leave its rows as they were.

    Raises ProspectrError where the connection is no superuser's: the world could not be built.
    """
    with observing(
        target, exposed=exposed, supplied=supplied, owners=owners, extra=extra, on_event=on_event
    ) as (_, matrix):
        return matrix


@contextlib.contextmanager
def prepared(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[Observation]:
    """Lend a world to ask single questions of, with nothing observed yet."""
    with open_observer(target) as connection:
        yield prepare(connection, exposed=exposed, supplied=supplied, owners=owners, extra=extra)
        connection.rollback()


@contextlib.contextmanager
def observing(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> Iterator[tuple[Observation, AccessMatrix]]:
    """Lend an observation with its matrix, for more questions; nothing of it is kept afterwards."""
    from prospectr_db.access.claims import observe_tokens
    from prospectr_db.access.oracles import find_oracles

    started = time.perf_counter()
    with open_observer(target) as connection:
        observation = prepare(
            connection, exposed=exposed, supplied=supplied, owners=owners, extra=extra
        )
        tables = observe_everything(observation, on_event=on_event)
        tokens = observe_tokens(observation, [r for r in observation.relations if r.is_table])
        oracles = find_oracles(observation, tables)
        names = tuple(knocker.name for knocker in knockers(observation))
        seconds = time.perf_counter() - started
        yield (
            observation,
            AccessMatrix(
                tables, names, observation.probes, seconds, tokens=tokens, oracles=oracles
            ),
        )
        connection.rollback()


def open_observer(target: Target) -> Connection[Any]:
    """Connect as the superuser, on our own server or wherever the login is one."""
    return connect_admin(target) if target.admin is not None else connect(target)


def prepare(
    connection: Connection[Any],
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
) -> Observation:
    """Read the catalog, install the observer and build the world, in the current transaction."""
    from prospectr_db.access.claims import forgeries

    row = connection.execute(
        "select current_user, current_setting('is_superuser') = 'on'"
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    if not row[1]:
        raise ProspectrError(
            f"Access can only be observed as a superuser, and {row[0]} is none.",
            hint="Use the embedded server: the world is built on a throwaway clone.",
        )
    # Without a search path every name and type is spelt out; with the API's, triggers find theirs.
    connection.execute("set local search_path = ''")
    catalog = read_catalog(connection, exposed=exposed)
    path = ", ".join(
        quote_identifier(name) for name in dict.fromkeys([*exposed, "public", "extensions"])
    )
    connection.execute("select set_config('search_path', %s, true)", (path,))
    ownership, standings = find_ownership(catalog, declared=owners)
    connection.execute(sql_text("access/observer.sql"))
    world = build_world(connection, catalog, ownership, standings, supplied=supplied)
    settle = any(c.deferrable for r in catalog.relations for c in r.constraints)
    settle = settle or any(
        "CONSTRAINT TRIGGER" in t.definition for r in catalog.relations for t in r.triggers
    )
    observation = Observation(
        connection, catalog, ownership, standings, world, row[0], settle, extra=extra or {}
    )
    for number, forged in enumerate(forgeries(observation)):
        add_forger(connection, observation, f"forger {number}", forged)
    return observation


def add_forger(
    connection: Connection[Any], observation: Observation, key: str, forged: Mapping[str, Any]
) -> None:
    """Let somebody sign up with metadata of his own choosing; triggers do with it what they do."""
    actor = Actor(key, seeded_uuid("user", key), f"{key.replace(' ', '')}@example.com", OTHER)
    observation.world.actors[key] = actor
    if observation.catalog.users is None:
        return
    with contextlib.suppress(psycopg.Error), connection.transaction():
        connection.execute(
            "insert into auth.users (id, email, aud, role, raw_app_meta_data, raw_user_meta_data)"
            " values (%s, %s, 'authenticated', 'authenticated', '{}', %s)",
            (actor.id, actor.email, json.dumps(forged)),
        )


def knockers(observation: Observation) -> list[Knocker]:
    """Return the personas of an observation: those every project has, and its own standings."""
    from prospectr_db.access.claims import server_claims

    actors = observation.world.actors
    found = [
        Knocker(anon(), None),
        Knocker(actors[OWNER].persona("owner"), OWNER),
        Knocker(actors[OTHER].persona("stranger"), OTHER),
        # The same role as the stranger, so the same columns: only the rows can differ.
        Knocker(actors[NEWCOMER].persona("newcomer"), NEWCOMER, brief=True),
    ]
    found += [Knocker(actors[key].persona(key), key) for key in observation.world.standings]
    found += server_claims(observation)
    likes = {"owner": OWNER, "stranger": OTHER, "newcomer": NEWCOMER}
    for name, body in observation.extra.items():
        key = likes[body.get("like", "newcomer")]
        role = body.get("role", AUTHENTICATED)
        persona = actors[key].persona(name, role=role).with_claims(body.get("claims", {}))
        found.append(Knocker(persona, key))
    found.append(Knocker(service_role(), None))
    return [k for k in found if k.persona.role in observation.catalog.roles]


def observe_everything(
    observation: Observation, *, on_event: Callable[[str], None] | None = None
) -> tuple[TableAccess, ...]:
    """Observe tables, views and functions."""
    from prospectr_db.access.doors import observe_functions, observe_views
    from prospectr_db.access.storage import observe_storage

    tables = [r for r in observation.relations if r.is_table]
    views = [r for r in observation.relations if r.kind in "vm"]
    personas = knockers(observation)
    return (
        *observe_tables(observation, tables, on_event=on_event),
        *observe_views(observation, views, personas),
        *observe_functions(observation, personas),
        *observe_storage(observation, personas),
    )


def observe_tables(
    observation: Observation,
    relations: Sequence[Relation],
    *,
    personas: Sequence[Knocker] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> tuple[TableAccess, ...]:
    """Observe some relations, a few dozen at a time so that memory stays flat."""
    personas = knockers(observation) if personas is None else personas
    found: list[TableAccess] = []
    for start in range(0, len(relations), _CHUNK):
        chunk = relations[start : start + _CHUNK]
        found += _observe_chunk(observation, chunk, personas)
        if on_event is not None:
            on_event(f"observed {min(start + _CHUNK, len(relations))} of {len(relations)} tables")
    return tuple(found)


def _observe_chunk(
    observation: Observation, relations: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    plans = {relation.oid: observation.plan(relation) for relation in relations}
    probes = {
        (relation.oid, knocker.name): list(plans[relation.oid].probes(knocker))
        for relation in relations
        for knocker in personas
    }
    outcomes: dict[str, list[tuple[int, Probe, Outcome]]] = {}
    doubtful: dict[tuple[str, str | None, str | None], Probe] = {}
    for knocker in personas:
        batch = [(r.oid, probe) for r in relations for probe in probes[r.oid, knocker.name]]
        found = run(observation, knocker.persona, [probe for _, probe in batch])
        outcomes[knocker.name] = [
            (oid, probe, outcome) for (oid, probe), outcome in zip(batch, found, strict=True)
        ]
        for _, probe, outcome in outcomes[knocker.name]:
            if not _proves_itself(probe, outcome):
                doubtful[_identity(probe)] = probe
    control = _control(observation, list(doubtful.values()))
    cells: dict[int, list[Cell]] = {relation.oid: [] for relation in relations}
    for knocker in personas:
        for oid, probe, outcome in outcomes[knocker.name]:
            proof = control.get(_identity(probe), outcome)
            cells[oid] += judge_probe(plans[oid], knocker, probe, outcome, proof)
    for relation in relations:
        yield _table(observation, plans[relation.oid], cells[relation.oid])


def _proves_itself(probe: Probe, outcome: Outcome) -> bool:
    """Whether no control is needed: it got through, or TRUNCATE, which needs no row."""
    if probe.command == "truncate":
        return True
    if outcome.state is not None:
        return False
    if probe.command == "select" and probe.form == "column":
        return True
    if probe.question is None:
        return outcome.touched > 0
    return probe.row is not None and probe.row in outcome.labels


def _identity(probe: Probe) -> tuple[str, str | None, str | None]:
    return probe.statement, probe.preparation, probe.question


def _control(
    observation: Observation, probes: Sequence[Probe]
) -> dict[tuple[str, str | None, str | None], Outcome]:
    """Run the same statements as the superuser: a denial counts only where this touches a row.

    No policy or grant binds a superuser, so that mutants can share what was found once.
    """
    known = observation.controls if observation.controls is not None else {}
    probes = [probe for probe in probes if _identity(probe) not in known]
    claims = observation.world.actors[OWNER].persona("control").claims
    persona = Persona("control", observation.superuser, claims)
    outcomes = run(observation, persona, probes)
    known.update(
        {_identity(probe): outcome for probe, outcome in zip(probes, outcomes, strict=True)}
    )
    return known


def run(
    observation: Observation,
    persona: Persona,
    probes: Sequence[Probe],
    *,
    listening: bool = False,
) -> list[Outcome]:
    """Run probes as a persona, each undone; one round trip. Listening keeps what queries answer."""
    if not probes:
        return []
    connection = observation.connection
    observation.probes += len(probes)
    connection.execute("savepoint prospectr_run")
    try:
        connection.execute(become(persona))
        rows = connection.execute(
            _OBSERVE,
            (
                [probe.statement for probe in probes],
                [probe.preparation for probe in probes],
                [probe.question for probe in probes],
                observation.settle,
                listening,
            ),
        ).fetchall()
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.UNKNOWN:
            connection.execute(
                "rollback to savepoint prospectr_run; release savepoint prospectr_run"
            )
    return [
        Outcome(
            state,
            message,
            relation,
            constraint,
            context,
            touched,
            tuple(labels or ()),
            tuple(output or ()),
        )
        for state, message, relation, constraint, context, touched, labels, output in rows
    ]


def judge_probe(
    plan: Plan, knocker: Knocker, probe: Probe, outcome: Outcome, control: Outcome
) -> list[Cell]:
    """Turn one outcome into cells: one, or one per known row where the statement had no WHERE."""
    if probe.row is None and probe.command in ("update", "delete"):
        cells = []
        targets = dict(plan.targets)
        mine = plan.world.rows.get((plan.source.oid, knocker.actor or ""))
        if mine is not None and knocker.actor in plan.world.standings:
            targets[knocker.actor or ""] = mine
        for key, row in targets.items():
            verdict = _verdict(outcome, control, row.label)
            if _says_nothing(plan, knocker, outcome):
                continue
            cells.append(
                _cell(plan, plan.row_class(knocker, key), knocker, probe, outcome, verdict)
            )
        return cells
    if probe.form == "column" and probe.command == "select":
        # Which rows is another question: here only whether the column may be named.
        allowed = outcome.state is None
        verdict = Verdict.ALLOWED if allowed else _verdict(outcome, control, None)
        return [_cell(plan, "", knocker, probe, outcome, verdict)]
    if probe.command == "truncate":
        verdict = Verdict.ALLOWED if outcome.state is None else _plain_verdict(outcome, None)
        return [_cell(plan, "all", knocker, probe, outcome, verdict)]
    label = probe.row if probe.question else None
    verdict = _verdict(outcome, control, label)
    crossed = probe.rows.startswith(("own under other's", "for another"))
    crossed = crossed or (probe.command == "update" and control.state == "23503")
    if verdict is Verdict.UNPROVEN and crossed and control.constraint:
        # The link cannot exist for anybody: a key forbids it.
        verdict = _plain_verdict(outcome, label)
    return [_cell(plan, probe.rows, knocker, probe, outcome, verdict)]


def _says_nothing(plan: Plan, knocker: Knocker, outcome: Outcome) -> bool:
    """Whether a statement without WHERE may have failed on the persona's own row.

    Of all constraints only a unique one tells more: the value was new, so two rows were reached.
    """
    return (
        bool(outcome.constraint)
        and outcome.state != "23505"
        and not outcome.from_function
        and (plan.source.oid, knocker.actor or "") in plan.world.rows
    )


def _cell(
    plan: Plan, rows: str, knocker: Knocker, probe: Probe, outcome: Outcome, verdict: Verdict
) -> Cell:
    keys = {fk.name for fk in plan.relation.foreign_keys if probe.command != "delete"}
    passed = (
        verdict is Verdict.REFUSED
        and bool(outcome.constraint)
        and not outcome.from_function
        # A foreign key of the row itself is there to refuse: that is protection, not bad luck.
        and (outcome.constraint not in keys or outcome.relation != plan.relation.name)
    )
    return Cell(
        persona=knocker.name,
        rows=rows,
        command=probe.command,
        form=probe.form,
        column=probe.column,
        verdict=verdict,
        statement=probe.statement,
        reason=outcome.message,
        sqlstate=outcome.state,
        constraint=outcome.constraint,
        passed=passed,
    )


def _verdict(outcome: Outcome, control: Outcome, label: str | None) -> Verdict:
    verdict = _plain_verdict(outcome, label)
    if verdict in (Verdict.ALLOWED, Verdict.REFUSED) or _proves(control):
        return verdict
    if control.state is not None and control.from_function:
        # Nobody gets past the trigger; that the persona was stopped earlier changes nothing.
        return verdict
    if verdict is Verdict.DENIED and control.constraint:
        return verdict
    if control.state == "23502":
        # A required column is left out because the role may not write it: no value would help.
        return verdict
    return Verdict.UNPROVEN


def _proves(control: Outcome) -> bool:
    # A trigger that puts the old value back leaves no label, for anybody: that is proof as well.
    # So is a constraint: it looks only at rows that were reached.
    reached = control.state is None and control.touched > 0
    return reached or (bool(control.constraint) and not control.from_function)


def _plain_verdict(outcome: Outcome, label: str | None) -> Verdict:
    if outcome.state is None:
        touched = outcome.touched > 0 if label is None else label in outcome.labels
        return Verdict.ALLOWED if touched else Verdict.FILTERED
    if outcome.state == "42501":
        if "row-level security" in (outcome.message or ""):
            return Verdict.REJECTED
        if not outcome.from_function or (outcome.message or "").startswith("permission denied"):
            return Verdict.DENIED
    return Verdict.REFUSED


def _table(observation: Observation, plan: Plan, cells: list[Cell]) -> TableAccess:
    relation, catalog = plan.relation, observation.catalog
    order = {column.name: column.number for column in relation.columns}
    owner = observation.ownership[plan.source.oid]
    accesses = collapse(_spread(cells), order)
    links = {}
    for fk in plan.links():
        parent = catalog.by_oid[fk.target or 0]
        names = ", ".join(name for name in fk.columns if name not in owner.users)
        links[names] = parent.label
    return TableAccess(
        relation=relation.label,
        kind=_KINDS.get(relation.kind, relation.kind),
        owner_path=owner.path,
        owned=owner.owned,
        rls=relation.rls,
        accesses=accesses,
        privileges={
            role: held
            for role, held in relation.privileges.items()
            if role in (ANON, AUTHENTICATED)
        },
        unbuildable=tuple(
            f"{problem.key}: {problem.reason}"
            for problem in observation.world.unbuildable
            if problem.relation == relation.label
        ),
        owner_columns=owner.deciding,
        links=links,
        standing=tuple(s.column for s in observation.standings if s.relation == relation.oid),
        membership=any(
            relation.label in observation.ownership[fk.target or 0].members
            for fk in relation.foreign_keys
            if fk.target in observation.ownership
        ),
        default_truncate=any(
            "D" in catalog.default_privileges.get((schema, "r", role), "")
            for schema in (relation.schema, None)
            for role in (ANON, AUTHENTICATED)
        ),
        idle=_idle(relation, accesses),
        columns=tuple(column.name for column in relation.columns),
        writable=tuple(column.name for column in relation.columns if column.is_writable),
        publications=relation.publications,
        policies=tuple(policy_text(relation, policy) for policy in relation.policies),
        column_privileges={
            f"{role} {command}": held
            for role in (ANON, AUTHENTICATED)
            for letter, command in (("a", "insert"), ("w", "update"))
            if (
                held := tuple(
                    c.name
                    for c in relation.columns
                    if letter in c.privileges.get(role, "") and c.is_writable
                )
            )
        },
    )


def policy_text(relation: Relation, policy: Policy) -> str:
    """Return a policy as a statement that makes it."""
    parts = [
        "create policy",
        quote_identifier(policy.name),
        "on",
        relation.sql_name,
        "" if policy.permissive else "as restrictive",
        "for",
        policy.command,
        "to",
        ", ".join(policy.roles),
        *(["using", f"({policy.using})"] if policy.using else []),
        *(["with check", f"({policy.check})"] if policy.check else []),
    ]
    return " ".join(part for part in parts if part)


def _idle(relation: Relation, accesses: Iterable[Access]) -> dict[str, tuple[str, ...]]:
    """Return the commands that policies open to users, but through which nobody came."""
    reached = {a.command for a in accesses if a.succeeds and a.persona != SERVICE_ROLE}
    found: dict[str, tuple[str, ...]] = {}
    for command in ("select", "insert", "update", "delete"):
        names = tuple(
            policy.name
            for policy in relation.policies
            if policy.command == command
            and policy.permissive
            and (policy.binds(ANON) or policy.binds(AUTHENTICATED))
            and policy.text not in ("false", "false false")
            and "service_role" not in policy.text
        )
        if names and command not in reached and relation.rls:
            found[command] = names
    return found


_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}


# Forms that are tried because they might get through where the plain ones do not.
_SPECIAL = frozenset({"merge", "on conflict", "transfer", "for update"})


def _spread(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Give each row class the columns that may be read: policies are about rows only."""
    columns: dict[str, list[Cell]] = {}
    rest: list[Cell] = []
    for cell in cells:
        if cell.form in _SPECIAL and cell.verdict is not Verdict.ALLOWED:
            continue
        if cell.command == "select" and cell.form == "column":
            columns.setdefault(cell.persona, []).append(cell)
        else:
            rest.append(cell)
    for cell in rest:
        yield cell
        if cell.command == "select" and cell.form == "where" and cell.verdict is Verdict.ALLOWED:
            for column in columns.get(cell.persona, ()):
                yield _for_rows(column, cell.rows)


def _for_rows(cell: Cell, rows: str) -> Cell:
    return Cell(
        cell.persona,
        rows,
        cell.command,
        cell.form,
        cell.column,
        cell.verdict,
        cell.statement,
        cell.reason,
        cell.sqlstate,
    )


def claims_json(persona: Persona) -> str:
    """Return a persona's claims, readable."""
    return json.dumps(persona.payload, indent=None)
