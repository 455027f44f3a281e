"""Tokens as an adversary would send them, and what they reach that an ordinary one does not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prospectr_db.access.baselines import ABROAD, BESIDE, UNNAMED
from prospectr_db.access.claim_options import Option, holding
from prospectr_db.access.decisions import (
    all_texts,
    claim_keys,
    helper_functions,
    literals,
    mentions,
    near,
    near_claim,
    user_metadata_keys,
)
from prospectr_db.access.matrix import Cell, TokenAccess, Verdict
from prospectr_db.access.observe import Observation, Outcome, judge_probe, run
from prospectr_db.access.ownership import listed_claims
from prospectr_db.access.personas import AUTHENTICATED, Persona
from prospectr_db.access.probes import Knocker, Plan, Probe
from prospectr_db.access.world import COLLEAGUE, NEWCOMER, OTHER, OWNER
from prospectr_db.database.catalog import Catalog, Function, Policy, Relation

__all__ = [
    "asked_by",
    "forgeries",
    "observe_tokens",
    "said_by",
    "server_claims",
    "token_personas",
]

_MOST = 8
# The user's own, or what Auth says of how he signed in, which has personas of its own.
_NOT_THE_SERVERS = (
    *("user_metadata", "sub", "email", "role", "aud", "is_anonymous", "aal", "amr", "phone"),
    *("email_verified", "phone_verified", "session_id", "iat", "exp", "iss"),
)
_LEVEL = re.compile(r"aal\d")
Asked = tuple[tuple[str, ...], str | bool]
"""The path of a claim, and a value that it is compared with."""


def _values(observation: Observation) -> list[Any]:
    """Return what a forger would write: what policies compare with, and other people's ids."""
    said: list[str] = []
    for text in all_texts(observation.catalog):
        if "user_meta" in text or "@jwt" in text or "jwt" in text:
            said += [v for v in literals(text) if re.fullmatch(r"\w[\w-]{0,30}", v)]
    said += [v for s in observation.standings for v in s.values if v]
    keys = set(user_metadata_keys(observation.catalog)) | {"user_metadata", "sub", "role"}
    ids = [
        value
        for (_, key), row in observation.world.rows.items()
        if key == OWNER
        for name, value in row.values.items()
        if value and name in ("id", "org_id", "organization_id", "tenant_id", "team_id")
    ]
    plain = [v for v in dict.fromkeys(said) if v not in keys]
    return [*plain[:_MOST], True, observation.world.actors[OWNER].id, *dict.fromkeys(ids)][
        : _MOST * 2
    ]


def forgeries(observation: Observation) -> list[dict[str, Any]]:
    """Return the user_metadata that a user could give himself, one dict per value."""
    keys = user_metadata_keys(observation.catalog)
    return [dict.fromkeys(keys, value) for value in _values(observation)] if keys else []


def server_claims(observation: Observation) -> Iterator[Knocker]:
    """Yield users whose token carries a value that only the server can have put there.

    Where another claim says whose a row is, one is of the owner's tenant, and one of another's.
    """
    actors = observation.world.actors
    seen: set[str] = set()
    tenants = _tenants(observation)
    if tenants:
        personal = _personal(observation)
        yield Knocker(actors[COLLEAGUE].persona(BESIDE), COLLEAGUE, only=personal)
    only = _asking(observation.catalog, tenants) if tenants else None
    remembered = (_said_in(name) for name in sorted(observation.given.claims))
    asked: set[tuple[str, ...]] = set()
    listed = listed_claims(observation.catalog).items()
    possible = ((path, value) for path, values in listed for value in values)
    for path, value in (*_asked(observation.catalog), *possible, *remembered):
        if path in tenants or any(value in tenant for tenant in tenants):
            continue
        name = f"{'.'.join(path)}={'true' if value is True else value}"
        if name in seen or len(seen) >= _MOST:
            continue
        seen.add(name)
        if isinstance(value, str):
            asked.add(path)
        key = COLLEAGUE if tenants else NEWCOMER
        yield Knocker(holding(actors[key].persona(name), Option(path, value)), key, only=only)
        if tenants:
            there = actors[OTHER].persona(f"{name}{ABROAD}")
            yield Knocker(holding(there, Option(path, value)), OTHER, brief=True, only=only)
    # Whoever has a role at all is not whoever has the right one.
    some = only or _asking(observation.catalog, frozenset())
    for path in sorted(asked):
        key = COLLEAGUE if tenants else NEWCOMER
        persona = actors[key].persona(f"{'.'.join(path)}={UNNAMED}")
        yield Knocker(holding(persona, Option(path, "prospectr")), key, brief=True, only=some)


def _tenants(observation: Observation) -> frozenset[tuple[str, ...]]:
    """Return the paths of the claims that say whose a row is; empty where there are none."""
    if COLLEAGUE not in observation.world.actors:
        return frozenset()
    owners = observation.ownership.values()
    return frozenset(path for owner in owners for path in owner.claims.values())


def _personal(observation: Observation) -> frozenset[int]:
    """Return the relations whose rows belong to a user of the tenant, not to all of it alike."""
    relations = observation.catalog.own_relations
    found = {r.oid for r in relations if observation.ownership[r.oid].users}
    above = {r.oid: {fk.target for fk in r.foreign_keys} for r in relations}
    for relation in relations:
        if relation.definition:
            read = mentions(observation.catalog, relation.definition)
            above[relation.oid] |= {oid for oid, _ in read}
    while more := {oid for oid, targets in above.items() if oid not in found and targets & found}:
        found |= more
    return frozenset(found)


def _asking(catalog: Catalog, tenants: frozenset[tuple[str, ...]]) -> frozenset[int]:
    """Return the relations where claims other than the tenant's may decide, also through others.

    A colleague with such a claim is an ordinary colleague everywhere else.
    """
    helpers = helper_functions(catalog)
    asking: set[int] = set()
    behind: dict[int, set[int]] = {}
    for relation in catalog.relations:
        pairs = set(mentions(catalog, relation.definition)) if relation.definition else set()
        paths = claim_keys(relation.definition) if relation.definition else set()
        for policy in relation.policies:
            reached, text = said_by(helpers, policy)
            paths |= claim_keys(text)
            pairs |= policy.reads
            pairs |= {pair for function in reached for pair in mentions(catalog, function.source)}
        behind[relation.oid] = {oid for oid, _ in pairs}
        if any(path[0] not in _NOT_THE_SERVERS for path in paths - tenants):
            asking.add(relation.oid)
    while more := {oid for oid, read in behind.items() if oid not in asking and read & asking}:
        asking |= more
    return frozenset(asking)


def _asked(catalog: Catalog) -> Iterator[Asked]:
    """Yield the claims that policies ask for, themselves or through a function, with each value."""
    helpers = helper_functions(catalog)
    for policy in (policy for relation in catalog.relations for policy in relation.policies):
        yield from asked_by(helpers, policy)


def asked_by(helpers: Mapping[int, Function], policy: Policy) -> Iterator[Asked]:
    """Yield the claims that one policy asks for, itself or through ``helpers``, with each value."""
    yield from _asked_in(policy.text, literals(policy.text))
    reached, text = said_by(helpers, policy)
    for function in reached:
        given = _given(function, text)
        yield from _asked_in(function.source, [*given, *literals(function.source)])
        yield from _named(function, given)


def _said_in(name: str) -> Asked:
    """Return the claim and the value that a persona's name says: ``app_metadata.role=admin``."""
    claim, _, value = name.partition("=")
    return tuple(claim.split(".")), True if value == "true" else value


def _asked_in(text: str, values: Iterable[str]) -> Iterator[Asked]:
    for path in sorted(claim_keys(text)):
        if path[0] in _NOT_THE_SERVERS:
            continue
        # What is compared with something else, such as a row's state, is no value of the claim.
        for value in near_claim(path, text) or values:
            plain = re.fullmatch(r"[a-z][\w-]{1,30}", value)
            if plain and value not in (*path, *_NOT_THE_SERVERS) and not _LEVEL.fullmatch(value):
                yield path, value
        if re.search(rf"'{re.escape(path[-1])}'[^']*::\s*bool", text):
            yield path, True


def said_by(helpers: Mapping[int, Function], policy: Policy) -> tuple[tuple[Function, ...], str]:
    """Return the functions behind a policy, and all that they and it say as one text."""
    found: dict[int, Function] = {}
    waiting = sorted(policy.functions)
    while waiting:
        function = helpers.get(waiting.pop())
        if function is None or function.oid in found:
            continue
        found[function.oid] = function
        words = set(re.findall(r"\w+", function.source))
        waiting += [other.oid for other in helpers.values() if other.name in words]
    sources = (function.source for function in found.values())
    return tuple(found.values()), "\n".join((policy.text, *sources))


def _given(function: Function, text: str) -> list[str]:
    """Return what callers compare a function's answer with, and what they hand to it."""
    handed = re.findall(rf"\b{re.escape(function.name)}\(([^()]*)\)", text)
    return [*near(function.name, text), *(v for found in handed for v in literals(found))]


def _named(function: Function, given: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the claims whose key is an argument too, as in ``has_claim('role', 'editor')``."""
    for path in sorted(claim_keys(function.source)):
        if path == ("app_metadata",):
            for key, value in itertools.pairwise(given):
                yield (*path, key), value


def token_personas(observation: Observation) -> Iterator[Knocker]:
    """Yield the strange tokens."""
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
    for number, forged in enumerate(forgeries(observation)):
        key = f"forger {number}"
        if key in observation.world.actors:
            name = f"forged user_metadata {forged}"
            persona = observation.world.actors[key].persona(name, user_metadata=forged)
            yield Knocker(persona, key, brief=True)


def observe_tokens(
    observation: Observation, relations: Sequence[Relation]
) -> tuple[TokenAccess, ...]:
    """Return what strange tokens reach beyond an ordinary user without rows."""
    actor = observation.world.actors[NEWCOMER]
    ordinary = Knocker(actor.persona("newcomer"), NEWCOMER, brief=True)
    plans = [observation.plan(r) for r in relations if r.policies or not r.rls]
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

    found: list[TokenAccess] = []
    for knocker in token_personas(observation):
        seen: set[_Place] = set()
        tried = _tried(observation, knocker, plans, may_differ)
        cells = ((p, cell) for p, probe, o in tried for cell in _through(p, knocker, probe, o))
        for plan, cell in cells:
            place = _place(plan, cell)
            if place in usual or place in seen or cell.rows == "own":
                continue
            seen.add(place)
            found.append(
                TokenAccess(
                    plan.relation.label,
                    knocker.name,
                    cell.rows,
                    cell.command,
                    cell.statement,
                    knocker.persona.claims or "",
                )
            )
    return tuple(found)


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
        if cell.verdict is Verdict.ALLOWED or cell.passed:
            yield cell
