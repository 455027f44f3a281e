"""Which claims policies ask of a token, and users whose token has what only the server gives."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.baselines import ABROAD, BESIDE, KEYED, UNNAMED
from prospectr_db.access.ownership.ownership import listed_claims
from prospectr_db.access.people.keyed import keyed_users
from prospectr_db.access.personas.claim_options import Option, holding
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.policies.decisions import helper_functions, mentioned_by, mentions
from prospectr_db.access.policies.expressions import (
    claim_keys,
    literals,
    near,
    near_claim,
    without_defaults,
)
from prospectr_db.access.rows.inhabitants import COLLEAGUE, NEWCOMER, OTHER
from prospectr_db.database.catalog import Catalog, Function, Policy

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["asked_by", "believed", "said_by", "server_claims"]

_MOST = 8
# The user's own, or what Auth says of how he signed in, which has personas of its own.
_NOT_THE_SERVERS = (
    *("user_metadata", "sub", "email", "role", "aud", "is_anonymous", "aal", "amr", "phone"),
    *("email_verified", "phone_verified", "session_id", "iat", "exp", "iss"),
)
_NEVER_FORGED = tuple(name for name in _NOT_THE_SERVERS if name != "user_metadata")
_LEVEL = re.compile(r"aal\d")
Asked = tuple[tuple[str, ...], str | bool]
"""The path of a claim, and a value that it is compared with."""


def server_claims(observation: Observation) -> Iterator[Knocker]:
    """Yield users whose token carries a value that only the server can have put there.

    Where another claim says whose a row is, one is of the owner's tenant, and one of another's.
    """
    actors = observation.world.actors
    seen: set[str] = set()
    by_label = observation.catalog.by_label
    tenants = _tenants(observation)
    if tenants:
        personal = _personal(observation)
        yield Knocker(actors[COLLEAGUE].persona(BESIDE), COLLEAGUE, only=personal)
    only = _asking(observation.catalog, tenants) if tenants else None
    once = (name for name in sorted(observation.given.claims) if KEYED not in name)
    remembered = map(_said_in, once)
    yield from keyed_users(observation, COLLEAGUE if tenants else NEWCOMER)
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
        # Where he could do something once he is tried again, whatever decides there by now.
        told = (by_label.get(label) for label in observation.given.claims.get(name, ()))
        mine = None if only is None else only | {one.oid for one in told if one is not None}
        yield Knocker(holding(actors[key].persona(name), Option(path, value)), key, only=mine)
        if tenants:
            there = actors[OTHER].persona(f"{name}{ABROAD}")
            yield Knocker(holding(there, Option(path, value)), OTHER, brief=True, only=mine)
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
            pairs |= {pair for function in reached for pair in mentioned_by(catalog, function)}
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


def believed(catalog: Catalog) -> list[str | bool]:
    """Return the values that claims are compared with, be they the server's or a user's own.

    Whoever is to be taken in by what a user writes himself wants to read one of them.
    """
    helpers = helper_functions(catalog)
    policies = [policy for relation in catalog.relations for policy in relation.policies]
    listed = [value for values in listed_claims(catalog).values() for value in values]
    found = [v for policy in policies for _, v in asked_by(helpers, policy, but=_NEVER_FORGED)]
    return list(dict.fromkeys([*found, *listed]))


def asked_by(
    helpers: Mapping[int, Function], policy: Policy, *, but: Sequence[str] = _NOT_THE_SERVERS
) -> Iterator[Asked]:
    """Yield the claims that one policy asks for, itself or through ``helpers``, with each value."""
    asked = without_defaults(policy.text)
    yield from _asked_in(asked, literals(asked), but)
    reached, text = said_by(helpers, policy)
    for function in reached:
        given = _given(function, text)
        source = without_defaults(function.source)
        yield from _asked_in(source, [*given, *literals(source)], but)
        yield from _named(function, given)


def _said_in(name: str) -> Asked:
    """Return the claim and the value that a persona's name says: ``app_metadata.role=admin``."""
    claim, _, value = name.partition("=")
    return tuple(claim.split(".")), True if value == "true" else value


def _asked_in(text: str, values: Iterable[str], but: Sequence[str]) -> Iterator[Asked]:
    for path in sorted(claim_keys(text)):
        if path[0] in but:
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
