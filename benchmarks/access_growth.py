"""The whole `access check` of this repository, and how an observation grows with its tables.

    BENCH_TABLES="10 100 300 1000" python -m benchmarks access_growth

Each schema has teams with members, and subjects of six tables each (access_growth.sql): keys
between them, functions that policies call, policies in several spellings. Each size is measured in
a process of its own, so that its memory is its own; beside the seconds by the clock stand those of
the processors, of this process and of the server, which other work on the machine changes less.
More than a hundred tables take a minute and more, and are measured only when asked for.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Line, Measurement, process, timed
from benchmarks.scratch import REPOSITORY, scratch

if TYPE_CHECKING:
    from prospectr_db.server.embedded import EmbeddedServer

STEPS = (10, 30, 60, 100)
ONCE = 2
SUBJECT = 6
WIDTH = 40


@dataclass(frozen=True, slots=True)
class Growth:
    """One observation: seconds by the clock and of processors, and the peak of memory in MB."""

    tables: int
    connections: int | None
    statements: int
    seconds: float
    client: float
    server: float
    client_memory: int
    server_memory: int

    @property
    def milliseconds(self) -> float:
        """What a table costs, by the clock."""
        return 1000 * self.seconds / self.tables

    @property
    def processor(self) -> float:
        """Milliseconds of processors that a table costs."""
        return 1000 * (self.client + self.server) / self.tables


def measurements() -> Iterator[Measurement | Line]:
    """Measure on the server that checks run on, in databases of this run's own."""
    command = [sys.executable, "-m", "prospectr_db", "--project", str(REPOSITORY)]
    check = process([*command, "access", "check"])
    check()  # warm: the project's state is a template now
    seconds = statistics.median(timed(check) for _ in range(7))
    yield Measurement("access check of this repository, warm, whole process", seconds)
    asked = [int(number) for number in os.environ.get("BENCH_TABLES", "").split()]
    found: list[Growth] = []
    for tables in asked or STEPS:
        for connections in (1, None):
            grown = _apart(tables, connections)
            found.append(grown)
            yield Line(_line(grown))
    yield from _curve([grown for grown in found if grown.connections == 1])


def _line(grown: Growth) -> str:
    how = "as chosen" if grown.connections is None else "1 connection"
    return (
        f"{grown.tables:>5} tables, {how:<13}{grown.statements:>8} statements"
        f"{grown.seconds:>8.2f} s{grown.milliseconds:>7.1f} ms a table"
        f" (processors {grown.processor:.1f}); peak {grown.client_memory} MB here,"
        f" {grown.server_memory} MB in a backend"
    )


def _curve(found: list[Growth]) -> Iterator[Line]:
    """Draw what a table costs at each size: growth that is linear is a straight column."""
    if not found:
        return
    most = max(grown.processor for grown in found)
    yield Line("milliseconds of processors a table (linear growth: all bars alike)")
    for grown in found:
        bar = "#" * max(1, round(WIDTH * grown.processor / most))
        yield Line(f"{grown.tables:>5} |{bar:<{WIDTH}} {grown.processor:.1f}")


def _apart(tables: int, connections: int | None) -> Growth:
    """Measure in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.access_growth", str(tables), str(connections or 0)]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return Growth(**json.loads(done.stdout))


def measure(tables: int, connections: int | None) -> Growth:
    """Make a database of so many tables, and observe it."""
    from prospectr_db.access.observe import observe

    with scratch("growth") as (server, name):
        _make(server, name, tables)
        before, started = _processors(server), time.perf_counter()
        memory = _Memory(server, name)
        matrix = observe(server.target(name), connections=connections, on_event=memory.look)
        seconds = time.perf_counter() - started
        time.sleep(0.5)  # until the backends are gone: only then is their time known
        after = _processors(server)
    return Growth(
        tables,
        connections,
        matrix.probes,
        seconds,
        after[0] - before[0],
        after[1] - before[1],
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        memory.peak // 1024,
    )


def _make(server: EmbeddedServer, name: str, tables: int) -> None:
    from prospectr_db.database.connection import connect_as_migrator

    once, subject = (Path(__file__).with_suffix(".sql").read_text()).split("-- one group\n")
    with connect_as_migrator(server.target(name)) as connection:
        connection.execute(once)
        for number in range((tables - ONCE) // SUBJECT):
            before = str(number - number % 2)
            text = subject.replace("{n}", str(number)).replace("{before}", before)
            connection.execute(text)
        for number in range((tables - ONCE) % SUBJECT):
            text = f"create table public.list_{number} (code text primary key, name text not null)"
            connection.execute(text)


def _processors(server: EmbeddedServer) -> tuple[float, float]:
    """Return the processor's seconds of this process, and of the server's backends that ended."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    pid = (server.layout.data / "postmaster.pid").read_text().split()[0]
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return mine.ru_utime + mine.ru_stime, 0.0  # not on this system
    fields = stat.rpartition(")")[2].split()
    return mine.ru_utime + mine.ru_stime, sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


class _Memory:
    """The most memory that one backend of a database had of its own, seen now and then, in KB."""

    def __init__(self, server: EmbeddedServer, name: str) -> None:
        self.peak = 0
        self._server = server
        self._name = name

    def look(self, _event: object) -> None:
        """Look at every backend; without /proc there is nothing to see."""
        with self._server.memory() as connection:
            rows = connection.execute(
                "select pid from pg_stat_activity where datname = %s", (self._name,)
            ).fetchall()
        for (pid,) in rows:
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith("RssAnon:"):
                    self.peak = max(self.peak, int(line.split()[1]))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(int(sys.argv[1]), int(sys.argv[2]) or None))))
