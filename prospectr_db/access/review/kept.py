"""Columns of one's own row that somebody else seems to keep: a balance, a plan that is paid for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import Access, TableAccess
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.phrases import joined

__all__ = ["review_kept"]

# Where nothing in the database says whose a column is, its name is all there is: what a payment
# provider tells a backend, what was paid for, what an application's own people grant.
_PROVIDERS = (
    r"(?:stripe|paddle|lemon_?squeezy|braintree|paypal|chargebee|razorpay|revenue_?cat|mollie)"
)
_NAMES = re.compile(
    rf"{_PROVIDERS}_(?:customer|subscription|price|product|plan|payment|account)\w*"
    r"|(?:subscription|billing|kyc|license)_(?:status|state|tier|plan|level|provider|ends?_at)"
    r"|plan|plan_(?:id|name|type|tier|status)|tier|has_access|current_period_(?:start|end)"
    r"|trial_(?:ends?|expires?)(?:_at|_on)?|balance|(?:credit|token|coin|wallet)s?_balance|credits"
    r"|(?:is_|has_)(?:pro|premium|paid|subscribed|verified|banned|suspended|admin|staff|moderator)",
    re.IGNORECASE,
)


def review_kept(table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield a note of what owners set on rows of their own although it looks as if others kept it.

    It may well be meant: an application in which people note down their own balance has no other
    way. By its name a column is only told of a table that has one row for each user.
    """
    place = access.persona, access.rows, table.kind
    if place != ("owner", "own", "table") or access.command not in ("insert", "update"):
        return
    columns = {name.partition("=")[0] for name in access.columns} - set(table.standing)
    if access.command == "insert":
        changing = table.find("owner", "own", "update")
        columns -= {n.partition("=")[0] for n in changing.columns} if changing else set()
    counted = sorted(columns & table.counted.keys())
    for name in counted if access.command == "update" or _is_single(table) else ():
        why = f"which {table.counted[name]} counts with its owner's rights"
        yield _note(table, access, [name], why)
    named = sorted(n for n in columns if _NAMES.fullmatch(n) and n not in table.counted)
    if named and _is_single(table):
        theirs = "its name" if len(named) == 1 else "their names"
        yield _note(table, access, named, f"which by {theirs} only a server should")


def _note(table: TableAccess, access: Access, columns: list[str], why: str) -> Finding:
    names = joined([f"{table.relation}.{name}" for name in columns])
    how = "set" if access.command == "update" else "choose, as they add it,"
    sentence = f"Owners can {how} {names} on their own rows, {why}"
    return objection(
        table, access, "kept", "note", kind="surprise", columns=columns, sentence=sentence
    )


def _is_single(table: TableAccess) -> bool:
    """Whether there is at most one row for each user."""
    keys: Collection[str] = table.keys
    return len(table.owner_columns) == 1 and table.owner_columns[0] in keys
