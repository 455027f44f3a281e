"""Users of other tenants, where a contract knows no tenants: what it says of such users at all."""

from __future__ import annotations

import re
from dataclasses import replace

from prospectr_db.access.matrix.baselines import ABROAD, is_abroad
from prospectr_db.access.matrix.facts import Entry, Facts, expand

__all__ = ["without_unknown_tenants"]

_PERSONAL = ("sub", "email", "phone", "session_id")


def without_unknown_tenants(observed: Facts, wanted: Facts) -> Facts:
    """Return what is observed without what a contract says of users of whichever tenant.

    Whether some token says whose a row is, is read off what policies compare. Where a contract was
    written without any, ``role=support of another tenant`` is not told apart in it: he is who holds
    ``role=support``, and what that one may there is no news of him.
    """
    if _tells_tenants(wanted) or not any(is_abroad(entry[1]) for entry in observed.allowed):
        return observed
    allowed = {
        entry: columns
        for entry, columns in observed.allowed.items()
        if not is_abroad(entry[1]) or not _is_said(entry, columns, observed, wanted)
    }
    return replace(observed, allowed=allowed)


def _is_said(entry: Entry, columns: tuple[str, ...], observed: Facts, wanted: Facts) -> bool:
    relation, persona, rows, command = entry
    role = persona.removesuffix(ABROAD)
    then = wanted.allowed.get((relation, role, rows, command))
    known = observed.columns_for(relation, command)
    return then is not None and set(expand(columns, known)) <= set(expand(then, known))


def _tells_tenants(facts: Facts) -> bool:
    """Whether rows belong to whom a claim names that is not its holder's own, as a tenant's id."""
    claims = re.findall(r" = claim ([^,]+)", ", ".join(facts.owners.values()))
    return any(claim.partition(".")[0] not in _PERSONAL for claim in claims)
