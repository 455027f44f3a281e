"""Which users are tried with one claim less or more in their token, and where that can matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.lesser import (
    ANONYMOUS,
    NEVER_ENROLLED,
    NO_LEVEL,
    SECOND_FACTOR,
    UNVERIFIED,
    told_change,
    with_claim,
    without_claim,
)
from prospectr_db.access.people.claims import asked_by
from prospectr_db.access.people.guise_places import Places
from prospectr_db.access.personas.claim_options import (
    Option,
    addresses,
    holding,
    lacking,
    methods,
    shown,
    whole,
)
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.decisions import all_texts, helper_functions
from prospectr_db.access.rows.inhabitants import COLLEAGUE, Actor, World
from prospectr_db.access.writing.statements import literal, past_triggers

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["guises"]

_MOST_VALUES = 8
_USUAL_CLAIMS = frozenset({("amr",), ("app_metadata", "provider"), ("app_metadata", "providers")})
"""What every token holds, whether or not somebody asks for it."""


@dataclass(frozen=True, slots=True)
class _Guise:
    """One change of a token. ``asked`` finds the texts that ask for the claim; ``stored`` is what
    goes with it in the auth schema, for a user's id. ``more`` says that it is a claim more."""

    name: str
    asked: re.Pattern[str]
    change: Callable[[Persona], Persona]
    stored: Callable[[Actor, Persona], str] | None = None
    more: Option | None = None


def guises(observation: Observation, usual: Sequence[Knocker]) -> tuple[Knocker, ...]:
    """Return the users with another token, each beside the usual one that he is compared with.

    They exist for what policies, the functions behind them, views and functions ask of a token,
    and for what the contract tells of such users: a restriction that is dropped is no longer asked.
    """
    catalog = observation.catalog
    known = observation.given.lesser
    said = "\n".join(all_texts(catalog))
    found = list(_asked(observation, said))
    names = {guise.name for guise in found}
    found += [
        guise
        for guise in (_named(told_change(persona), said) for persona in known)
        if guise is not None and guise.name not in names
    ]
    if not found:
        return ()
    places = Places(catalog)
    # Another address makes somebody else of whoever owns rows by it.
    owners = observation.ownership.items()
    addressed = frozenset(oid for oid, owner in owners if ("email",) in owner.claims.values())
    made: dict[str, Knocker] = {}
    for guise in {guise.name: guise for guise in found}.values():
        for knocker in usual:
            name = f"{knocker.name} {guise.name}"
            told = known.get(name, frozenset())
            if not _is_worth_it(observation, knocker, guise) and not told:
                continue
            of_rows = guise.more is not None and knocker.name == "owner"
            relations, calls = places.asking(guise.asked, of_rows=of_rows)
            relations -= addressed if guise.stored is _addressed else frozenset()
            relations &= relations if knocker.only is None else knocker.only
            only, called = relations | places.oids(told), calls | places.called(told)
            if (only or called) and name not in observation.extra:
                made[name] = _knocker(observation.world, knocker, guise, name, only, called)
    return tuple(made.values())


def _is_worth_it(observation: Observation, knocker: Knocker, guise: _Guise) -> bool:
    """Whether a user is one to try with another token.

    With one claim less: whoever is somebody by himself. With one more: the owner on his rows, and,
    where no persona holds the claim, a user who owns nothing on everybody's.
    """
    if guise.more is None:
        usual = knocker.only is None or _is_of_the_tenant(knocker)
        usual = usual and knocker.name not in observation.extra
        holds_it = guise.name == without_claim(knocker.name.partition("=")[0])
        standing = "=" in knocker.name and usual and not holds_it
        return standing or knocker.name in ("owner", "newcomer", "member")
    by_token = guise.more.path in (("email",), ("amr",))
    return knocker.name == "owner" or (by_token and knocker.name == "newcomer")


def _is_of_the_tenant(knocker: Knocker) -> bool:
    """Whether somebody has power by a claim, within the tenant that another claim says."""
    return knocker.actor == COLLEAGUE and not knocker.brief


def _knocker(
    world: World,
    knocker: Knocker,
    guise: _Guise,
    name: str,
    only: frozenset[int],
    calls: frozenset[int],
) -> Knocker:
    persona = guise.change(knocker.persona).named(name)
    actor = world.actors.get(knocker.actor or "")
    if guise.stored is not None and actor is not None:
        stored = guise.stored(actor, persona)
        world.changes[name] = past_triggers(stored)
    return Knocker(persona, knocker.actor, brief=guise.more is None, only=only, calls=calls)


def _asked(observation: Observation, said: str) -> Iterator[_Guise]:
    """Yield the changes to tokens that anything in the database can tell."""
    yield from (guise for guise in _PLAIN.values() if guise.asked.search(said))
    catalog, world = observation.catalog, observation.world
    helpers = helper_functions(catalog)
    tenants = {p for owner in observation.ownership.values() for p in owner.claims.values()}
    texts = all_texts(catalog)
    options = [
        Option(path, value)
        for relation in catalog.relations
        for policy in relation.policies
        for path, value in asked_by(helpers, policy)
        if path not in tenants and path != ("app_metadata",)
    ]
    plain = list(dict.fromkeys(options))[:_MOST_VALUES]
    addressed = list(dict.fromkeys(addresses(texts)))[:_MOST_VALUES]
    signed = list(dict.fromkeys(methods(texts)))[:_MOST_VALUES]
    needed = {option.path for option in world.gates} | _USUAL_CLAIMS
    for option in (*plain, *addressed, *signed):
        yield _with(option)
        if option.path in needed:
            yield _without(option.path, said)


def _with(option: Option) -> _Guise:
    name = with_claim(option.claim, shown(option.value))
    return _Guise(
        name,
        _asking_for(option.path),
        partial(_holding, option=option),
        _addressed if option.path == ("email",) else None,
        option,
    )


def _without(path: tuple[str, ...], said: str) -> _Guise:
    return _Guise(
        without_claim(".".join(path)),
        _asking_for(path),
        partial(_lacking, path=path, said=said),
        _addressed if path == ("email",) else None,
    )


def _holding(persona: Persona, option: Option) -> Persona:
    return holding(persona, option)


def _lacking(persona: Persona, path: tuple[str, ...], said: str) -> Persona:
    return lacking(persona, path, said)


def _named(name: str, said: str) -> _Guise | None:
    """Return the change that a contract names, be it that nothing asks for it any more."""
    if name in _PLAIN:
        return _PLAIN[name]
    for path in (("email",), ("amr",)):
        if name == without_claim(path[0]):
            return _without(path, said)
    if name.startswith("without "):
        return _without(tuple(name.removeprefix("without ").split(".")), said)
    claim, _, value = name.removeprefix("with ").partition("=")
    if not value:
        return None
    return _with(Option(tuple(claim.split(".")), True if value == "true" else value))


def _asking_for(path: tuple[str, ...]) -> re.Pattern[str]:
    if path == ("email",):
        return re.compile(r"'email'|\{email\}|auth\.email|auth\.users")
    if path == ("amr",):
        return re.compile(r"\bamr\b")
    return re.compile(rf"['{{,.]{re.escape(whole(path)[-1])}['}},]")


def _first_factor(persona: Persona) -> Persona:
    return persona.with_claims({"aal": "aal1"})


def _without_level(persona: Persona) -> Persona:
    return persona.without_claims("aal")


def _anonymous(persona: Persona) -> Persona:
    claims = persona.payload or {}
    held = dict(claims.get("app_metadata") or {})
    kept = {key: value for key, value in held.items() if key not in ("provider", "providers")}
    times = [method.get("timestamp") for method in claims.get("amr", ())] or [None]
    return persona.with_claims(
        {
            "is_anonymous": True,
            "email": "",
            "phone": "",
            "app_metadata": kept,
            "amr": [{"method": "anonymous", "timestamp": times[0]}],
        }
    )


def _unverified(persona: Persona) -> Persona:
    claims = dict(persona.payload or {})
    for place in ("user_metadata", "app_metadata"):
        if isinstance(claims.get(place), dict):
            claims[place] = {**claims[place], **_said_of(claims[place])}
    return persona.with_claims({**claims, **_said_of(claims)})


def _said_of(claims: Mapping[str, object]) -> dict[str, bool]:
    return {name: False for name in ("email_verified", "phone_verified") if name in claims}


def _of_user(assigned: str, actor: Actor) -> str:
    return " ".join(("update auth.users set", assigned, "where id =", literal(actor.id)))


def _addressed(actor: Actor, persona: Persona) -> str:
    email = str((persona.payload or {}).get("email"))
    return _of_user("".join(("email = ", literal(email))), actor)


def _without_factors(actor: Actor, _: Persona) -> str:
    return " ".join(("delete from auth.mfa_factors where user_id =", literal(actor.id)))


def _without_address(actor: Actor, _: Persona) -> str:
    given = "is_anonymous = true, email = null, email_confirmed_at = null, raw_app_meta_data = '{}'"
    return _of_user(given, actor)


def _unconfirmed(actor: Actor, _: Persona) -> str:
    return _of_user("email_confirmed_at = null, phone_confirmed_at = null", actor)


_PLAIN = {
    guise.name: guise
    for guise in (
        _Guise(SECOND_FACTOR, re.compile(r"\baal\d?\b|mfa_factors"), _first_factor),
        _Guise(NO_LEVEL, re.compile(r"\baal\d?\b"), _without_level),
        _Guise(NEVER_ENROLLED, re.compile(r"mfa_factors"), _first_factor, _without_factors),
        _Guise(ANONYMOUS, re.compile(r"\bis_anonymous\b"), _anonymous, _without_address),
        _Guise(
            UNVERIFIED,
            re.compile(r"\b(?:email|phone)_(?:verified|confirmed_at)\b"),
            _unverified,
            _unconfirmed,
        ),
    )
}
