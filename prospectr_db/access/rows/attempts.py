"""One row being tried: which guess each column takes, and what refusals have taught."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from prospectr_db.access.writing.values import candidates
from prospectr_db.database.catalog import Constraint, Relation

__all__ = ["TRIES", "Attempt"]

# How many refusals are answered with other values before a row counts as unbuildable.
TRIES = 80


class Attempt:
    """One row being tried: which guess each column takes, and what refusals have taught."""

    def __init__(
        self,
        relation: Relation,
        given: dict[str, str | None],
        guesses: dict[str, list[str | None]],
        fixed: set[str],
    ) -> None:
        self.relation = relation
        self.given = given
        self.guesses = guesses
        self.fixed = fixed
        self.at = dict.fromkeys(guesses, 0)

    def values(self) -> dict[str, str | None]:
        """Return every column\'s value of this try."""
        return {
            **{name: options[self.at[name]] for name, options in self.guesses.items()},
            **self.given,
        }

    def learn(self, error: psycopg.Error) -> bool:
        """Change the attempt after a refusal; False when nothing is left to try."""
        column = error.diag.column_name
        # A trigger may have met the refusal in another table.
        mine = column in self.relation.by_name and error.diag.table_name == self.relation.name
        if error.sqlstate == "23502" and column and mine and column not in self.values():
            wanted, number = self.relation.by_name[column], len(self.guesses) + 1
            self.guesses[column] = list(candidates(self.relation, wanted, tag="x", number=number))
            self.at[column] = 0
            return True
        constraint = next(
            (c for c in self.relation.constraints if c.name == error.diag.constraint_name), None
        )
        if constraint is not None and constraint.kind == "f":
            return self._drop(constraint.columns)
        if error.sqlstate == "23514" and (domain := error.diag.datatype_name):
            of_it = [n for n in self.guesses if self._is_of(n, domain)]
            return self._advance(of_it) or self._drop(of_it)
        if error.sqlstate == "23514" and constraint is None and self.relation.partition_key:
            return self._advance(
                [n for n in self.guesses if n in (self.relation.partition_key or "")]
            )
        if constraint is not None and constraint.kind == "c" and self._widen(constraint):
            return True
        if constraint is not None and constraint.kind != "f":
            names = constraint.columns or tuple(self.guesses)
            return self._advance([n for n in names if n in self.guesses]) or self._drop(names)
        optional = [n for n in self.guesses if not self.relation.by_name[n].not_null]
        return self._drop(optional) or self._advance(list(self.guesses))

    def _is_of(self, name: str, domain: str) -> bool:
        """Whether a column's type is a domain, by its name without the schema."""
        return self.relation.by_name[name].type.rpartition(".")[2].strip('"') == domain

    def _widen(self, constraint: Constraint) -> bool:
        """Give values to columns that a check looks at and that were left out so far."""
        missing = [
            self.relation.by_name[name]
            for name in constraint.columns
            if name not in self.guesses and name not in self.given
        ]
        for column in missing:
            if column.is_writable:
                number = 50 + len(self.guesses)
                likely = candidates(self.relation, column, tag="w", number=number)
                # Or nothing after all: one of two columns is often wanted, and not the other.
                self.guesses[column.name] = [*likely[:1], None, *likely[1:4]]
                self.at[column.name] = 0
        return any(column.is_writable for column in missing)

    def _advance(self, names: Iterable[str]) -> bool:
        """Count up, like an odometer."""
        for name in names:
            self.at[name] += 1
            if self.at[name] < len(self.guesses[name]):
                return True
            self.at[name] = 0
        return False

    def _drop(self, names: Iterable[str]) -> bool:
        droppable = [
            n
            for n in names
            if (n in self.guesses or n in self.given) and not self.relation.by_name[n].not_null
        ]
        for name in droppable:
            self.guesses.pop(name, None)
            self.given.pop(name, None)
        return bool(droppable)
