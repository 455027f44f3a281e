"""Users whose token holds one claim less than usual, or one more: their names, and the difference.

Such a user is told only where he is treated otherwise than the same user with his usual token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.row_classes import plainer, states_of

if TYPE_CHECKING:
    from prospectr_db.access.matrix.facts import Entry, Facts
    from prospectr_db.access.matrix.matrix import Access

__all__ = [
    "ANONYMOUS",
    "NEVER_ENROLLED",
    "NO_LEVEL",
    "OTHER_DOMAIN",
    "OTHER_METHOD",
    "SECOND_FACTOR",
    "UNVERIFIED",
    "differing",
    "is_lesser",
    "is_told_of_the_owner",
    "lesser_base",
    "lesser_is_common",
    "lesser_words",
    "told_change",
    "usual_in",
    "with_claim",
    "without_claim",
]

SECOND_FACTOR = "without a second factor"
NEVER_ENROLLED = "who enrolled no second factor"
NO_LEVEL = "whose token says no aal"
ANONYMOUS = "signed in anonymously"
UNVERIFIED = "with an unverified e-mail"
OTHER_DOMAIN = "with an e-mail of another domain"
OTHER_METHOD = "signed in by another method"
_NAMED = (
    SECOND_FACTOR,
    NEVER_ENROLLED,
    NO_LEVEL,
    ANONYMOUS,
    UNVERIFIED,
    OTHER_DOMAIN,
    OTHER_METHOD,
)
_NAME = re.compile(
    rf"(?P<base>.+?) (?P<change>{'|'.join(_NAMED)}|without (?P<less>\S+)|with (?P<more>\S+?=\S+))"
)

_OWN = re.compile(r"own(?: under other's [^\[]*\b)?")
"""Rows that to whoever has power over everybody's are another's like all others."""

Found = Mapping[tuple[str, str, str], "Access"]


def with_claim(path: str, value: str) -> str:
    """Return how a user is called whose token holds a claim: ``with app_metadata.plan=pro``."""
    return f"with {path}={value}"


def without_claim(path: str) -> str:
    """Return how a user is called whose token lacks what every other user's holds."""
    return {"email": OTHER_DOMAIN, "amr": OTHER_METHOD}.get(path, f"without {path}")


def told_change(persona: str) -> str:
    """Return what is other about a user's token, as his name says it; empty where nothing is."""
    found = _NAME.fullmatch(persona)
    return found["change"] if found else ""


def is_lesser(persona: str) -> bool:
    """Whether a persona is another one with one claim less or more in his token."""
    return _NAME.fullmatch(persona) is not None


def lesser_base(persona: str) -> str:
    """Return whose token it is but for one claim."""
    found = _NAME.fullmatch(persona)
    return found["base"] if found else persona


def lesser_words(persona: str, base: str) -> str:
    """Return such a persona in words; ``base`` are the words for the usual one."""
    found = _NAME.fullmatch(persona)
    if found is None:
        return base
    if found["base"] == "newcomer":
        base = "authenticated users"
    path, _, value = (found["more"] or "").partition("=")
    if path != "email":
        return f"{base} {found['change']}"
    domain = value.removeprefix("*@")
    return f"{base} with {f'an e-mail at {domain}' if domain != value else f'the e-mail {value}'}"


def _usual(persona: str) -> tuple[str, str | None]:
    """Return with whom he is compared, and who has the same claim and nothing else."""
    found = _NAME.fullmatch(persona)
    assert found is not None  # noqa: S101 - the callers have looked
    if found["change"] == NO_LEVEL:  # what says nothing must not count for more than the least
        return f"{found['base']} {SECOND_FACTOR}", None
    if not found["more"]:
        return found["base"], None
    path = found["more"].partition("=")[0]
    return f"{found['base']} {without_claim(path)}", found["more"]


def differing(access: Access, found: Found) -> Access | None:
    """Return an access of such a user where it differs from the usual one's; else None."""
    _, claim = _usual(access.persona)
    base = lesser_base(access.persona)
    usual = _compared(access.persona, access.rows, access.command, found)
    if usual is None:
        return None
    if access.unproven or usual.unproven:
        return access if access.unproven and not usual.unproven else None
    if access.succeeds and usual.succeeds:
        # Of whoever lacks the claim, and of whoever owns nothing, not every column was tried.
        others = (usual.persona, base, *(("stranger",) if base == "newcomer" else ()))
        full = [found.get((who, access.rows, access.command)) for who in others]
        known = {name for other in full if other is not None for name in other.columns}
        extra = tuple(name for name in access.columns if name not in known)
        return replace(access, columns=extra) if extra and known else None
    if access.succeeds is usual.succeeds or _is_as_in_no_state(access, usual, found):
        return None
    if claim and access.succeeds:
        if _has_power(access, claim, found):
            return None
        if base != "owner" and access.rows.startswith("other"):
            return access  # of the owner it is not told, because the claim gives it to anybody
    return None if base != "owner" and _is_told_of_owner(access, found) else access


def _compared(persona: str, rows: str, command: str, found: Found) -> Access | None:
    """Return the usual access: of whoever lacks the claim, where every user's token has it."""
    without, _ = _usual(persona)
    known = usual_in(found, without, rows, command)
    return known or usual_in(found, lesser_base(persona), rows, command)


def usual_in(found: Found, persona: str, rows: str, command: str) -> Access | None:
    """Return what somebody may with such rows; None where it is not known.

    Rows in several states at once are not tried as whom nothing lets in then: he is kept out as he
    is in fewer of them.
    """
    known = found.get((persona, rows, command))
    while known is None and len(states_of(rows)) > 1:
        rows = plainer(rows)
        fewer = found.get((persona, rows, command))
        if fewer is not None:
            return None if fewer.succeeds else fewer
    return known


def _is_as_in_no_state(access: Access, usual: Access, found: Found) -> bool:
    """Whether the same difference is told of the row in no state."""
    plain = access.rows.partition(" [")[0]
    if plain == access.rows:
        return False
    mine = found.get((access.persona, plain, access.command))
    other = found.get((usual.persona, plain, access.command))
    return (
        mine is not None
        and other is not None
        and (mine.succeeds, other.succeeds) == (access.succeeds, usual.succeeds)
    )


def _has_power(access: Access, claim: str, found: Found) -> bool:
    """Whether the claim alone gives as much on anybody's rows, be they his own."""
    if lesser_base(access.persona) != "owner":
        return False
    entries = (found.get((*place, access.command)) for place in _powers(claim, access.rows))
    return any(entry is not None and entry.succeeds for entry in entries)


def _powers(claim: str, rows: str) -> set[tuple[str, str]]:
    """Return who holds a claim, with the rows, to whom it may give all that it gives an owner.

    Of users who own nothing only what they may on others' rows: the rest is told of the owner.
    """
    others = _as_other(rows)
    found = {(claim, rows), (claim, others)}
    return found | ({(f"newcomer with {claim}", others)} if others != rows else set())


def _is_told_of_owner(access: Access, found: Found) -> bool:
    """Whether the owner with the same token shows the same on his rows."""
    change = told_change(access.persona)
    for rows in {_as_own(access.rows), _as_own(access.rows.partition(" [")[0])}:
        owner = f"owner {change}"
        mine = found.get((owner, rows, access.command))
        usual = _compared(owner, rows, access.command, found)
        if mine is not None and usual is not None and mine.succeeds is not usual.succeeds:
            return mine.succeeds is access.succeeds
    return False


def _as_own(rows: str) -> str:
    return f"own{rows.removeprefix('other')}" if rows.startswith("other") else rows


def _as_other(rows: str) -> str:
    return _OWN.sub("other", rows)


def lesser_is_common(entry: Entry, facts: Facts) -> bool:
    """Whether what such a user may goes without saying: the usual one may, or the claim does it."""
    relation, persona, rows, command = entry
    without, claim = _usual(persona)
    base = lesser_base(persona)
    powers = _powers(claim, rows) if claim and base == "owner" else ()
    if any((relation, *place, command) in facts.allowed for place in powers):
        return True
    usual = _allowed(facts, (relation, base, rows, command))
    if usual is None or (without != base and _is_shut(facts, (relation, without, rows, command))):
        return False
    columns = set(facts.allowed.get(entry, ()))
    return usual in ((), ("*",)) or columns <= set(usual)


def _allowed(facts: Facts, entry: Entry) -> tuple[str, ...] | None:
    """Return what the usual user may; whatever an owner may goes for whoever is one."""
    relation, persona, rows, command = entry
    for who in (persona, "owner") if rows.startswith(("own", "all")) else (persona,):
        place = (relation, who, rows, command)
        plain = (relation, who, rows.partition(" [")[0], command)
        if place in facts.allowed:
            return facts.allowed[place]
        if plain in facts.allowed and place not in facts.shut:
            return facts.allowed[plain]
    return None


def _is_shut(facts: Facts, entry: Entry) -> bool:
    relation, persona, rows, command = entry
    plain = (relation, persona, rows.partition(" [")[0], command)
    return entry in facts.shut or plain in facts.shut


def is_told_of_the_owner(entry: Entry, *facts: Facts) -> bool:
    """Whether the owner with the same token is kept out as well, which is told of him alone."""
    relation, persona, rows, command = entry
    if not is_lesser(persona) or lesser_base(persona) == "owner":
        return False
    mine = (relation, f"owner {told_change(persona)}", _as_own(rows), command)
    return any(_is_shut(each, mine) for each in facts)
