"""Who knocks, and with which statement: the two values every observation is made of."""

from __future__ import annotations

from dataclasses import dataclass

from prospectr_db.access.personas.personas import Persona

__all__ = ["Knocker", "Probe"]


@dataclass(frozen=True, slots=True)
class Knocker:
    """A persona and the user of the world behind it; ``brief`` skips the columns one by one.

    ``only`` are the relations worth trying as him, None where all are; ``calls`` the functions, and
    where these are given no view, file or channel is tried that ``only`` does not name, either.
    """

    persona: Persona
    actor: str | None
    brief: bool = False
    only: frozenset[int] | None = None
    calls: frozenset[int] | None = None

    @property
    def name(self) -> str:
        """The persona's name."""
        return self.persona.name

    def visits(self, oid: int) -> bool:
        """Whether a view, a file or a channel is worth trying as him, by its relation."""
        return self.calls is None or self.only is None or oid in self.only


@dataclass(frozen=True, slots=True)
class Probe:
    """One statement: who is not said here, only what, and how to see what it did.

    ``row`` is the label of the row it is about, None where every row of the relation counts (the
    statement has no WHERE). ``preparation`` runs before it and ``question`` after it, both as the
    superuser; the question answers with the labels of the rows that changed. Statements with one
    ``gate`` and one preparation find the same rows: once one has found none, the others need not be
    run.
    """

    row: str | None
    rows: str
    command: str
    form: str
    column: str | None
    statement: str
    preparation: str | None = None
    question: str | None = None
    value: str | None = None
    gate: str | None = None
