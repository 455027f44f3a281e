"""What the service role may do to a row is no news because of whose that is: nothing binds it."""

from __future__ import annotations

from prospectr_db.access.matrix.facts import ALL, Entry, Facts
from prospectr_db.access.personas.personas import SERVICE_ROLE

__all__ = ["reaches_anyhow"]


def reaches_anyhow(entry: Entry, observed: Facts, wanted: Facts) -> bool:
    """Whether an entry only says that there are rows now, or no more, that are nobody's or others'.

    The service role does to them what it does to all others: that there are any is told of whoever
    is bound by policies.
    """
    relation, persona, _, command = entry
    if persona != SERVICE_ROLE or observed.relations.get(relation) != "table":
        return False
    here, there = (observed, wanted) if entry in observed.allowed else (wanted, observed)
    if entry in there.allowed or entry in there.shut:
        return False
    columns = observed.columns_for(relation, command)
    mine = here.allowed[entry]
    return any(
        told == (ALL,) or set(columns if mine == (ALL,) else mine) <= set(told)
        for (label, who, _, what), told in there.allowed.items()
        if (label, who, what) == (relation, persona, command)
    )
