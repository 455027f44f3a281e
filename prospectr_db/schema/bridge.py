"""A private socket whose other end is an encrypted connection: for programs that cannot encrypt.

The client programs of the embedded server are built without TLS, and a hosted database must not be
spoken to in the clear. What they send through the socket goes on encrypted, with the certificate
checked as libpq's sslmode asks (PostgreSQL manual, 32.19 "SSL Support", 54.2.10 "SSL Session
Encryption").
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.database.dsn import Dsn
from prospectr_db.errors import ConnectionFailedError

__all__ = ["ENCRYPTED", "bridge", "tls_context"]

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""The sslmodes that never fall back to the clear."""

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_SASL = struct.pack("!i", 10)
_BINDING = b"SCRAM-SHA-256-PLUS\0"
_SECONDS = 15.0
_CHUNK = 65536
_PORT = 5432


@dataclass(slots=True)
class _Wire:
    """Where to, and what went wrong on the way there."""

    host: str
    port: int
    name: str
    context: ssl.SSLContext
    problem: str | None = None


@contextlib.contextmanager
def bridge(dsn: Dsn, host: str, port: int) -> Iterator[Path]:
    """Lend the folder of a socket that leads to a server, encrypted.

    ``host`` and ``port`` are where a connection was opened a moment ago; ``dsn`` says how it is
    encrypted. Raises ConnectionFailedError where the server refuses to, or its certificate is not
    the one that was asked for.
    """
    name = (dsn.get("host") or host).split(",", 1)[0]
    wire = _Wire(host, port, name, tls_context(dsn))
    with tempfile.TemporaryDirectory(prefix="pdb-") as folder:
        place = Path(folder)  # readable by nobody else
        with _serving(wire, place):
            yield place
        if wire.problem:
            raise ConnectionFailedError(
                f"The encrypted connection to {host}:{port} failed: {wire.problem}.",
                hint="Check sslmode and sslrootcert in the URL, and that the server offers TLS.",
            )


def tls_context(dsn: Dsn) -> ssl.SSLContext:
    """Return what libpq's parameters mean in Python's words.

    As in libpq, sslmode=require does not look at the certificate unless sslrootcert names who must
    have signed it. Raises ConnectionFailedError for a file that cannot be used.
    """
    given = dsn.reveal()
    mode, root = given.get("sslmode", "require"), given.get("sslrootcert")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full" or root == "system"
    if root is None and mode == "require":
        context.verify_mode = ssl.CERT_NONE
    try:
        if root == "system":
            context.load_default_certs()
        elif root is not None or mode != "require":
            own = Path(root) if root else Path.home() / ".postgresql" / "root.crt"
            context.load_verify_locations(own)
        if given.get("sslcrl"):
            context.load_verify_locations(given["sslcrl"])
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        if given.get("sslcert"):
            context.load_cert_chain(
                given["sslcert"], given.get("sslkey"), password=given.get("sslpassword") or ""
            )
    except (OSError, ssl.SSLError) as error:
        raise ConnectionFailedError(
            f"A certificate or key that the URL names cannot be used: {error.strerror or error}.",
            hint="Check sslrootcert, sslcert, sslkey and sslcrl. sslmode=verify-full needs "
            "sslrootcert, or ~/.postgresql/root.crt.",
        ) from None
    return context


@contextlib.contextmanager
def _serving(wire: _Wire, folder: Path) -> Iterator[None]:
    """Serve the socket from a thread of its own, as long as the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tls-bridge", daemon=True)
    thread.start()

    async def open_socket() -> asyncio.Server:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _answer(wire, reader, writer)

        return await asyncio.start_unix_server(answer, folder / f".s.PGSQL.{_PORT}")

    async def close_all(server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(open_socket(), loop).result(_SECONDS)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(close_all(server), loop).result(_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_SECONDS)
        loop.close()


async def _answer(wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect one client to the server, until either side ends."""
    try:
        there = await asyncio.wait_for(_connect(wire), _SECONDS)
    except (OSError, ssl.SSLError, asyncio.IncompleteReadError, TimeoutError) as error:
        wire.problem = str(error) or type(error).__name__
        writer.close()
        return
    far_reader, far_writer = there
    # Cancelled when the socket is closed while a client is still there.
    with contextlib.suppress(OSError, ssl.SSLError, asyncio.CancelledError):
        ends = [_pump(reader, far_writer), _pump_answers(far_reader, writer)]
        await asyncio.gather(*ends)
    for end in (writer, far_writer):
        end.close()


async def _connect(wire: _Wire) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(wire.host, wire.port)
    writer.write(_SSL_REQUEST)
    if await reader.readexactly(1) != b"S":
        writer.close()
        raise OSError("the server does not offer TLS")
    await writer.start_tls(wire.context, server_hostname=wire.name)
    return reader, writer


async def _pump_answers(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass the server's answers on, without its offer to bind the login to the encryption.

    The client does not see the encryption: to it, such an offer in the clear would be an attack
    (PostgreSQL manual, 54.3 "SASL Authentication").
    """
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            kind, length = struct.unpack("!ci", await source.readexactly(5))
            body = await source.readexactly(length - 4)
            if kind == b"R" and body.startswith(_SASL):
                body = body.replace(_BINDING, b"", 1)
            sink.write(struct.pack("!ci", kind, len(body) + 4) + body)
            await sink.drain()
            if kind in b"RE":
                break
    await _pump(source, sink)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    sink.close()
