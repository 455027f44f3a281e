"""Private channels: who may send to and receive from which topics, as Realtime itself asks.

When a client joins a private channel, Realtime stores a message of each extension, takes on the
role and claims of the token, sets ``realtime.topic``, selects the messages (may he receive?),
inserts others (may he send?) and rolls back (Supabase's documentation, "Realtime Authorization").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from prospectr_db.access.matrix.facts import CHANNEL, EXTENSIONS
from prospectr_db.access.matrix.matrix import (
    Access,
    Cell,
    TableAccess,
    TokenAccess,
    Verdict,
    collapse,
)
from prospectr_db.access.observation import Observation
from prospectr_db.access.people.tokens import forgers, token_personas
from prospectr_db.access.personas.claim_options import put, said_at
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.services.topics import (
    ANY_TOPIC,
    Topic,
    claim_value,
    find_topics,
    missing_claims,
)
from prospectr_db.access.tables.summing_up import policy_text
from prospectr_db.access.tables.untried import untried_policies
from prospectr_db.access.writing.statements import literal
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Relation

__all__ = ["observe_channel_tokens", "observe_channels"]

_COMMANDS = {"receive": "select", "send": "insert"}
_MOST_FOR_TOKENS = 16
_ORDER = {extension: place for place, extension in enumerate(EXTENSIONS)}


def observe_channels(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona may do in the private channels that policies speak of.

    Of the service role nothing is told: no policy binds it, in whichever channel.
    """
    messages = observation.catalog.by_label.get("realtime.messages")
    if messages is None or (messages.rls and not messages.policies):
        return
    topics = find_topics(observation, messages)
    problem = _store(observation, topics)
    cells: dict[str, list[Cell]] = {topic.label: [] for topic in topics}
    passed: dict[str, list[tuple[Knocker, Probe]]] = {name: [] for name in _COMMANDS.values()}
    if problem is None:
        for knocker in _with_claims(observation, messages, personas):
            for topic, probe, outcome in _try(observation, knocker, topics):
                cells[topic.label].append(_cell(knocker, probe, outcome))
                if _is_through(outcome):
                    passed[_COMMANDS[probe.command]].append((knocker, probe))
    untried = () if problem else untried_policies(observation, messages, passed)
    found = {topic.label: collapse(cells[topic.label], _ORDER) for topic in topics}
    everywhere = found[ANY_TOPIC]
    for topic in topics:
        accesses = found[topic.label]
        if topic.label != ANY_TOPIC:
            accesses = tuple(access for access in accesses if not _repeats(access, everywhere))
            if not any(access.succeeds for access in accesses):
                continue
        yield TableAccess(
            relation=f"channel {topic.label}",
            kind=CHANNEL,
            owner_path=topic.owner,
            owned=topic.owned,
            rls=messages.rls,
            accesses=accesses,
            unbuildable=(f"{OWNER}: {problem}",) if problem and topic.label == ANY_TOPIC else (),
            columns=EXTENSIONS,
            writable=EXTENSIONS,
            policies=tuple(policy_text(messages, policy) for policy in messages.policies),
            untried=untried if topic.label == ANY_TOPIC else (),
        )


def observe_channel_tokens(
    observation: Observation, channels: Iterable[TableAccess]
) -> tuple[TokenAccess, ...]:
    """Return what strange tokens may do in channels where nobody may who only signed up."""
    messages = observation.catalog.by_label.get("realtime.messages")
    known = {table.relation: table for table in channels if table.kind == "channel"}
    if messages is None or not known:
        return ()
    every = find_topics(observation, messages)
    # A topic that lets nobody in may still open to a token, but not every way of naming it will.
    open_ones = [topic for topic in every if f"channel {topic.label}" in known]
    topics = list(dict.fromkeys([*open_ones, *every]))[:_MOST_FOR_TOKENS]
    found: dict[tuple[str, str, str], TokenAccess] = {}
    for knocker in (*token_personas(observation), *forgers(observation)):
        for topic, probe, outcome in _try(observation, knocker, topics):
            table = known.get(f"channel {topic.label}") or known[f"channel {ANY_TOPIC}"]
            usual = [known[f"channel {ANY_TOPIC}"], table]
            if not _is_through(outcome) or any(
                access.succeeds
                for place in usual
                for access in place.accesses
                if (access.persona, access.command) == ("newcomer", probe.command)
            ):
                continue
            place = (f"channel {topic.label}", knocker.name, probe.command)
            rows = "other" if topic.owned else "any"
            claims = knocker.persona.claims or ""
            found.setdefault(
                place, TokenAccess(place[0], place[1], rows, place[2], probe.statement, claims)
            )
    return _narrowed(found.values())


def _narrowed(found: Iterable[TokenAccess]) -> tuple[TokenAccess, ...]:
    """Keep one topic per token and command where it reaches any."""
    found = list(found)
    anywhere = {(t.persona, t.command) for t in found if t.relation == f"channel {ANY_TOPIC}"}
    return tuple(
        token
        for token in found
        if token.relation == f"channel {ANY_TOPIC}"
        or (token.persona, token.command) not in anywhere
    )


def _try(
    observation: Observation, knocker: Knocker, topics: Sequence[Topic]
) -> list[tuple[Topic, Probe, Outcome]]:
    """Try to receive and to send, with each extension, on each topic."""
    mine = "own" if knocker.actor == OWNER else "other"
    batch = [
        (topic, probe)
        for topic in topics
        for probe in _probes(topic, mine if topic.owned else "any")
    ]
    outcomes = run(observation, knocker.persona, [probe for _, probe in batch])
    return [(topic, probe, said) for (topic, probe), said in zip(batch, outcomes, strict=True)]


def _probes(topic: Topic, rows: str) -> Iterator[Probe]:
    name = literal(topic.name)
    joined = "".join(("select pg_catalog.set_config('realtime.topic', ", name, ", true)"))
    for extension in EXTENSIONS:
        where = "".join((literal(_message(topic, extension)), "::uuid"))
        text = " ".join(("select * from realtime.messages where id =", where))
        yield Probe(None, rows, "receive", "join", extension, text, joined)
        values = ", ".join((name, literal(extension)))
        text = " ".join(("insert into realtime.messages (topic, extension) values", f"({values})"))
        yield Probe(None, rows, "send", "join", extension, text, joined)


def _message(topic: Topic, extension: str) -> str:
    return seeded_uuid("message", topic.name, extension)


def _store(observation: Observation, topics: Sequence[Topic]) -> str | None:
    """Store the messages that will be asked for; return why that cannot be, or None.

    Where no partition holds today, as in a server that nobody restarted for days, one is made.
    """
    rows = ", ".join(
        "".join(
            (
                "(",
                ", ".join(map(literal, (_message(topic, said), topic.name, said))),
                ")",
            )
        )
        for topic in topics
        for said in EXTENSIONS
    )
    text = " ".join(("insert into realtime.messages (id, topic, extension) values", rows))
    partition = "create table realtime.messages_of_any_day partition of realtime.messages default;"
    problem = "nothing was tried"
    for before in ("", partition):
        try:
            with observation.connection.transaction():
                observation.connection.execute(before + text)
                return None
        except psycopg.Error as error:
            problem = str(error.diag.message_primary)
    return problem


def _with_claims(
    observation: Observation, messages: Relation, personas: Sequence[Knocker]
) -> Iterator[Knocker]:
    """Yield the personas with the claims that only these policies read, each user his own value."""
    paths = missing_claims(observation, messages)
    for knocker in personas:
        persona = knocker.persona
        if persona.role in observation.catalog.above_rls or not knocker.visits(messages.oid):
            continue
        if knocker.actor is not None:
            for path in paths:
                persona = _with_claim(persona, path, claim_value(path, knocker.actor))
        yield replace(knocker, persona=persona)


def _with_claim(persona: Persona, path: Sequence[str], value: str) -> Persona:
    claims: dict[str, Any] = dict(persona.payload or {})
    if said_at(claims, path) is None:
        put(claims, path, value)
    return persona.with_claims(claims)


def _is_through(outcome: Outcome) -> bool:
    return outcome.state is None and outcome.touched > 0


def _cell(knocker: Knocker, probe: Probe, outcome: Outcome) -> Cell:
    if outcome.state is None:
        verdict = Verdict.ALLOWED if outcome.touched else Verdict.FILTERED
    elif outcome.state == "42501" and not outcome.from_function:
        rejected = "row-level security" in (outcome.message or "")
        verdict = Verdict.REJECTED if rejected else Verdict.DENIED
    else:
        verdict = Verdict.REFUSED
    witness = "".join((probe.preparation or "", "; ", probe.statement))
    return Cell(
        knocker.name,
        probe.rows,
        probe.command,
        probe.form,
        probe.column,
        verdict,
        witness,
        outcome.message,
        outcome.state,
    )


def _repeats(access: Access, everywhere: Sequence[Access]) -> bool:
    """Whether the same is allowed on every other topic, too."""
    return any(
        other.succeeds and set(other.columns) >= set(access.columns)
        for other in everywhere
        if (other.persona, other.command) == (access.persona, access.command)
    )
