"""Conditions that hold of every row alike for whoever is signed in, in the ways they are spelt."""

from __future__ import annotations

import re

from prospectr_db.access.policies.expressions import normalise

__all__ = ["opens_every_row"]

# How a policy without `to authenticated` says the same: `auth.role() = 'authenticated'`, as
# Supabase's examples did until 2023, or that there is a caller at all.
_SELECT = r"(?:SELECT )?"
_AS = r"(?: AS \w+)?"
_ROLE = rf"{_SELECT}(?:auth\.role|CURRENT_USER|CURRENT_ROLE|@jwt ->> 'role'){_AS}"
_SIGNED_IN = re.compile(
    rf"true|@uid IS NOT NULL|{_ROLE} = 'authenticated'|'authenticated' = {_ROLE}"
    rf"|{_ROLE} = ANY ARRAY\[(?:'(?:anon|authenticated|service_role)'(?:, )?)+\]",
    re.IGNORECASE,
)


def opens_every_row(condition: str) -> bool:
    """Whether a condition asks for nothing but that somebody is signed in, whichever row it is."""
    plain = re.sub(r"\s+", " ", normalise(condition)).strip()
    return all(_SIGNED_IN.fullmatch(part.strip()) for part in re.split(r" (?:AND|OR) ", plain))
