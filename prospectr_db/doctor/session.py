"""What is thought of the connection, the role, the version, the owners and the exposure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.database.target import Target
from prospectr_db.doctor.findings import Finding
from prospectr_db.project.config import Config

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "Session",
    "Wire",
    "about_exposure",
    "about_ownership",
    "about_role",
    "about_version",
    "about_wire",
]

_OLDEST = 15
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wire:
    """The client's end of a connection: the address, and the encryption such as ``TLSv1.3``."""

    address: str
    is_ipv6: bool
    encryption: str | None

    @classmethod
    def of(cls, connection: Connection[Any]) -> Wire:
        """Read what libpq knows of an open connection."""
        pgconn = connection.pgconn
        address = connection.info.hostaddr or connection.info.host
        encryption = None
        if pgconn.ssl_in_use:
            protocol = (
                pgconn.ssl_attribute(b"protocol") if hasattr(pgconn, "ssl_attribute") else b""
            )
            encryption = protocol.decode() if protocol else "TLS"
        return cls(address, ":" in address and not address.startswith("/"), encryption)


@dataclass(frozen=True, slots=True)
class Session:
    """What sql/doctor/session.sql tells."""

    login: str
    role: str
    superuser: bool
    bypassrls: bool
    createrole: bool
    version: str
    version_number: int
    read_only: bool
    standby: bool
    database_owner: str
    encoding: str
    has_api_roles: bool
    has_auth: bool
    acts_as_postgres: bool


def about_wire(wire: Wire, target: Target, route: str) -> Iterator[Finding]:
    """Yield what is wrong with the way to the database."""
    if wire.encryption is None and not target.is_local:
        yield Finding(
            "tls",
            "problem",
            "The connection is not encrypted.",
            "The password and every row travel in the clear.",
            "Add sslmode=require to the URL, and turn on SSL enforcement in the dashboard.",
        )
    elif not target.is_local and target.dsn.get("sslmode") not in {"verify-ca", "verify-full"}:
        yield Finding(
            "tls",
            "note",
            f"{wire.encryption}, but the server's certificate is not verified.",
            "Whoever controls the network could stand in for the server.",
            "Download the certificate (Database, Settings, SSL) and use sslmode=verify-full "
            "with sslrootcert=FILE.",
        )
    if route == "transaction pooler":
        yield Finding(
            "pooler",
            "problem",
            "Port 6543 is the transaction pooler.",
            "Consecutive transactions may run on different server connections: settings are lost, "
            "prepared statements collide, and session advisory locks protect nothing, so two "
            "migrations could run at once.",
            "Use port 5432 of the same pooler (session mode), or the direct connection.",
        )
    if route == "direct" and wire.is_ipv6:
        yield Finding(
            "address",
            "note",
            f"The direct connection went over IPv6 ({wire.address}).",
            "Networks without IPv6, such as most hosted CI runners, cannot use it.",
            "There, use the session pooler: --project-ref REF --region REGION.",
        )


def about_role(who: Session) -> Iterator[Finding]:
    """Yield what is wrong with the role that we are."""
    if not (who.has_api_roles and who.has_auth):
        yield Finding(
            "platform",
            "problem",
            "This is not a Supabase database: "
            + (
                "there is no auth.users."
                if who.has_api_roles
                else "the roles anon, authenticated and service_role are missing."
            ),
            "Migrations that name them fail, and policies cannot mean anything.",
            "Check the URL. For a plain PostgreSQL use the embedded server or --docker instead.",
        )
    if who.superuser:
        yield Finding(
            "role",
            "warning",
            f"{who.role} is a superuser.",
            "On Supabase postgres is not: no refusal for lack of privilege is ever seen here, and "
            "objects may end up with an owner that the project's own role cannot alter.",
            "Log in as postgres.",
        )
    elif not who.acts_as_postgres:
        yield Finding(
            "role",
            "problem",
            f"The login {who.role} is not postgres and cannot act as it.",
            "Migrations create what postgres must own, and alter what postgres owns.",
            "Log in as postgres (behind the pooler: postgres.PROJECT_REF).",
        )
    if who.standby:
        yield Finding(
            "role",
            "problem",
            "This is a read replica.",
            "Nothing can be migrated or seeded on it.",
            "Use the primary's host, without the replica's identifier.",
        )


def about_version(who: Session, config: Config) -> Iterator[Finding]:
    """Yield how the server's version differs from what the project says."""
    major = who.version_number // 10_000
    if major < _OLDEST:
        yield Finding(
            "version",
            "problem",
            f"PostgreSQL {who.version} is older than {_OLDEST}.",
            "security_invoker views and parts of the platform are missing there.",
            "Upgrade the project (Project Settings, Infrastructure).",
        )
    if major != config.db_major_version:
        yield Finding(
            "version",
            "warning",
            f"The server is PostgreSQL {major}; supabase/config.toml says {config.db_major_version}"
            " (db.major_version).",
            "What works on one may be unknown to the other; the local stack and --docker take "
            "their image from that key.",
            f"Set db.major_version = {major}.",
        )
    if who.encoding != "UTF8":
        yield Finding(
            "version",
            "warning",
            f"The database's encoding is {who.encoding}.",
            "Seeds and the Data API assume UTF8.",
            "Nothing short of a new database changes it.",
        )


def about_ownership(who: Session, rows: Sequence[tuple[str, str, str]]) -> Iterator[Finding]:
    """Yield the objects that the role may not alter."""
    if who.superuser or not rows:
        return
    named = [f"{kind} {name} (owner {owner})" for kind, name, owner in rows]
    more = len(named) - _MOST_NAMED
    yield Finding(
        "ownership",
        "problem",
        f"{len(named)} objects in the exposed schemas do not belong to {who.role}.",
        "A migration that alters or drops one of them fails with 42501, must be owner of.",
        "Usually they were made in the dashboard or by another login. As their owner, run "
        f"`alter … owner to {who.role}` for each.",
        (*named[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])),
    )


def about_exposure(exposed: Mapping[str, list[str]], config: Config) -> Iterator[Finding]:
    """Yield how new tables are exposed, and whether config.toml says the same."""
    wanted = config.auto_expose_new_tables
    told = tuple(f"{role}: {', '.join(held).lower()}" for role, held in sorted(exposed.items()))
    if exposed and wanted is False:
        yield Finding(
            "exposure",
            "problem",
            "New tables in public are reachable through the API at once; supabase/config.toml says "
            "that they are not (api.auto_expose_new_tables = false).",
            "A migration that forgets a grant works here by accident, and one that forgets row "
            "level security leaks its table.",
            "Turn automatic exposure off in the project's API settings, or revoke the default "
            "privileges in a migration.",
            told,
        )
    elif not exposed and wanted is True:
        yield Finding(
            "exposure",
            "problem",
            "New tables in public are not exposed here; supabase/config.toml says that they are "
            "(api.auto_expose_new_tables = true).",
            "What works locally is refused here with 42501.",
            "Grant what each table needs in its migration, and set the key to false.",
        )
    elif exposed and wanted is None:
        yield Finding(
            "exposure",
            "warning",
            "New tables in public are reachable through the API at once, and supabase/config.toml "
            "does not say so.",
            "Locally they are not, as in every project made since May 2026.",
            "Set api.auto_expose_new_tables to what the project does; false is the safer one.",
            told,
        )
