"""The access matrix of a database: build the world, run every probe as every persona, collapse."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.matrix.matrix import AccessMatrix, Cell, TableAccess, TokenAccess
from prospectr_db.access.observation import Observation, knockers, prepare
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.alongside import alongside
from prospectr_db.access.probes.columns_in_states import columns_in_states
from prospectr_db.access.probes.combined import combined
from prospectr_db.access.probes.copies import copies
from prospectr_db.access.probes.frozen import frozen
from prospectr_db.access.probes.inserts_below import inserts_on_top
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.only_row import only_row
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.probes.signing import signings, unsigned
from prospectr_db.access.probes.two_columns import two_columns
from prospectr_db.access.probes.ways import find_ways, on_top
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.tables.left_behind import left_behind
from prospectr_db.access.tables.redundant import Arrival, is_through
from prospectr_db.access.tables.sign_up_writes import sign_up_writes
from prospectr_db.access.tables.summing_up import sum_up
from prospectr_db.access.tables.trigger_writes import trigger_writes
from prospectr_db.access.tables.truncation import Truncations
from prospectr_db.access.tables.unseen import unseen_policies
from prospectr_db.database.catalog import Relation
from prospectr_db.database.target import Target

__all__ = [
    "observe",
    "observing",
]

_CHUNK = 40

Identity = tuple[str, str | None, str | None]
"""What makes two probes the same for the server: statement, preparation, question."""


def observe(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    given: Given = NOTHING,
    on_event: Callable[[str], None] | None = None,
    connections: int | None = None,
) -> AccessMatrix:
    """Observe a disposable database, and leave its rows as they were.

    ``connections`` is for measurements and tests: the answer does not depend on it.
    Raises ProspectrError where the connection is no superuser's: the world could not be built.
    """
    with observing(
        target,
        exposed=exposed,
        given=given,
        on_event=on_event,
        connections=connections,
    ) as (_, matrix):
        return matrix


@contextlib.contextmanager
def observing(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    given: Given = NOTHING,
    on_event: Callable[[str], None] | None = None,
    connections: int | None = None,
) -> Iterator[tuple[Observation, AccessMatrix]]:
    """Lend an observation with its matrix, for more questions; nothing of it is kept afterwards."""
    from prospectr_db.access.clones import crew
    from prospectr_db.access.services.channels import observe_channel_tokens
    from prospectr_db.access.surroundings import (
        observe_surroundings,
        with_rows_made,
        with_untried_policies,
    )
    from prospectr_db.access.tables.oracles import find_oracles

    started = time.perf_counter()
    ready = partial(prepare, exposed=exposed, given=given)
    with crew(target, ready, exposed=exposed, connections=connections) as members:
        observation = members[0]
        around = observe_surroundings(observation.connection, observation.catalog)
        tables = observe_everything(members, on_event=on_event)
        around = with_untried_policies(around, observation.catalog, tables)
        around = with_rows_made(around, observation)
        tokens = (
            *_observe_tokens(members, [r for r in observation.relations if r.is_table]),
            *observe_channel_tokens(observation, tables),
        )
        oracles = find_oracles(observation, tables)
        names = tuple(knocker.name for knocker in knockers(observation))
        probes = sum(member.probes for member in members)
        seconds = time.perf_counter() - started
        matrix = AccessMatrix(
            tables,
            names,
            probes,
            seconds,
            tokens=tokens,
            oracles=oracles,
            surroundings=around,
        )
        yield observation, matrix


def observe_everything(
    members: Sequence[Observation], *, on_event: Callable[[str], None] | None = None
) -> tuple[TableAccess, ...]:
    """Observe tables, views and functions; the tables on every connection there is."""
    from prospectr_db.access.functions.functions import observe_functions
    from prospectr_db.access.services.bucket_rows import observe_bucket_rows
    from prospectr_db.access.services.channels import observe_channels
    from prospectr_db.access.services.storage import observe_storage
    from prospectr_db.access.views.views import observe_views

    observation = members[0]
    tables = [r for r in observation.relations if r.is_table]
    views = [r for r in observation.relations if r.kind in "vm"]
    personas = knockers(observation)
    return (
        *observe_tables(observation, tables, others=members[1:], on_event=on_event),
        *observe_views(observation, views, personas),
        *observe_functions(observation, personas),
        *observe_storage(observation, personas),
        *observe_bucket_rows(observation, personas),
        *observe_channels(observation, personas),
    )


def observe_tables(
    observation: Observation,
    relations: Sequence[Relation],
    *,
    others: Sequence[Observation] = (),
    personas: Sequence[Knocker] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> tuple[TableAccess, ...]:
    """Observe some relations, a few dozen at a time so that memory stays flat."""
    from prospectr_db.access.clones import share

    found: list[TableAccess] = []
    members = (observation, *others)

    def work(member: Observation, chunk: Sequence[Relation]) -> list[TableAccess]:
        known = knockers(member) if personas is None else personas
        return list(_observe_chunk(member, chunk, known))

    for tables in share(members, _chunks(relations, len(members)), work):
        found += tables
        if on_event is not None:
            on_event(f"observed {len(found)} of {len(relations)} tables")
    return tuple(found)


def _observe_tokens(
    members: Sequence[Observation], relations: Sequence[Relation]
) -> tuple[TokenAccess, ...]:
    """Observe strange tokens, a few dozen tables at a time; in the order of the tokens."""
    from prospectr_db.access.clones import share
    from prospectr_db.access.people.tokens import observe_tokens, strange_tokens

    kinds = strange_tokens(members[0])
    work = partial(observe_tokens, kinds=kinds)
    chunks = _chunks(relations, len(members))
    found = [token for tokens in share(members, chunks, work) for token in tokens]
    strange = [knocker for _, kind in kinds for knocker in kind]
    order = {knocker.name: place for place, knocker in enumerate(strange)}
    return tuple(sorted(found, key=lambda token: order[token.persona]))


def _chunks(relations: Sequence[Relation], connections: int) -> list[Sequence[Relation]]:
    """Cut into parts small enough for the memory, and several per connection so that none idles."""
    parts = 1 if connections == 1 else 3 * connections
    size = max(1, min(_CHUNK, -(-len(relations) // parts)))
    return [relations[start : start + size] for start in range(0, len(relations), size)]


def _observe_chunk(
    observation: Observation, relations: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    plans = {relation.oid: observation.plan(relation) for relation in relations}
    first = {
        knocker.name: [
            (oid, probe) for oid, plan in plans.items() for probe in plan.probes(knocker)
        ]
        for knocker in personas
    }
    arrivals: dict[int, list[Arrival]] = {oid: [] for oid in plans}
    cells = _tried(observation, plans, personas, first, arrivals)
    # What single states have opened is tried once more in two states at once; where only several
    # open anything, each further one on top, and where only a state may be changed, more with it.
    ways = find_ways(observation, plans, personas, cells)
    for more in (
        (combined, ways.probes, signings),
        (
            on_top,
            inserts_on_top,
            alongside,
            unsigned,
            only_row,
            two_columns,
            columns_in_states,
            frozen,
        ),
    ):
        probes = {
            knocker.name: [
                (oid, probe)
                for oid, plan in plans.items()
                for trying in more
                for probe in trying(plan, knocker, cells[oid])
            ]
            for knocker in personas
        }
        if any(probes.values()):
            for oid, found in _tried(observation, plans, personas, probes, arrivals).items():
                cells[oid] += found
    for oid, extra in copies(observation, plans, personas, cells).items():
        cells[oid] += extra
    for following in (trigger_writes, sign_up_writes, left_behind):
        for oid, extra in following(observation, plans, personas, cells).items():
            cells[oid] += extra
    unseen = unseen_policies(observation, plans, personas, arrivals, ways)
    for relation in relations:
        told = sum_up(observation, plans[relation.oid], cells[relation.oid])
        yield replace(told, unseen=unseen[relation.oid])


def _tried(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    probes: Mapping[str, Sequence[tuple[int, Probe]]],
    arrivals: Mapping[int, list[Arrival]],
) -> dict[int, list[Cell]]:
    """Run the probes of each persona, by its name, and judge them; the cells by relation.

    What got through where policies decide is added to the ``arrivals``.
    """
    outcomes: dict[str, list[tuple[int, Probe, Outcome]]] = {}
    doubtful: dict[Identity, Probe] = {}
    proofs: dict[Identity, Outcome] = {}
    truncations = Truncations(observation.catalog)
    for knocker in personas:
        role = knocker.persona.role
        is_above = role in observation.catalog.above_rls
        batch = probes[knocker.name]
        found = run(observation, knocker.persona, truncations.unknown(role, batch))
        outcomes[knocker.name] = truncations.told(role, batch, found)
        for _, probe, outcome in outcomes[knocker.name]:
            if not _proves_itself(probe, outcome):
                doubtful[_identity(probe)] = probe
            if _proves_for_all(probe, outcome, is_above=is_above):
                proofs[_identity(probe)] = outcome
    left = [probe for identity, probe in doubtful.items() if identity not in proofs]
    control = {**_control(observation, left), **proofs}
    cells: dict[int, list[Cell]] = {oid: [] for oid in plans}
    for knocker in personas:
        is_bound = knocker.persona.role not in observation.catalog.above_rls
        for oid, probe, outcome in outcomes[knocker.name]:
            proof = control.get(_identity(probe), outcome)
            judged = judge_probe(plans[oid], knocker, probe, outcome, proof)
            cells[oid] += judged
            if is_bound and plans[oid].relation.rls and any(map(is_through, judged)):
                arrivals[oid].append(Arrival(knocker, probe, outcome))
    return cells


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


def _proves_for_all(probe: Probe, outcome: Outcome, *, is_above: bool) -> bool:
    """Whether one persona's answer shows what the same statement can do, as a control would.

    ``is_above``: no policy binds the role, so that it reaches every row that a superuser does.
    """
    if outcome.state is None and outcome.touched > 0:
        return is_above or _proves_itself(probe, outcome)
    return is_above and bool(outcome.constraint) and not outcome.from_function


def _identity(probe: Probe) -> Identity:
    return probe.statement, probe.preparation, probe.question


def _control(observation: Observation, probes: Sequence[Probe]) -> dict[Identity, Outcome]:
    """Run the same statements as the superuser: a denial counts only where this touches a row.

    No policy or grant binds a superuser, so that mutants can share what was found once.
    """
    known = observation.controls if observation.controls is not None else {}
    probes = [probe for probe in probes if _identity(probe) not in known]
    outcomes = run(observation, observation.unbound(OWNER), probes)
    known.update(
        {_identity(probe): outcome for probe, outcome in zip(probes, outcomes, strict=True)}
    )
    return known
