"""What every user's token must hold to get past the policies that only restrict.

A restrictive policy lets nobody in by itself. Were the world's users kept out by one that asks for
a plan or for an e-mail address of the company's, nothing behind it could be observed.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.personas.claim_options import Option, addresses, holding, methods, whole
from prospectr_db.access.personas.impersonation import become
from prospectr_db.access.personas.personas import AUTHENTICATED, Persona, user
from prospectr_db.access.policies.decisions import all_texts, helper_functions
from prospectr_db.access.writing.statements import literal
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Function, Policy, Relation

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.access.rows.building import Builder

__all__ = ["domain_of", "find_gates", "sign_in"]

_MOST = 24
_DAY = "2026-01-01 00:00:00+00"
_VERIFIED = re.compile(r"(?:email|phone)_verified")
_POWER = re.compile(r"role|admin|staff|super|permission|scope", re.IGNORECASE)
Path = tuple[str, ...]


def find_gates(connection: Connection[Any], catalog: Catalog) -> tuple[Option, ...]:
    """Return the claims with which a user gets past the restrictive policies, one value of each.

    Only what most tables ask for, and what gives nobody power anywhere: where one table is for
    those who hold a claim, they are the exception and have personas of their own.
    """
    asking = {r.oid: policies for r in catalog.own_relations if (policies := _gates_of(r))}
    tables = [r for r in catalog.own_relations if r.is_table and r.policies]
    if not asking or 2 * len(asking) < len(tables):
        return ()
    helpers = helper_functions(catalog)
    powers = {
        option.path
        for relation in catalog.relations
        for policy in relation.policies
        if policy.permissive
        for option in _asked(helpers, policy)
    }
    found: dict[Path, Option] = {}
    wanted: dict[Path, int] = {}
    plain = user(seeded_uuid("user", "gate"), aal="aal2", user_metadata={"email_verified": True})
    for policies in asking.values():
        needed: set[Path] = set()
        for policy in policies:
            options = [o for o in _asked(helpers, policy) if o.path not in powers and _is_plain(o)]
            held = plain
            for option in found.values():
                held = holding(held, option)
            if options and not _passes(connection, policy, held):
                chosen = _first_that_passes(connection, policy, held, options)
                found.update({option.path: option for option in chosen})
            needed |= {option.path for option in options}
        for path in needed:
            wanted[path] = wanted.get(path, 0) + 1
    return tuple(o for path, o in found.items() if 2 * wanted[path] >= len(tables))


def _gates_of(relation: Relation) -> list[Policy]:
    """Return the restrictive policies that ask for a token only, whichever row it is."""
    return [
        policy
        for policy in relation.policies
        if not policy.permissive
        and policy.binds(AUTHENTICATED)
        and not any(oid == relation.oid for oid, _ in policy.reads)
    ]


def _is_plain(option: Option) -> bool:
    return not _POWER.search(whole(option.path)[-1])


def _asked(helpers: Mapping[int, Function], policy: Policy) -> Iterator[Option]:
    # It needs what observes, and what observes needs the world.
    from prospectr_db.access.people.claims import asked_by, said_by

    reached, _ = said_by(helpers, policy)
    texts = [policy.text, *(function.source for function in reached)]
    said = (Option(path, value) for path, value in asked_by(helpers, policy))
    yield from dict.fromkeys((*said, *addresses(texts), *methods(texts)))


def domain_of(gates: Iterable[Option]) -> str | None:
    """Return the domain of everybody's e-mail address, where a gate asks for one."""
    found = (str(option.value).rpartition("@")[2] for option in gates if option.path == ("email",))
    return next(found, None)


def sign_in(builder: Builder, gates: Sequence[Option]) -> None:
    """Let everybody have signed in as well as anything asks: a second factor, the gates' claims."""
    said = "\n".join(all_texts(builder.catalog))
    world = builder.world
    for key, actor in world.actors.items():
        usual: dict[str, Any] = dict(actor.claims)
        if "'aal2'" in said:
            usual["aal"] = "aal2"
        if _VERIFIED.search(said):
            # Every token says so of whoever signed up by e-mail; some hooks put it at the top.
            usual["user_metadata"] = {"email_verified": True, **usual.get("user_metadata", {})}
            usual["claims"] = {"email_verified": True, **usual.get("claims", {})}
        if usual != actor.claims:
            world.actors[key] = actor = replace(actor, claims=usual)
        held = plain = actor.persona(key)
        for option in gates:
            held = held if option.path == ("email",) else holding(held, option)
        before, after = plain.payload or {}, held.payload or {}
        more = {name: value for name, value in after.items() if before.get(name) != value}
        if more:
            usual["claims"] = {**usual.get("claims", {}), **more}
            world.actors[key] = replace(actor, claims=usual)
    if "mfa_factors" in said and builder.catalog.users is not None:
        _enrol(builder, builder.catalog.users.oid)


def _enrol(builder: Builder, users: int) -> None:
    """Give every user a second factor that he has confirmed, as Supabase Auth stores it."""
    names = "id, user_id, friendly_name, factor_type, status, created_at, updated_at"
    for key, actor in builder.world.actors.items():
        if (users, key) not in builder.world.rows:
            continue
        told = (seeded_uuid("factor", key), actor.id, "phone", "totp", "verified", _DAY, _DAY)
        values = ", ".join(literal(value) for value in told)
        head = "".join(("insert into auth.mfa_factors (", names, ") values ("))
        text = "".join((head, values, ") on conflict do nothing"))
        with contextlib.suppress(psycopg.Error), builder.connection.transaction():
            builder.connection.execute(text)
            builder.world.enrolments.append(text)


def _first_that_passes(
    connection: Connection[Any], policy: Policy, persona: Persona, options: list[Option]
) -> tuple[Option, ...]:
    """Return the first combination of values that the policy accepts; none where none is."""
    by_path: dict[Path, list[Option | None]] = {}
    for option in options:
        by_path.setdefault(option.path, [None]).append(option)
    tried = itertools.islice(itertools.product(*by_path.values()), _MOST)
    # The fewest claims first: what nobody needs is not given to everybody.
    for combination in sorted(tried, key=lambda c: sum(option is not None for option in c)):
        held = persona
        chosen = [option for option in combination if option is not None]
        for option in chosen:
            held = holding(held, option)
        if chosen and _passes(connection, policy, held):
            return tuple(chosen)
    return ()


def _passes(connection: Connection[Any], policy: Policy, persona: Persona) -> bool:
    """Whether a policy's expressions hold for a token; for whichever row, as they read none."""
    parts = [part for part in (policy.using, policy.check) if part]
    query = "".join(("select ", " and ".join("".join(("(", part, ")")) for part in parts)))
    connection.execute("savepoint prospectr_gate; set local search_path = ''")
    try:
        connection.execute(become(Persona("gate", connection.info.user, persona.claims)))
        answer = connection.execute(query).fetchone()
        return answer is not None and answer[0] is True
    except psycopg.Error:
        return False
    finally:
        connection.execute("rollback to savepoint prospectr_gate; release savepoint prospectr_gate")
