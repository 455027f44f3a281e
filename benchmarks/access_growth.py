"""How the time of a full access matrix grows with the number of tables, and its memory.

    python benchmarks/access_growth.py [TABLES ...]

Each schema is a chain of three: a table of the user, a child below it, a list that everybody reads.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

from prospectr_db.access.observe import observe
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.server.embedded import CHECKS, EmbeddedServer, ensure
from prospectr_db.server.settings import settings_from
from prospectr_db.server.templates import Templates

STEPS = (11, 100, 300, 1000)
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


def measure(server: EmbeddedServer, tables: int) -> tuple[float, int]:
    """Return the seconds of one observation, and how many statements it ran."""
    name = f"growth_{os.getpid()}_{tables}"
    with server.memory() as memory:
        Templates(memory).copy(server.platform(memory), name)
    target = server.target(name)
    try:
        with connect_as_migrator(target) as connection:
            for n in range(tables // 3 + 1):
                connection.execute(GROUP.replace("{n}", str(n)))
        started = time.perf_counter()
        matrix = observe(target)
        return time.perf_counter() - started, matrix.probes
    finally:
        with server.memory() as memory:
            memory.execute(f'drop database "{name}" with (force)')


def main() -> None:
    steps = [int(argument) for argument in sys.argv[1:]] or list(STEPS)
    root = Path(__file__).resolve().parent.parent
    settings = settings_from(os.environ, is_root=os.geteuid() == 0)
    server = ensure(root, settings, instance=CHECKS)
    print("tables  seconds  per table  statements  memory")
    for tables in steps:
        seconds, probes = measure(server, tables)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        each = 1000 * seconds / tables
        print(f"{tables:>6}  {seconds:7.2f}  {each:6.1f} ms  {probes:>10}  {peak:5.0f} MB")


if __name__ == "__main__":
    main()
