"""What is asked of a database, in one read-only transaction, and what is compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from prospectr_db.database.connection import connect
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.snapshot import Snapshot, take
from prospectr_db.database.target import Target
from prospectr_db.doctor import differences, session
from prospectr_db.doctor.findings import DoctorReport, Finding
from prospectr_db.doctor.reach import explain, route_of
from prospectr_db.errors import ConnectionFailedError
from prospectr_db.platform.extensions import available
from prospectr_db.project.config import Config
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Baseline", "baseline_of", "examine"]

_KINDS = ("database", "event_triggers", "extensions", "roles", "schemas")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The local database: its shape, the extensions that it offers, and its settings."""

    shape: Snapshot
    extensions: frozenset[str]
    settings: Mapping[str, str]


def baseline_of(target: Target) -> Baseline:
    """Read what a local database has, to hold another one to; changes nothing."""
    with connect(target) as connection:
        _be_read_only(connection)
        return _read(connection)


def examine(
    target: Target, config: Config, *, baseline: Callable[[], Baseline] | None = None
) -> DoctorReport:
    """Examine a database in one read-only transaction that is rolled back.

    ``baseline`` is called once the database was reached, because building one takes a while.
    Raises ConnectionFailedError, with the step at which it ended, where it cannot be reached.
    """
    try:
        connection = connect(target)
    except ConnectionFailedError as error:
        raise explain(target.dsn, error) from None
    with connection:
        _be_read_only(connection)
        try:
            return _examine(connection, target, config, baseline() if baseline else None)
        except psycopg.Error as error:
            raise diagnose(error) from error
        finally:
            connection.rollback()


def _be_read_only(connection: Connection[Any]) -> None:
    # A transaction's own mode and not a startup option: poolers drop those.
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ


def _examine(
    connection: Connection[Any], target: Target, config: Config, baseline: Baseline | None
) -> DoctorReport:
    route = route_of(target.dsn)
    wire = session.Wire.of(connection)
    who = session.Session(**_one(connection, "doctor/session.sql"))
    findings: list[Finding] = [
        *session.about_wire(wire, target, route),
        *session.about_role(who),
        *(session.about_version(who, config) if target.kind != "embedded" else ()),
        *session.about_ownership(who, _ownership(connection, config)),
        *session.about_exposure(_exposure(connection), config),
    ]
    if baseline is not None:
        there = _read(connection)
        findings += differences.between(
            there.shape,
            baseline.shape,
            offered=baseline.extensions,
            settings=(there.settings, baseline.settings),
        )
    return DoctorReport(
        name=target.name,
        url=target.dsn.url(),
        route=route,
        facts=tuple(_facts(wire, who, _exposure(connection))),
        findings=tuple(findings),
        read_only=who.read_only,
        compared=baseline is not None,
    )


def _facts(
    wire: session.Wire, who: session.Session, exposed: Mapping[str, list[str]]
) -> Iterator[tuple[str, str]]:
    yield "address", wire.address
    yield "encryption", wire.encryption or "none"
    yield "server", f"PostgreSQL {who.version}" + (", a standby" if who.standby else "")
    yield "role", who.role if who.role == who.login else f"{who.role} (login {who.login})"
    yield "database owner", who.database_owner
    yield "new tables in public", "exposed to the API" if exposed else "not exposed"
    yield "transaction", "read only" if who.read_only else "NOT read only"


def _read(connection: Connection[Any]) -> Baseline:
    with connection.cursor() as cursor:
        settings = dict(cursor.execute(sql_text("doctor/settings.sql")).fetchall())
    return Baseline(take(connection, include=_KINDS), frozenset(available(connection)), settings)


def _one(connection: Connection[Any], file: str) -> dict[str, Any]:
    row = connection.cursor(row_factory=dict_row).execute(sql_text(file)).fetchone()
    assert row is not None  # noqa: S101 - the current role and database always exist
    return row


def _ownership(connection: Connection[Any], config: Config) -> list[tuple[str, str, str]]:
    schemas = [name for name in config.api_schemas if name != "graphql_public"]
    return connection.execute(sql_text("doctor/ownership.sql"), {"schemas": schemas}).fetchall()


def _exposure(connection: Connection[Any]) -> dict[str, list[str]]:
    return dict(connection.execute(sql_text("doctor/exposure.sql")).fetchall())
