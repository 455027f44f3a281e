"""Whether a host can be reached, and if not, at which step it ends: name, route, port, or login."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from prospectr_db.database.dsn import Dsn
from prospectr_db.errors import ConnectionFailedError

__all__ = ["Address", "explain", "knock", "route_of"]

_SECONDS = 5.0
_DIRECT = re.compile(r"db\.([a-z0-9]{20})\.supabase\.(?:co|com|net|red)")
_POOLER = re.compile(r"(?:(?:aws|fly)-\d+-)?([a-z0-9-]+)\.pooler\.supabase\.com")
_TRANSACTION_PORT = "6543"


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a host: ``family`` is 4 or 6; ``problem`` is None where it answered."""

    family: int
    address: str
    problem: str | None


def route_of(dsn: Dsn) -> str:
    """Return how a DSN reaches its database: local, direct, or one of the poolers."""
    host = dsn.get("host") or dsn.get("hostaddr") or ""
    if host in {"", "localhost", "127.0.0.1", "::1"} or host.startswith(("/", "@")):
        return "local"
    if (dsn.get("port") or "5432") == _TRANSACTION_PORT:
        return "transaction pooler"
    return "session pooler" if _POOLER.fullmatch(host) else "direct"


def knock(host: str, port: int) -> tuple[Address, ...]:
    """Open and close a TCP connection to every address of a host; raises OSError without one."""
    found: dict[str, Address] = {}
    for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = str(place[0])
        if address in found:
            continue
        problem = None
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.settimeout(_SECONDS)
            try:
                probe.connect(place)
            except OSError as error:
                problem = error.strerror or str(error) or type(error).__name__
        found[address] = Address(6 if family == socket.AF_INET6 else 4, address, problem)
    return tuple(found.values())


def explain(dsn: Dsn, error: ConnectionFailedError) -> ConnectionFailedError:
    """Return the failure to connect, with what knocking at the host tells about it."""
    host, port = dsn.get("host") or "", int(dsn.get("port") or 5432)
    if not host or host.startswith(("/", "@")):
        return error
    try:
        addresses = knock(host, port)
    except OSError:
        return _retold(error, _unknown_host(host), reached="nothing: the name is unknown")
    if any(address.problem is None for address in addresses):
        return _retold(error, _at_login(dsn, error), reached="the port, but not the database")
    tried = ", ".join(f"{a.address}: {a.problem}" for a in addresses)
    return _retold(error, _no_route(dsn, addresses), reached=f"nothing ({tried})")


def _retold(
    error: ConnectionFailedError, hint: str | None, *, reached: str
) -> ConnectionFailedError:
    details = {**error.details, "reached": reached}
    return ConnectionFailedError(error.message, hint=hint or error.hint, **details)


def _unknown_host(host: str) -> str:
    direct = _DIRECT.fullmatch(host)
    if direct:
        return (
            f"{host} has no address. Check the project ref {direct[1]}; a project that is paused "
            "or deleted has none either (the dashboard restores a paused one)."
        )
    if _POOLER.fullmatch(host):
        return (
            "No pooler has that name: copy the region from the project's Connect dialog, with what "
            "stands before it (aws-0-… or aws-1-…)."
        )
    return "The host name is not known. Check it for typing mistakes, and the network."


def _no_route(dsn: Dsn, addresses: Sequence[Address]) -> str:
    direct = _DIRECT.fullmatch(dsn.get("host") or "")
    if direct and all(address.family == 6 for address in addresses):
        return (
            "The direct host has an IPv6 address only, and this network does not reach it. Go "
            f"through the session pooler: --project-ref {direct[1]} --region REGION, with the "
            "region from the project's Connect dialog."
        )
    return (
        "No address of the host answers. Check the port, a firewall, and the project's network "
        "restrictions."
    )


def _at_login(dsn: Dsn, error: ConnectionFailedError) -> str | None:
    if "tenant or user not found" in error.message.lower():
        host = dsn.get("host") or ""
        other = host.replace("aws-0-", "aws-1-").removesuffix(".pooler.supabase.com")
        return (
            "This pooler does not know the project. The user must be postgres.PROJECT_REF, and the "
            f"host is the one in the Connect dialog: try --region {other}, or the region that the "
            "project is in."
        )
    return None
