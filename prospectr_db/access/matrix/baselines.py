"""What goes without saying: with whom each user of several tenants, or of none, is compared."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.lesser import (
    differing,
    is_lesser,
    lesser_base,
    lesser_is_common,
    usual_in,
)
from prospectr_db.access.matrix.row_classes import DEPENDENT, plainer

if TYPE_CHECKING:
    from prospectr_db.access.matrix.facts import Entry, Facts
    from prospectr_db.access.matrix.matrix import Access

__all__ = [
    "ABROAD",
    "AT_ONCE",
    "BESIDE",
    "BOTH",
    "KEYED",
    "NAMED",
    "NEIGHBOURING",
    "UNNAMED",
    "anybody",
    "beyond",
    "can_lose",
    "compared_in_calls",
    "compared_with",
    "is_abroad",
    "is_at_once",
    "is_by_token",
    "is_colleague",
    "is_common",
    "is_elsewhere",
    "is_like_anybody",
    "is_of_both",
    "is_related",
    "is_related_member",
    "is_related_to_others",
    "is_removed",
    "is_unlisted",
    "is_unnamed",
]

Found = Mapping[tuple[str, str, str], "Access"]
"""Accesses by persona, row class and command."""

ABROAD = " of another tenant"
"""How a persona's name ends whose token says another tenant than the owner's."""

BESIDE = "colleague"
"""The name of whoever owns nothing, and whose token says the owner's tenant."""

BOTH = " and "
"""What stands between the two rows that relate a persona to the owner."""

NEIGHBOURING = " of neighbouring "
"""What stands before the table of tenants in the name of whoever is in another one of the owner's,
or in another one below the same as the owner's: in a second project of his workspace."""

UNNAMED = "anything else"
"""The value of a claim that no policy names, and how the name of the persona who has it ends."""

AT_ONCE = " and "
"""What stands between the columns of a user's own row that are asked for at once."""

ELSEWHERE = " elsewhere"
"""How the name of a persona ends who has power in another tenant."""

NAMED = "named by "
"""How a persona's name begins whom a row below the owner's names by an address in its column."""

KEYED = ".["
"""What stands, in the name of whoever holds a claim that a row says, before the row's column."""

_EVERYBODY = ("newcomer", "stranger")


def is_elsewhere(persona: str) -> bool:
    """Whether a persona belongs to another tenant, and has nothing to do with the owner's."""
    return _is_in_another(persona) and ", " not in persona


def _is_in_another(persona: str) -> bool:
    return persona.endswith(ELSEWHERE) or NEIGHBOURING in persona


def is_abroad(persona: str) -> bool:
    """Whether a persona's token gives it power, and says another tenant than the owner's."""
    return persona.endswith(ABROAD)


def is_colleague(persona: str) -> bool:
    """Whether a persona's token says the owner's tenant, and gives it no power there."""
    return persona == BESIDE


def is_unnamed(persona: str) -> bool:
    """Whether a persona's token holds a claim that policies ask for, with a value none names."""
    return persona.endswith(f"={UNNAMED}")


def is_by_token(persona: str) -> bool:
    """Whether a persona is known by what a row says of its token: an address, or a claim's key."""
    return persona.startswith(NAMED) or KEYED in persona


def is_like_anybody(persona: str) -> bool:
    """Whether only what a persona may beyond anybody who is signed in is told of it."""
    abroad = is_elsewhere(persona) or is_abroad(persona)
    return abroad or is_colleague(persona) or is_unnamed(persona) or is_at_once(persona)


def anybody(access: Access, found: Found) -> list[Access]:
    """Return what anybody who is signed in may on the same rows."""
    usual = (found.get((persona, access.rows, access.command)) for persona in _EVERYBODY)
    return [other for other in usual if other is not None]


def is_unlisted(persona: str) -> bool:
    """Whether a persona is known for not being on a list that others who own rows are on."""
    return persona.startswith("not in ")


def is_of_both(persona: str) -> bool:
    """Whether a persona is a plain member of the owner's tenant and belongs to another, too."""
    return _is_in_another(persona) and ", " in persona


def is_at_once(persona: str) -> bool:
    """Whether a persona meets two conditions on his own row: ``plan=pro and active=true``."""
    one, _, other = persona.partition(AT_ONCE)
    several = _is_in_another(persona) or is_related(persona)
    return "=" in one and "=" in other and not several


def is_removed(persona: str) -> bool:
    """Whether a persona was a member of the owner's tenant once."""
    return persona.endswith("removed member")


def is_common(entry: Entry, facts: Facts) -> bool:
    """Whether an entry goes without saying, because strangers may the same on anybody's rows."""
    relation, persona, rows, command = entry
    if is_lesser(persona):
        return lesser_is_common(entry, facts)
    compared = is_like_anybody(persona) or is_of_both(persona) or is_removed(persona)
    if is_related(persona):
        apart = BOTH in persona and (relation, compared_with(persona), *entry[2:]) in facts.shut
        return not apart and any(
            _lets_in(facts, (relation, who, rows, command)) for who in _EVERYBODY
        )
    unlisted, below = is_unlisted(persona), rows.startswith("other's under own")
    if not compared and not unlisted and not below:
        return False
    columns = set(facts.allowed.get(entry, ()))
    # Below one's own there are also plain members, who may it on the rows of all.
    plain = ("member", *itertools.chain(*facts.least.values())) if below else ()
    return any(
        usual is not None and (columns <= set(usual) or usual == ("*",))
        for who in (_EVERYBODY[:1] if unlisted else (*_EVERYBODY, *plain))
        if (usual := facts.allowed.get((relation, who, "other", command))) is not None
    )


def _lets_in(facts: Facts, entry: Entry) -> bool:
    """Whether an entry is allowed, be it that its row is treated as one in no state."""
    relation, persona, rows, command = entry
    base = (relation, persona, rows.partition(" [")[0], command)
    return entry in facts.allowed or (base in facts.allowed and entry not in facts.shut)


def can_lose(persona: str) -> bool:
    """Whether it is told, too, what a persona is kept from that those he is compared with may."""
    return is_related(persona) or is_of_both(persona) or is_lesser(persona)


def compared_with(persona: str, command: str = "select") -> str:
    """Return whose access is the rule to which that of such a persona is the exception.

    Of new rows that is for a related user the stranger, who has what they hang under.
    """
    if is_lesser(persona):
        return lesser_base(persona)
    if is_related(persona) and BOTH in persona:
        return persona.rpartition(BOTH)[2]  # by the second alone, or a member without any
    if is_related(persona) and command == "insert":
        return "stranger"
    return persona.partition(", ")[0] if is_of_both(persona) else "newcomer"


def is_related(persona: str) -> bool:
    """Whether a persona stands beside the owner in a row that relates two users."""
    return " to the owner in " in persona or is_related_to_others(persona)


def is_related_to_others(persona: str) -> bool:
    """Whether a persona stands in such rows, but with others than the owner."""
    return " to others in " in persona


def is_related_member(persona: str) -> bool:
    """Whether a persona is a member of the owner's tenant who is related to him, too."""
    return is_related(persona) and BOTH in persona and not is_related(persona.rpartition(BOTH)[2])


def compared_in_calls(persona: str) -> list[str]:
    """Return those one of whom must reach something by a call that such a persona can lose.

    Of users related to the owner also whoever stands in the same rows with others: what he lacks
    otherwise, they lack as well.
    """
    rule = compared_with(persona)
    if not is_related(persona) or BOTH in persona:
        return [rule]
    others = persona.partition(", ")[0].replace(" to the owner in ", " to others in ")
    return [rule, others] if others != persona else [rule]


def beyond(access: Access, found: Found) -> Access | None:
    """Return what a persona gets beyond those it is compared with; None where that is nothing.

    Power elsewhere is compared with no power at all, a member of two tenants with a member of
    one, a removed member with whoever never was one, a user with one claim less with himself.
    Everybody else's access is told as it is.
    """
    persona = access.persona
    if is_lesser(persona):
        return differing(access, found)
    if is_like_anybody(persona):
        own = access.rows.startswith(("own", "for another")) and "other's" not in access.rows
        own = own and not is_at_once(persona)
        return None if own else _more(access, found, _EVERYBODY)
    if is_unlisted(persona):
        return _unlisted(access, found) if access.rows.startswith("other") else None
    if is_of_both(persona):
        return _more(access, found, (persona.partition(", ")[0], *_EVERYBODY))
    if is_related(persona):
        return _otherwise(access, found)
    if is_removed(persona):
        if access.rows == "own":
            return _left(access, found)
        return _more(access, found, _EVERYBODY)
    if _is_given_to_all(access, found):
        return None
    if access.rows.startswith("other's under own"):
        members = {name.partition(", ")[0] for name, _, _ in found if is_of_both(name)}
        usual = [found.get((n, "other", access.command)) for n in (*_EVERYBODY, *members)]
        return None if any(u is not None and _covers(u, access) for u in usual) else access
    return access


def _unlisted(access: Access, found: Found) -> Access | None:
    """Return what somebody may who is not on a list: more than a newcomer, less than a stranger."""
    listed = found.get(("stranger", access.rows, access.command))
    kept_out = listed is not None and listed.succeeds and not access.succeeds
    return access if kept_out else _more(access, found, _EVERYBODY[:1])


def _is_given_to_all(access: Access, found: Found) -> bool:
    """Whether what the owner may with a standing, whoever has that may on anybody's rows."""
    base, _, states = access.rows.rstrip("]").partition(" [")
    if access.persona != "owner" or base != "own" or "." not in states or not access.succeeds:
        return False
    rows = "own" if access.command == "insert" else "other"
    usual = (found.get((s, rows, access.command)) for s in (states, states.rpartition(".")[2]))
    return any(other is not None and _covers(other, access) for other in usual)


def _left(access: Access, found: Found) -> Access | None:
    """Return what is left on his own rows, where anybody else gets less."""
    if access.command != "insert":
        others = [replace(access, rows="other", persona=persona) for persona in _EVERYBODY]
        shared = [found.get((o.persona, o.rows, o.command)) for o in others]
        return None if any(o is not None and _covers(o, access) for o in shared) else access
    anywhere = any(
        persona in _EVERYBODY and command == "insert" and rows.startswith("own") and other.succeeds
        for (persona, rows, command), other in found.items()
    )
    return access if access.succeeds and not anywhere else None


def _more(access: Access, found: Found, baseline: tuple[str, ...]) -> Access | None:
    shown = ("other",) if access.rows.startswith(DEPENDENT) else ()
    usual = [
        other
        for persona in baseline
        for rows in (access.rows, *shown)  # whoever is shown rows learns from them
        if (other := found.get((persona, rows, access.command))) is not None
    ]
    if access.succeeds:
        if any(_covers(other, access) for other in usual):
            return None
        known = {name for other in usual if other.succeeds for name in other.columns}
        extra = tuple(name for name in access.columns if name not in known)
        return replace(access, columns=extra) if extra else access
    if access.unproven and not any(other.unproven for other in usual):
        return access
    plain = found.get((access.persona, plainer(access.rows), access.command))
    if plain is not None and plain is not access and plain.succeeds:
        return access if _more(plain, found, baseline) is not None else None  # kept out by a state
    lost = is_of_both(access.persona) and access.command != "insert"
    return access if lost and any(other.succeeds for other in usual) else None


def _otherwise(access: Access, found: Found) -> Access | None:
    """Return what somebody related to the owner may more than a stranger to him, or less.

    Whoever is related twice: than somebody related by the second alone; a member: than one who is
    related to nobody. What calls reach is told of nobody where nobody reaches it.
    """
    persona = access.persona
    rules = [compared_with(persona, access.command)]
    is_call = (persona, "all", "call") in found
    if is_call and BOTH not in persona:
        rules += [*compared_in_calls(persona)[1:], "stranger"]
    known = (usual_in(found, rule, access.rows, access.command) for rule in rules)
    usual = next((other for other in known if other is not None), None)
    named = access.rows.startswith("for another") and (is_call or access.command == "insert")
    below = access.rows.startswith("own under other's") or is_related_member(persona) or named
    if access.rows.startswith(("own", "for another")) and not below:
        return None
    if usual is None:
        return access if is_call and access.succeeds else None
    if access.succeeds:
        return None if _covers(usual, access) else access
    if usual.succeeds:
        return access
    plain = found.get((access.persona, plainer(access.rows), access.command))
    if plain is None or plain is access or not plain.succeeds:
        return None
    return access if _otherwise(plain, found) is not None else None  # kept out by a state


def _covers(usual: Access, access: Access) -> bool:
    return usual.succeeds and set(usual.columns) >= set(access.columns)
