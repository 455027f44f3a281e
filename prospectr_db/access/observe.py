"""The access matrix of a database: build the world, run every probe as every persona, collapse."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess, TokenAccess
from prospectr_db.access.observation import Observation, knockers, prepare
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.probes.copies import copies
from prospectr_db.access.tables.left_behind import left_behind
from prospectr_db.access.tables.sign_up_writes import sign_up_writes
from prospectr_db.access.tables.summing_up import sum_up
from prospectr_db.access.tables.tried import Tried
from prospectr_db.access.tables.trigger_writes import trigger_writes
from prospectr_db.access.tables.unseen import unseen_policies
from prospectr_db.database.catalog import Relation
from prospectr_db.database.target import Target

__all__ = [
    "observe",
    "observing",
]

_CHUNK = 40


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
    tried = Tried(observation, plans, personas)
    ways = tried.everything()
    cells = tried.cells
    for oid, extra in copies(observation, plans, personas, cells).items():
        cells[oid] += extra
    for following in (trigger_writes, sign_up_writes, left_behind):
        for oid, extra in following(observation, plans, personas, cells).items():
            cells[oid] += extra
    unseen = unseen_policies(observation, plans, personas, tried.arrivals, ways)
    for relation in relations:
        told = sum_up(observation, plans[relation.oid], cells[relation.oid])
        yield replace(told, unseen=unseen[relation.oid])
