"""In which steps a file is run: one transaction wherever PostgreSQL lets it, else as few as can be.

Transaction control that a file brings along is folded into ours: BEGIN becomes a savepoint, COMMIT
releases it, ROLLBACK goes back to it. So the file and its history row commit together, and an
unclosed BEGIN loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from prospectr_db.database.statements import Kind, Statement, Traits, classify, split
from prospectr_db.errors import MigrationFileError
from prospectr_db.project import SqlFile

__all__ = ["Action", "Group", "Script", "Step", "recorded_statements", "script"]

_NO_TRANSACTION = re.compile(r"\s*--\s*pg-delta:\s*transaction\s*=\s*false\s*$", re.IGNORECASE)
_COPY_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_ADDS_VALUE = re.compile(r"\badd\s+value\b", re.IGNORECASE)
_EVENT_TRIGGER = re.compile(r"\bcreate\s+event\s+trigger\b", re.IGNORECASE)
_SELF = re.compile(r"""authorization\s+['"]?postgres['"]?\s*$""", re.IGNORECASE)


class Action(Enum):
    """What is done for a statement of the file."""

    RUN = "run"
    COPY = "copy"
    ELEVATED = "elevated"
    BECOME_SELF = "become self"
    OPEN_BLOCK = "open block"
    CLOSE_BLOCK = "close block"
    UNDO_BLOCK = "undo block"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; ``sql`` is what is sent, ``offset`` where it begins in the file.

    ``recorded`` is the statement as it is stored in the history; ``data`` what COPY reads.
    """

    action: Action
    sql: str
    offset: int
    recorded: str
    command: str
    data: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that commit together; ``alone`` marks the one that refuses a transaction block."""

    steps: tuple[Step, ...]
    alone: bool = False

    @property
    def recorded(self) -> tuple[str, ...]:
        """Return the statements of the group as they are stored."""
        return tuple(step.recorded for step in self.steps)


@dataclass(frozen=True, slots=True)
class Script:
    """A file, ready to run. ``recorded`` is what its history row stores."""

    file: SqlFile
    groups: tuple[Group, ...]
    recorded: tuple[str, ...]

    @property
    def is_atomic(self) -> bool:
        """Whether the whole file and its history row are one transaction."""
        return len(self.groups) <= 1 and not any(group.alone for group in self.groups)

    @property
    def adds_enum_value(self) -> bool:
        """Whether the file adds a value to an enum, which only a later transaction can use."""
        return any(_adds_value(step) for group in self.groups for step in group.steps)


def recorded_statements(file: SqlFile) -> tuple[str, ...]:
    """Return what the history stores of a file: as the Supabase CLI splits it.

    The data of a COPY FROM STDIN, which the CLI cannot run, stays with its statement.
    """
    return tuple(text for text, _, _ in _pieces(file))


def script(file: SqlFile, *, commit_after_enum_value: bool = False) -> Script:
    """Say how a file is run.

    Raises MigrationFileError, before anything has run, for what cannot be carried out: psql
    commands, two-phase commit, DISCARD ALL, becoming another role, ROLLBACK outside a block,
    a statement that refuses transactions inside BEGIN … COMMIT.
    """
    builder = _Builder(
        file,
        each_alone=bool(_NO_TRANSACTION.match(file.text.split("\n", 1)[0])),
        commit_after_enum_value=commit_after_enum_value,
    )
    recorded = []
    for text, offset, data in _pieces(file):
        recorded.append(text)
        builder.add(Statement(text, offset), data)
    return Script(file, builder.finish(), tuple(recorded))


def _pieces(file: SqlFile) -> Iterator[tuple[str, int, str | None]]:
    """Yield each statement with its offset, and with the data where it is a COPY FROM STDIN."""
    text, begin = file.text, 0
    while True:
        pieces: Sequence[Statement] = split(text[begin:] if begin else text)
        for piece in pieces:
            offset = begin + piece.offset
            if "stdin" not in piece.text.lower() or classify(piece.text).kind is not Kind.COPY_IN:
                yield piece.text, offset, None
                continue
            start = text.find("\n", text.find(";", offset + len(piece.text))) + 1
            end = _COPY_END.search(text, start) if start else None
            if end is None:
                raise _refused(
                    file,
                    offset,
                    "COPY FROM STDIN has no data that ends in a line \\.",
                    "Write the rows below it as pg_dump does, or use INSERT or a CSV seed.",
                )
            yield text[offset : end.end()].rstrip("\r"), offset, text[start : end.start()]
            begin = end.end()
            break
        else:
            return


@dataclass(slots=True)
class _Builder:
    """Collects steps into groups while it follows the file's own transaction control."""

    file: SqlFile
    each_alone: bool
    commit_after_enum_value: bool
    groups: list[Group] = field(default_factory=list)
    current: list[Step] = field(default_factory=list)
    in_block: bool = False

    def add(self, statement: Statement, data: str | None) -> None:
        traits = classify(statement.text)
        sent = statement.text[traits.skip :]
        offset = statement.offset + traits.skip
        self._check(traits.kind, statement, sent)
        action = {
            Kind.BECOME_SELF: Action.BECOME_SELF,
            Kind.BECOME_OTHER: Action.BECOME_SELF,
        }.get(traits.kind, Action.RUN)
        if _makes_event_trigger(traits, sent):
            action = Action.ELEVATED
        if traits.kind in _CONTROL:
            self._control(traits.kind, statement, traits.command)
        elif traits.kind is Kind.NOTHING:
            self._note(statement)
        elif data is not None:
            head = sent[: sent.find(";")] if ";" in sent else sent
            self._step(Step(Action.COPY, head, offset, statement.text, "COPY", data))
        elif traits.kind is Kind.ALONE:
            self._commit()
            step = Step(Action.RUN, sent, offset, statement.text, traits.command)
            self.groups.append(Group((step,), alone=True))
        else:
            self._step(Step(action, sent, offset, statement.text, traits.command))

    def finish(self) -> tuple[Group, ...]:
        self._commit()
        return tuple(self.groups)

    def _step(self, step: Step) -> None:
        self.current.append(step)
        ends_here = self.each_alone or (self.commit_after_enum_value and _adds_value(step))
        if ends_here and not self.in_block:
            self._commit()

    def _note(self, statement: Statement) -> None:
        """A comment is stored and not sent: it goes with whatever stands around it."""
        self.current.append(Step(Action.RUN, "", statement.offset, statement.text, ""))

    def _control(self, kind: Kind, statement: Statement, command: str) -> None:
        opens = kind in {Kind.BEGIN, Kind.COMMIT_AND_CHAIN, Kind.ROLLBACK_AND_CHAIN}
        if kind is Kind.BEGIN:
            # PostgreSQL only warns about a second BEGIN; so there is nothing to do for it.
            actions = [] if self.in_block else [Action.OPEN_BLOCK]
        elif not self.in_block:
            actions = [Action.OPEN_BLOCK] if opens else []
        else:
            ends = kind in {Kind.COMMIT, Kind.COMMIT_AND_CHAIN}
            actions = [Action.CLOSE_BLOCK if ends else Action.UNDO_BLOCK]
            actions += [Action.OPEN_BLOCK] if opens else []
        self.in_block = opens
        recorded = statement.text
        for action in actions or [Action.RUN]:
            self.current.append(Step(action, "", statement.offset, recorded, command))
            recorded = ""
        if not self.in_block and (self.each_alone or self._has_enum_value()):
            self._commit()

    def _has_enum_value(self) -> bool:
        return self.commit_after_enum_value and any(_adds_value(step) for step in self.current)

    def _commit(self) -> None:
        if self.current:
            self.groups.append(Group(tuple(self.current)))
            self.current = []

    def _check(self, kind: Kind, statement: Statement, sent: str) -> None:
        """Refuse, before anything runs, what could not be carried out as it is meant."""
        message = _REFUSED.get(kind)
        if kind is Kind.BECOME_OTHER and not _SELF.search(sent):
            message = _OTHER_ROLE
        if kind is Kind.ALONE and self.in_block:
            message = _ALONE_IN_BLOCK
        if kind in {Kind.ROLLBACK, Kind.ROLLBACK_AND_CHAIN} and not self.in_block:
            message = _LONELY_ROLLBACK
        if message:
            lead = len(statement.text) - len(sent)
            raise _refused(self.file, statement.offset + lead, *message)


_CONTROL = frozenset(
    {
        Kind.BEGIN,
        Kind.COMMIT,
        Kind.COMMIT_AND_CHAIN,
        Kind.ROLLBACK,
        Kind.ROLLBACK_AND_CHAIN,
    }
)
_REFUSED: dict[Kind, tuple[str, str]] = {
    Kind.META: (
        "This is a command of psql, not SQL.",
        "A migration is sent to the server as it is: write the SQL itself.",
    ),
    Kind.PREPARED: (
        "Two-phase commit cannot be part of a migration.",
        "Remove it; a migration is one transaction already.",
    ),
    Kind.DISCARD_ALL: (
        "DISCARD ALL cannot run inside a transaction.",
        "Remove it: settings, temporary tables and prepared statements end with each file anyway.",
    ),
}
_OTHER_ROLE = (
    "Only a superuser may become another session user, and on Supabase postgres is none.",
    "Use `set role`, or leave it out.",
)
_ALONE_IN_BLOCK = (
    "This statement cannot run inside BEGIN … COMMIT.",
    "Remove the BEGIN and COMMIT around it: it is run by itself.",
)
_LONELY_ROLLBACK = (
    "This ROLLBACK has no BEGIN: it would throw away all that the file did before it.",
    "Remove it, or write the BEGIN that it belongs to.",
)


def _makes_event_trigger(traits: Traits, sent: str) -> bool:
    """Whether a statement creates an event trigger, by itself or in a DO block.

    Only a superuser may; changing or dropping it takes no more than owning it.
    """
    if traits.kind is Kind.EVENT_TRIGGER:
        return traits.command.startswith("CREATE")
    return traits.command.split(" ")[0] == "DO" and _EVENT_TRIGGER.search(sent) is not None


def _adds_value(step: Step) -> bool:
    return step.command == "ALTER TYPE" and _ADDS_VALUE.search(step.sql) is not None


def _refused(file: SqlFile, offset: int, message: str, hint: str) -> MigrationFileError:
    start = file.text.rfind("\n", 0, offset) + 1
    end = file.text.find("\n", offset)
    content = file.text[start : end if end >= 0 else len(file.text)].rstrip("\r")
    line, column = file.text.count("\n", 0, offset) + 1, offset - start + 1
    gutter = f"{line} | "
    return MigrationFileError(
        f"{file.label}:{line}:{column}: {message} Nothing was run.",
        hint=hint,
        file=file.label,
        line=line,
        column=column,
        excerpt=f"{gutter}{content[:100]}\n{' ' * (len(gutter) + column - 1)}^",
    )
