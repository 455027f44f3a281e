"""What planning costs where policies read other tables, with auth.uid() called and written out.

    python -m benchmarks access_policies

The statement is planned as an observation has it planned, in one process, in turns with the way
in which a project has it planned (prospectr_db/access/personas/caller_functions.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Measurement, compare
from benchmarks.scratch import scratch

TIMES = 50
STATEMENT = "explain update public.messages set body = 'x'"


def measurements() -> Iterator[Measurement]:
    """Measure in a database of this run's own, on the server that checks run on."""
    from prospectr_db.access.observation import prepared
    from prospectr_db.access.personas.impersonation import become
    from prospectr_db.access.rows.inhabitants import OWNER
    from prospectr_db.database.connection import connect_as_migrator

    with scratch("policies") as (server, name):
        target = server.target(name)
        with connect_as_migrator(target) as connection:
            connection.execute(Path(__file__).with_suffix(".sql").read_text())
            asked = connection.execute("select pg_get_functiondef('auth.uid()'::regprocedure)")
            [(inlined,)] = asked.fetchall()
        with prepared(target) as observation:
            connection = observation.connection
            persona = observation.world.actors[OWNER].persona("owner")

            def planned(before: str) -> None:
                with connection.transaction(force_rollback=True):
                    connection.execute(before)
                    connection.execute(become(persona))
                    for _ in range(TIMES):
                        connection.execute(STATEMENT)

            what = f"plan {TIMES} times an UPDATE whose policies read tables"
            called, written = partial(planned, "select"), partial(planned, inlined)
            yield compare(what, called, "auth.uid() written out", written)
