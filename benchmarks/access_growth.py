"""The whole `access check` of this repository, and how an observation grows with its tables.

    BENCH_TABLES="11 100 1000" python -m benchmarks access_growth

Each schema is a chain of three: a table of the user, a child below it, a list that everybody reads.
More than a hundred tables take a minute and more, and are measured only when asked for.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, process, timed

if TYPE_CHECKING:
    from prospectr_db.server.embedded import EmbeddedServer

REPOSITORY = Path(__file__).resolve().parent.parent
STEPS = (12, 30, 60, 99)
GROUP = """
create table public.owned_{n} (
    id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users (id),
    title text not null, state text not null default 'a' check (state in ('a', 'b')),
    note text, amount integer, created_at timestamptz not null default now());
create table public.child_{n} (
    id bigint generated always as identity primary key,
    owned_id uuid not null references public.owned_{n} (id) on delete cascade, label text not null);
create table public.list_{n} (code text primary key, name text not null);
alter table public.owned_{n} enable row level security;
alter table public.child_{n} enable row level security;
alter table public.list_{n} enable row level security;
grant select, insert, update, delete on public.owned_{n}, public.child_{n} to authenticated;
grant select on public.list_{n} to anon, authenticated;
create policy own on public.owned_{n} for all to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy own on public.child_{n} for all to authenticated using (exists (
    select 1 from public.owned_{n} as o where o.id = owned_id and o.user_id = (select auth.uid())));
create policy everyone on public.list_{n} for select to anon, authenticated using (true);
"""


def measurements() -> Iterator[Measurement]:
    """Measure on the server that checks run on, in databases of this run's own."""
    from prospectr_db.server.embedded import CHECKS, ensure
    from prospectr_db.server.settings import settings_from

    command = [sys.executable, "-m", "prospectr_db", "--project", str(REPOSITORY)]
    check = process([*command, "access", "check"])
    check()  # warm: the project's state is a template now
    seconds = statistics.median(timed(check) for _ in range(7))
    yield Measurement("access check of this repository, warm, whole process", seconds)
    settings = settings_from(os.environ, is_root=os.geteuid() == 0)
    server = ensure(REPOSITORY, settings, instance=CHECKS)
    steps = [int(number) for number in os.environ.get("BENCH_TABLES", "").split()]
    for tables in steps or STEPS:
        for connections in (1, None):
            seconds, probes = measure(server, tables, connections)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            chosen = "1 connection" if connections == 1 else "as chosen"
            yield Measurement(
                f"{tables} tables, {chosen}, {probes} statements, peak {peak} MB", seconds
            )


def measure(
    server: EmbeddedServer, tables: int, connections: int | None = None
) -> tuple[float, int]:
    """Return the seconds of one observation, and how many statements it ran."""
    from prospectr_db.access.observe import observe
    from prospectr_db.database.connection import connect_as_migrator
    from prospectr_db.server.templates import Templates

    name = f"growth_{os.getpid()}_{tables}"
    with server.memory() as memory:
        Templates(memory).copy(server.platform(memory), name)
    target = server.target(name)
    try:
        with connect_as_migrator(target) as connection:
            for n in range(tables // 3):
                connection.execute(GROUP.replace("{n}", str(n)))
        started = time.perf_counter()
        matrix = observe(target, connections=connections)
        return time.perf_counter() - started, matrix.probes
    finally:
        with server.memory() as memory:
            memory.execute(f'drop database "{name}" with (force)')
