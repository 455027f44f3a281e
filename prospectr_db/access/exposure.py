"""Whether new tables are granted to the API's roles, where the project's files do not say so.

Projects made before May 2026 grant them by themselves, and have migrations without a grant: with
the defaults of today no policy of theirs lets anybody in, and no leak of theirs is to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.rows import dict_row

from prospectr_db.access.contract.contract import Contract
from prospectr_db.access.matrix.finding import UNEXPOSED, Finding
from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target
from prospectr_db.resources import sql_text

__all__ = ["as_older", "is_granted", "is_of_older_project"]

_SETTING = "auto_expose_new_tables = true under [api]"
_BY_DEFAULT = " on new tables in public"


def is_of_older_project(target: Target, exposed: Sequence[str], contract: Contract | None) -> bool:
    """Whether a database makes sense only where new tables are granted by themselves, and are not.

    Nobody holds anything on any table and policies mean to let users in; or a contract says that
    it was observed so, which is then held to, whatever migrations grant since.
    """
    found = _read(target, exposed)
    if found["by_default"]:
        return False
    if contract is not None:
        return _states_it(contract)
    return found["meant"] and not found["granted"]


def is_granted(target: Target, exposed: Sequence[str]) -> bool:
    """Whether users of the API hold anything on any table."""
    return _read(target, exposed)["granted"]


def _read(target: Target, exposed: Sequence[str]) -> dict[str, bool]:
    parameters = {"exposed": list(exposed)}
    with connect(target) as connection, connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(sql_text("catalog/access/exposure.sql"), parameters).fetchone()
    return found or dict.fromkeys(("granted", "meant", "by_default"), False)


def _states_it(contract: Contract) -> bool:
    """Whether a contract says that new tables are users' to read."""
    said = (contract.facts.database or {}).get("default_privileges", ())
    return any(
        item.startswith("authenticated: ") and item.endswith(_BY_DEFAULT) and "select" in item
        for item in said
    )


def as_older(contract: Contract | None) -> Finding:
    """Return what is to be said of it, before anything else: red until somebody has decided."""
    sentence = (
        "No migration grants a table to the API's roles, and supabase/config.toml does not say "
        "that new ones are granted by themselves. What follows is observed as if they were, as in "
        f"projects made before May 2026. If so, add {_SETTING}; if not, add the grants and set it "
        "to false."
    )
    return Finding(
        "vacuous",
        "error" if contract is None else "warning",
        "",
        "",
        "",
        "",
        (),
        sentence,
        rule=UNEXPOSED,
    )
