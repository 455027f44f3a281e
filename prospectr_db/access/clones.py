"""The same world on several connections, each in a database of its own: when, and how many."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from psycopg import sql

from prospectr_db.access.observation import Observation, look, open_observer, undone
from prospectr_db.database.catalog import PLATFORM_SCHEMAS, Catalog
from prospectr_db.database.connection import connect_admin
from prospectr_db.database.target import Target
from prospectr_db.server.project_server import MEMORY
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["crew", "possible", "share", "worthwhile"]

_MOST = 4
# Measured by benchmarks/access_growth.py: a second connection costs some 0.5 s of a processor (a
# copy, a world), and takes half of the 0.1 s per table off the first; below, little can be gained.
# A policy that reads other tables is planned with theirs, and each statement anew.
_PAYS_FROM = 24
_READS_PER_TABLE = 2
_NUMBERS = itertools.count()

Item = TypeVar("Item")
Result = TypeVar("Result")


class Prepare(Protocol):
    """How a world is built on a connection, from a catalog that was read once for all."""

    def __call__(self, connection: Connection[Any], *, catalog: Catalog | None) -> Observation:
        """Build it in the connection's current transaction."""


@contextlib.contextmanager
def crew(
    target: Target,
    prepare: Prepare,
    *,
    exposed: Sequence[str] = ("public",),
    connections: int | None = None,
) -> Iterator[tuple[Observation, ...]]:
    """Lend a world, once per connection; the target itself stays as it was.

    Without ``connections`` a small schema has one, and a large one as many as there are
    processors, up to four. Several need a server on which databases can be copied. Each world is
    built in the transaction that observes it: to a copy of a finished one, whatever a trigger
    sets to now() would look changed.
    """
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(open_observer(target))
        number = connections or worthwhile(target, connection)
        copies: list[Target] = []
        if number > 1:
            connection.close()  # a template must be alone
            copies = [stack.enter_context(_copy_of(target)) for _ in range(number - 1)]
            connection = stack.enter_context(open_observer(target))
        stack.enter_context(undone(connection))
        others = [stack.enter_context(open_observer(copy)) for copy in copies]
        for other in others:
            stack.callback(other.rollback)
        catalog = look(connection, exposed=exposed)
        if not others:
            yield (prepare(connection, catalog=catalog),)
            return
        with ThreadPoolExecutor(number) as pool:
            members = tuple(pool.map(partial(prepare, catalog=catalog), (connection, *others)))
        members[0].others = members[1:]
        yield members


def share(
    members: Sequence[Observation],
    items: Iterable[Item],
    work: Callable[[Observation, Item], Result],
) -> Iterator[Result]:
    """Let whoever is free work on the next item; the results come in the order of the items."""
    if len(members) == 1:
        for item in items:
            yield work(members[0], item)
        return
    free: SimpleQueue[Observation] = SimpleQueue()
    for member in members:
        free.put(member)

    def one(item: Item) -> Result:
        member = free.get()
        try:
            return work(member, item)
        finally:
            free.put(member)

    with ThreadPoolExecutor(len(members)) as pool:
        yield from pool.map(one, items)


def worthwhile(target: Target, connection: Connection[Any]) -> int:
    """Return on how many connections a database is observed fastest."""
    most = possible(target)
    if most == 1:
        return 1
    row = connection.execute(
        "with ours as (select oid from pg_catalog.pg_class where relkind in ('r', 'p')"
        " and relnamespace::regnamespace::text not like all(array['pg\\_%%'])"
        " and relnamespace::regnamespace::text <> all(%s))"
        " select (select count(*) from ours), (select count(*) from pg_catalog.pg_depend as d"
        " join pg_catalog.pg_policy as p on p.oid = d.objid and p.polrelid in (table ours)"
        " where d.classid = 'pg_catalog.pg_policy'::regclass"
        " and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> p.polrelid)",
        (["information_schema", *PLATFORM_SCHEMAS],),
    ).fetchone()
    return 1 if row is None or row[0] + row[1] / _READS_PER_TABLE < _PAYS_FROM else most


def possible(target: Target) -> int:
    """Return on how many connections a database can be observed at once, and not wait."""
    return 1 if target.admin is None else min(_MOST, _processors())


def _processors() -> int:
    """Return how many this process may use, which in a container is fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _copy_of(original: Target) -> Iterator[Target]:
    name = f"world_{os.getpid()}_{next(_NUMBERS)}"
    assert original.admin is not None  # noqa: S101 - crew has looked
    database = original.admin.get("dbname") or ""
    with connect_admin(original.with_database(MEMORY), autocommit=True) as memory:
        _wait_until_alone(memory, database)
        Templates(memory).copy(Template(database, ""), name)
    try:
        yield original.with_database(name)
    finally:
        with connect_admin(original.with_database(MEMORY), autocommit=True) as memory:
            memory.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


def _wait_until_alone(memory: Connection[Any], database: str) -> None:
    """Wait a moment for the connection that was just closed; whoever stays is sent away."""
    for _ in range(50):
        busy = memory.execute(
            "select 1 from pg_catalog.pg_stat_activity where datname = %s", (database,)
        ).fetchone()
        if not busy:
            return
        time.sleep(0.002)
