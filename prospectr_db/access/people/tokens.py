"""Tokens as an adversary would send them, and what they reach that an ordinary one does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prospectr_db.access.matrix.matrix import Cell, TokenAccess
from prospectr_db.access.people.claims import believed
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import AUTHENTICATED, Persona
from prospectr_db.access.policies.decisions import all_texts, user_metadata_keys
from prospectr_db.access.policies.expressions import EACH, claim_keys, literals
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import COLLEAGUE, NEWCOMER, OWNER
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["HONEST", "forgeries", "forgers", "observe_tokens", "strange_tokens", "token_personas"]

HONEST = "honest"
"""Somebody who signed up as forgers do, and says nothing of himself."""
_MOST = 8
_MOST_MEMBERS = 2
_IDS = ("id", "org_id", "organization_id", "tenant_id", "team_id")


def _values(observation: Observation, asked: Iterable[str]) -> list[Any]:
    """Return what a forger would write: what policies compare with, and other people's ids."""
    said: list[Any] = believed(observation.catalog)
    for text in all_texts(observation.catalog):
        if "user_meta" in text or "@jwt" in text or "jwt" in text:
            said += [v for v in literals(text) if re.fullmatch(r"\w[\w-]{0,30}", v)]
    said += [v for s in observation.standings for v in s.values if v]
    keys = {*asked, "user_metadata", "sub", "role"}
    ids = [
        value
        for (oid, key), row in observation.world.rows.items()
        if key == OWNER
        for name, value in row.values.items()
        if value and (name in _IDS or name in observation.ownership[oid].claims)
    ]
    plain = [v for v in dict.fromkeys(said) if v not in keys]
    return [*plain[:_MOST], True, observation.world.actors[OWNER].id, *dict.fromkeys(ids)][
        : _MOST * 2
    ]


def forgeries(observation: Observation) -> list[dict[str, Any]]:
    """Return the user_metadata that a user could give himself, one dict per value."""
    keys = _keys(observation.catalog)
    return [_forged(keys, value) for value in _values(observation, keys)] if keys else []


def _keys(catalog: Catalog) -> dict[str, bool]:
    """Return the keys of user_metadata that something reads, and whether as a list."""
    keys = user_metadata_keys(catalog)
    texts = all_texts(catalog) if keys else []
    paths = {path for text in texts for path in claim_keys(text)}
    return {key: ("user_metadata", key, EACH) in paths for key in keys}


def _forged(keys: Mapping[str, bool], value: Any) -> dict[str, Any]:
    """Return every key with a value, which is in a list where one is asked for."""
    return {key: [value] if is_list else value for key, is_list in keys.items()}


def token_personas(observation: Observation) -> Iterator[Knocker]:
    """Yield the strange tokens of a user who owns nothing."""
    plain = observation.world.actors[NEWCOMER].persona("newcomer")
    yield Knocker(plain.without_claims("sub", name="no sub"), None, brief=True)
    yield Knocker(plain.with_claims({"sub": None}, name="sub null"), None, brief=True)
    yield Knocker(Persona("no claims", AUTHENTICATED, None), None, brief=True)
    yield Knocker(Persona("empty claims", AUTHENTICATED, ""), None, brief=True)
    yield Knocker(Persona("an empty object as claims", AUTHENTICATED, "{}"), None, brief=True)
    yield Knocker(plain.with_claims({"sub": "x"}, name="a sub that is no uuid"), None, brief=True)
    yield Knocker(
        plain.with_claims(
            {"app_metadata": [], "user_metadata": "x"}, name="metadata of wrong types"
        ),
        NEWCOMER,
        brief=True,
    )
    anonymous = plain.with_claims({"is_anonymous": True, "email": ""}, name="an anonymous sign-in")
    yield Knocker(anonymous, NEWCOMER, brief=True)


def forgers(observation: Observation) -> Iterator[Knocker]:
    """Yield users who signed up with metadata of their own choosing, and have it in their token."""
    for number, forged in enumerate(forgeries(observation)):
        key = f"forger {number}"
        if key in observation.world.actors:
            name = f"forged user_metadata {forged}"
            persona = observation.world.actors[key].persona(name, user_metadata=forged)
            yield Knocker(persona, key, brief=True)


def strange_tokens(observation: Observation) -> list[tuple[Knocker, list[Knocker]]]:
    """Return the strange tokens, after the user to whom each kind of them is compared.

    What decides beside a tenant is believed of his members alone, and so it is forged by them, too.
    """
    actors = observation.world.actors
    newcomer = Knocker(actors[NEWCOMER].persona("newcomer"), NEWCOMER, brief=True)
    found = [(newcomer, list(token_personas(observation)))]
    if HONEST in actors:
        honest = Knocker(actors[HONEST].persona("newcomer"), HONEST, brief=True)
        found.append((honest, list(forgers(observation))))
    keys = _keys(observation.catalog)
    values = believed(observation.catalog)[:_MOST] if keys else []
    members = {COLLEAGUE: "colleague"} if COLLEAGUE in actors else {}
    members |= {name: name for name in _weakest(observation)[:_MOST_MEMBERS]}
    for key, name in members.items():
        forging = []
        for value in values:
            forged = _forged(keys, value)
            persona = actors[key].persona(f"forged user_metadata {forged} of a {name}")
            persona = persona.with_claims({"user_metadata": forged})
            forging.append(Knocker(persona, key, brief=True))
        found.append((Knocker(actors[key].persona(name), key, brief=True), forging))
    return found


def _weakest(observation: Observation) -> list[str]:
    """Return the users who have a standing, and of it what gives the least."""
    return [
        name
        for name, (standing, value) in observation.world.standings.items()
        if value is not None
        and observation.ownership[standing.relation].weakest.get(standing.column) == value
    ]


def observe_tokens(
    observation: Observation,
    relations: Sequence[Relation],
    kinds: Iterable[tuple[Knocker, Sequence[Knocker]]],
) -> tuple[TokenAccess, ...]:
    """Return what strange tokens reach beyond the same user with his usual one.

    ``kinds`` is what `strange_tokens` returned for this world, or for the one it is a copy of.
    """
    plans = [observation.plan(r) for r in relations if r.policies or not r.rls]
    return tuple(
        token
        for usual, strange in kinds
        if strange
        for token in _beyond(observation, usual, strange, plans)
    )


def _beyond(
    observation: Observation,
    ordinary: Knocker,
    strange: Sequence[Knocker],
    plans: Sequence[Plan],
) -> Iterator[TokenAccess]:
    usual: set[_Place] = set()
    closed: set[tuple[int, str, str, str, str | None]] = set()
    for plan, probe, outcome in _tried(observation, ordinary, plans, lambda *_: True):
        usual |= {_place(plan, cell) for cell in _through(plan, ordinary, probe, outcome)}
        told = outcome.message or ""
        if told.startswith("permission denied for table") and not outcome.from_function:
            closed.add(_shape(plan, probe))

    def may_differ(plan: Plan, knocker: Knocker, probe: Probe) -> bool:
        # A privilege is the role's, whatever the token says; and what is usual is not told.
        everybody = probe.row is None and probe.command in ("update", "delete")
        keys = [plan.row_class(knocker, k) for k in plan.targets] if everybody else [probe.rows]
        places = {(plan.relation.oid, rows, probe.command) for rows in keys if rows != "own"}
        return _shape(plan, probe) not in closed and not places <= usual

    for knocker in strange:
        seen: set[_Place] = set()
        tried = _tried(observation, knocker, plans, may_differ)
        cells = ((p, cell) for p, probe, o in tried for cell in _through(p, knocker, probe, o))
        for plan, cell in cells:
            place = _place(plan, cell)
            if place in usual or place in seen or cell.rows == "own":
                continue
            seen.add(place)
            yield TokenAccess(
                plan.relation.label,
                knocker.name,
                cell.rows,
                cell.command,
                cell.statement,
                knocker.persona.claims or "",
            )


_Place = tuple[int, str, str]


def _place(plan: Plan, cell: Cell) -> _Place:
    return plan.relation.oid, cell.rows, cell.command


def _shape(plan: Plan, probe: Probe) -> tuple[int, str, str, str, str | None]:
    return plan.relation.oid, probe.rows, probe.command, probe.form, probe.column


def _tried(
    observation: Observation,
    knocker: Knocker,
    plans: Iterable[Plan],
    wanted: Callable[[Plan, Knocker, Probe], bool],
) -> Iterator[tuple[Plan, Probe, Outcome]]:
    """Run the probes that are wanted as a persona."""
    batch = [
        (plan, probe)
        for plan in plans
        for probe in plan.probes(knocker)
        if wanted(plan, knocker, probe)
    ]
    outcomes = run(observation, knocker.persona, [probe for _, probe in batch])
    for (plan, probe), outcome in zip(batch, outcomes, strict=True):
        yield plan, probe, outcome


def _through(plan: Plan, knocker: Knocker, probe: Probe, outcome: Outcome) -> Iterator[Cell]:
    """Yield the cells of a probe that gets through."""
    # Success needs no control: it is its own proof.
    for cell in judge_probe(plan, knocker, probe, outcome, outcome):
        if cell.succeeds:
            yield cell
