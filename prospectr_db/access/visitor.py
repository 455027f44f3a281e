"""Statements tried as a persona, and claims about them that a vacuous denial cannot satisfy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from prospectr_db.access.matrix.matrix import Verdict
from prospectr_db.access.matrix.verdicts import Outcome, classify
from prospectr_db.access.personas.impersonation import impersonate
from prospectr_db.access.personas.personas import Persona, service_role
from prospectr_db.database.diagnosis import Source, diagnose

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["POSTGRES", "Visitor"]

Statement = LiteralString | sql.SQL | sql.Composed
Parameters = Sequence[Any] | Mapping[str, Any] | None

POSTGRES = Persona("postgres", "postgres")
"""The role that owns the tables: the proof for what no API role may do."""


class Visitor:
    """A persona on an open transaction.

    Every statement runs in a savepoint of its own, so that a failure harms nothing. ``allowed``,
    ``filtered``, ``rejected``, ``denied`` and ``refused`` try a statement, undo it, and raise
    AssertionError where the verdict is another. A claim of filtered, rejected or denied is
    believed only where the same statement, run as ``proof``, touches a row: otherwise nothing was
    there to be protected, and the claim fails as well.
    """

    def __init__(
        self, connection: Connection[Any], persona: Persona, *, proof: Persona | None = None
    ) -> None:
        self.connection = connection
        self.persona = persona
        self.proof = proof or service_role()

    def __repr__(self) -> str:
        return f"Visitor({self.persona.name})"

    def run(
        self, statement: Statement, parameters: Parameters = None, *, keep: bool = False
    ) -> Outcome:
        """Run a statement and return what became of it; undo it unless told to keep it.

        Raises SqlError where the failure says nothing about access, such as an unknown column.
        """
        __tracebackhide__ = True
        return self._run(self.persona, statement, parameters, keep=keep)

    def fetch(self, statement: Statement, parameters: Parameters = None) -> list[dict[str, Any]]:
        """Return the rows that the persona reads; AssertionError where it gets an error."""
        __tracebackhide__ = True
        outcome = self.run(statement, parameters)
        self._expect(outcome, {Verdict.ALLOWED, Verdict.FILTERED}, statement)
        return list(outcome.returned)

    def execute(self, statement: Statement, parameters: Parameters = None) -> Outcome:
        """Run a statement that must touch a row, and keep its effects for what follows."""
        __tracebackhide__ = True
        outcome = self.run(statement, parameters, keep=True)
        self._expect(outcome, {Verdict.ALLOWED}, statement)
        return outcome

    def allowed(
        self, statement: Statement, parameters: Parameters = None, *, rows: int | None = None
    ) -> Outcome:
        """Claim that the statement touches at least one row, or exactly ``rows``."""
        __tracebackhide__ = True
        outcome = self.run(statement, parameters)
        self._expect(outcome, {Verdict.ALLOWED}, statement)
        if rows is not None and outcome.rows != rows:
            raise AssertionError(
                f"{self.persona.name} touches {outcome.rows} rows and not {rows}: "
                f"{self._show(statement)}"
            )
        return outcome

    def filtered(
        self, statement: Statement, parameters: Parameters = None, *, proof: Persona | None = None
    ) -> Outcome:
        """Claim that the statement silently touches no row, although there is one to touch."""
        __tracebackhide__ = True
        return self._barred(Verdict.FILTERED, statement, parameters, proof)

    def rejected(
        self, statement: Statement, parameters: Parameters = None, *, proof: Persona | None = None
    ) -> Outcome:
        """Claim that a policy's check refuses the row, which ``proof`` could write."""
        __tracebackhide__ = True
        return self._barred(Verdict.REJECTED, statement, parameters, proof)

    def denied(
        self, statement: Statement, parameters: Parameters = None, *, proof: Persona | None = None
    ) -> Outcome:
        """Claim that the role lacks the privilege for what ``proof`` can do."""
        __tracebackhide__ = True
        return self._barred(Verdict.DENIED, statement, parameters, proof)

    def refused(
        self,
        statement: Statement,
        parameters: Parameters = None,
        *,
        constraint: str | None = None,
        sqlstate: str | None = None,
    ) -> Outcome:
        """Claim that this constraint, or an error of this SQLSTATE, stops the statement."""
        __tracebackhide__ = True
        if constraint is None and sqlstate is None:
            raise TypeError("refused() needs the constraint or the sqlstate that it claims")
        outcome = self.run(statement, parameters)
        self._expect(outcome, {Verdict.REFUSED}, statement)
        for claimed, found in ((constraint, outcome.constraint), (sqlstate, outcome.sqlstate)):
            if claimed is not None and claimed != found:
                raise AssertionError(
                    f"{self.persona.name} is refused by {found} and not by {claimed}: {outcome}: "
                    f"{self._show(statement)}"
                )
        return outcome

    def _barred(
        self,
        verdict: Verdict,
        statement: Statement,
        parameters: Parameters,
        proof: Persona | None,
    ) -> Outcome:
        __tracebackhide__ = True
        outcome = self.run(statement, parameters)
        self._expect(outcome, {verdict}, statement)
        witness = proof or self.proof
        proven = self._run(witness, statement, parameters, keep=False)
        if not proven.touches:
            raise AssertionError(
                f"this denial proves nothing: {self.persona.name} is {verdict}, but as "
                f"{witness.name} the same statement is {proven} too: {self._show(statement)}"
            )
        return outcome

    def _run(
        self, persona: Persona, statement: Statement, parameters: Parameters, *, keep: bool
    ) -> Outcome:
        __tracebackhide__ = True
        try:
            with impersonate(self.connection, persona, keep=keep):
                cursor = self.connection.cursor(row_factory=dict_row)
                cursor.execute(statement, parameters)
                returned = tuple(cursor.fetchall()) if cursor.description else ()
                answer: psycopg.Error | int = cursor.rowcount
        except psycopg.Error as error:
            answer, returned = error, ()
        outcome = classify(answer, returned)
        if outcome is None:
            assert isinstance(answer, psycopg.Error)  # noqa: S101 - a count always has a verdict
            source = Source(f"<as {persona.name}>", self._show(statement))
            raise diagnose(answer, source) from answer
        return outcome

    def _expect(self, outcome: Outcome, verdicts: set[Verdict], statement: Statement) -> None:
        __tracebackhide__ = True
        if outcome.verdict not in verdicts:
            wanted = " or ".join(sorted(verdicts))
            raise AssertionError(
                f"{self.persona.name} is {outcome} and not {wanted}: {self._show(statement)}"
            )

    def _show(self, statement: Statement) -> str:
        if isinstance(statement, sql.Composable):
            return statement.as_string(self.connection)
        return statement
