"""How a seed larger than we care to hold is run: statement by statement as it is read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import psycopg
from psycopg.pq import TransactionStatus

from prospectr_db.database.diagnosis import Source, diagnose
from prospectr_db.database.statements import Kind, classify, split
from prospectr_db.errors import MigrationFileError, ProspectrError
from prospectr_db.migrations.events import SeedProgress
from prospectr_db.migrations.execution import copied_line
from prospectr_db.migrations.pipelining import PipelineFailure, send_all
from prospectr_db.project import SeedFile

if TYPE_CHECKING:
    from prospectr_db.migrations.execution import Query, Session

__all__ = ["LARGE_BYTES", "stream_statements"]

LARGE_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 20
_BATCH = 500
_COPY_END = re.compile(r"^\\\.[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_SKIPPED = frozenset({Kind.NOTHING, Kind.BEGIN, Kind.COMMIT})
_TAKEN = frozenset({Kind.ORDINARY, Kind.COPY_IN}) | _SKIPPED


@dataclass(frozen=True, slots=True)
class _Piece:
    """One statement and where it begins in the file (line from 1, column from 0)."""

    text: str
    line: int
    column: int
    kind: Kind


class _Reader:
    """Cuts a stream into statements; ``sent`` counts the bytes that were read."""

    def __init__(self, stream: BinaryIO, file: SeedFile) -> None:
        self._stream = stream
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer, self._at = "", 0
        self._line, self._column = 1, 0
        self._ended = False
        self.sent = 0

    def statements(self) -> Iterator[_Piece]:
        wanted = _CHUNK_BYTES
        while not self._ended or self._at < len(self._buffer):
            self._fill(wanted)
            taken = False
            for piece in self._whole_pieces():
                taken = True
                yield piece
            if self._ended and not taken:
                return
            # A statement longer than the buffer is looked at again only when that has doubled.
            wanted = _CHUNK_BYTES if taken else (len(self._buffer) - self._at) * 2

    def copy_data(self) -> Iterator[bytes]:
        """Yield the lines below a COPY FROM STDIN, up to the one that is ``\\.``."""
        self._skip_to(self._buffer.find("\n", self._at) + 1 or len(self._buffer))
        while True:
            self._fill(len(self._buffer) - self._at + _CHUNK_BYTES)
            end = _COPY_END.search(self._buffer, self._at)
            # What may yet turn out to be the last line is held back.
            stop = end.start() if end else self._buffer.rfind("\n") + 1
            if self._ended and not end:
                raise MigrationFileError(
                    f"{self._file.label}: the data of COPY FROM STDIN does not end in a line \\..",
                    hint="Was the file cut off? Nothing of it was kept.",
                    file=self._file.label,
                    line=self._line,
                )
            yield self._buffer[self._at : stop].encode()
            self._skip_to(end.end() if end else stop)
            if end:
                return

    def _whole_pieces(self) -> Iterator[_Piece]:
        """Yield the statements that end within the buffer; stops after one that brings data."""
        base = self._at
        pieces = split(self._buffer[base:])
        for piece in pieces if self._ended else pieces[:-1]:
            traits = classify(piece.text)
            self._skip_to(base + piece.offset)
            found = _Piece(piece.text[traits.skip :], self._line, self._column, traits.kind)
            self._skip_to(base + piece.offset + len(piece.text))
            yield found
            if traits.kind is Kind.COPY_IN:
                return

    def _fill(self, wanted: int) -> None:
        self._buffer, self._at = self._buffer[self._at :], 0
        while not self._ended and len(self._buffer) < wanted:
            chunk = self._stream.read(max(_CHUNK_BYTES, wanted - len(self._buffer)))
            self.sent += len(chunk)
            self._ended = not chunk
            try:
                self._buffer += self._decoder.decode(chunk, final=self._ended)
            except UnicodeDecodeError as error:
                raise MigrationFileError(
                    f"{self._file.label} is not UTF-8, somewhere before byte {self.sent}.",
                    hint="Save the file as UTF-8. Nothing of it was kept.",
                    file=self._file.label,
                ) from error

    def _skip_to(self, position: int) -> None:
        """Pass the buffer's text up to a position, counting lines."""
        newlines = self._buffer.count("\n", self._at, position)
        if newlines:
            self._line += newlines
            self._column = position - self._buffer.rfind("\n", self._at, position) - 1
        else:
            self._column += position - self._at
        self._at = position


def stream_statements(session: Session, file: SeedFile, record: Query) -> int:
    """Run a file in one transaction with its record; returns how many rows it touched.

    Memory is bounded by the longest statement. Raises SqlError with file, line and column, or
    MigrationFileError; nothing is kept then.
    """
    connection = session.connection
    try:
        with file.path.open("rb") as stream:
            connection.execute("begin")
            rows = _run(session, _Reader(stream, file), file)
            query, parameters = record
            session.tidy()
            assert isinstance(query, bytes)  # noqa: S101 - the record is a constant
            connection.execute(query, parameters)
            connection.execute("commit")
            return rows
    except BaseException:
        if connection.info.transaction_status in (
            TransactionStatus.INERROR,
            TransactionStatus.INTRANS,
        ):
            connection.execute("rollback")
        raise


def _run(session: Session, reader: _Reader, file: SeedFile) -> int:
    rows, batch, size, told = 0, list[_Piece](), 0, 0
    for piece in reader.statements():
        if piece.kind not in _TAKEN:
            raise _refused(file, piece)
        if piece.kind in _SKIPPED:
            continue
        if piece.kind is Kind.COPY_IN:
            rows += _send(session, file, batch)
            batch = []
            rows += _copy(session, reader, file, piece)
        else:
            batch.append(piece)
        size = size + len(piece.text) if batch else 0
        if len(batch) >= _BATCH or size >= _CHUNK_BYTES:
            rows += _send(session, file, batch)
            batch, size = [], 0
        if reader.sent - told >= 16 * _CHUNK_BYTES:
            told = reader.sent
            session.on_event(SeedProgress(file.label, min(reader.sent, file.size), file.size))
    return rows + _send(session, file, batch)


def _send(session: Session, file: SeedFile, batch: list[_Piece]) -> int:
    try:
        cursors = send_all(session.connection, [(piece.text.encode(), None) for piece in batch])
    except PipelineFailure as failure:
        raise _failure(file, batch[failure.index], failure.error) from failure.error
    return sum(max(0, cursor.rowcount) for cursor in cursors)


def _copy(session: Session, reader: _Reader, file: SeedFile, piece: _Piece) -> int:
    cursor = session.connection.cursor()
    try:
        with cursor.copy(piece.text.encode()) as copy:
            for data in reader.copy_data():
                copy.write(data)
    except psycopg.Error as error:
        raise _failure(file, piece, error) from error
    return max(0, cursor.rowcount)


def _failure(file: SeedFile, piece: _Piece, error: psycopg.Error) -> ProspectrError:
    """Return the error with its place in the file, of which only this piece is at hand."""
    ours = diagnose(error, Source(file.label, piece.text))
    line, column = ours.details.get("line"), ours.details.get("column")
    if line is None or column is None:
        return ours
    row = copied_line(error)
    if row is not None:
        # The data begins on the line below the statement's last.
        line, column = 1 + piece.text.count("\n") + row, 1
        ours.details.pop("excerpt", None)
    column = column + piece.column if line == 1 else column
    line = line + piece.line - 1
    message = error.diag.message_primary or ours.message
    details = {**ours.details, "line": line, "column": column}
    return type(ours)(f"{file.label}:{line}:{column}: {message}", hint=ours.hint, **details)


def _refused(file: SeedFile, piece: _Piece) -> MigrationFileError:
    return MigrationFileError(
        f"{file.label}:{piece.line}:{piece.column + 1}: a seed is one transaction, and this "
        f"({piece.kind.value}) cannot be part of it. Nothing of the file was kept.",
        hint="Put that statement into a migration, or remove it.",
        file=file.label,
        line=piece.line,
        column=piece.column + 1,
    )
