"""auth.uid() and its like, so that the planner of a clone need not work out who asks each time.

Written in SQL they are put in the place of each of their calls, and what they say of the claims is
worked out for each estimate of how many rows a condition leaves: by far the most of what it costs
to plan a statement whose policies read other tables (benchmarks/access_policies.py). In PL/pgSQL
they answer the same and are called where a row is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["call_callers"]

# What can fail, because a claim is not what a policy takes it for, has to fail while a statement is
# planned, as it does on a project: so all but the id, which those who ask have sound, are stable.
_CALLERS = r"""
select p.proname, format(
    'create or replace function auth.%%I() returns %%s language plpgsql %%s as %%L',
    p.proname, p.prorettype::regtype, case p.proname when 'uid' then 'volatile' else 'stable' end,
    E'begin\nreturn (\n' || rtrim(p.prosrc, E' \t\n;') || E'\n);\nend'
)
from pg_proc as p
join pg_language as l on l.oid = p.prolang
join pg_namespace as n on n.oid = p.pronamespace
where n.nspname = 'auth' and p.proname = any(%s) and p.pronargs = 0 and l.lanname = 'sql'
    and p.provolatile = 's' and p.proconfig is null and p.prosqlbody is null
    and not p.prosecdef and p.prosrc !~ ';\s*\S'
"""
_NAMES = ["uid", "role", "email", "jwt"]


def call_callers(connection: Connection[Any]) -> str | None:
    """Have auth.uid() and its like called; return the SQL for whoever has an id that is none.

    With it the id is worked out while a statement is planned, and fails there. None where a
    database has auth.uid() of another kind, which stays as it is.
    """
    found = connection.execute(_CALLERS, (_NAMES,)).fetchall()
    for _, called in found:
        connection.execute(called)
    return "alter function auth.uid() stable" if "uid" in dict(found) else None
