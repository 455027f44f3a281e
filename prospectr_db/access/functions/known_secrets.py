"""Secrets that functions take: whose call reaches something only because he knows one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prospectr_db.access.functions.calling import Seeing, call_probe
from prospectr_db.access.functions.parameter_names import named_after
from prospectr_db.access.matrix.matrix import GIVES, KNOWING, TOGETHER, Cell
from prospectr_db.access.observation import Observation
from prospectr_db.access.ownership.secret_columns import is_secret, sounds_secret
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import literal
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Column, Function, Relation, quote_identifier

__all__ = ["Knowledge", "Secrets", "called"]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEAST = 6
_BEFORE = " before hashing"
_EXAMPLES = 2

Reached = Mapping[str, str]
"""The rows that a call reached, by command."""


@dataclass
class Secrets:
    """The values of the owner's rows that open something to whoever knows them.

    Named like a secret, or made by chance and no key; and not to be read by the caller, or it is
    no secret to him.
    """

    observation: Observation
    _by_value: dict[str, tuple[Relation, Column]] = field(default_factory=dict)
    _hashed: dict[str, tuple[Relation, Column]] = field(default_factory=dict)
    _hidden: dict[tuple[str, str], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for relation in self.observation.catalog.own_relations:
            row = self.observation.world.row(relation, OWNER)
            owner = self.observation.ownership[relation.oid]
            for column in relation.columns if row is not None else ():
                value = row.values.get(column.name) if row else None
                if value and len(value) >= _LEAST and is_secret(relation, column, owner):
                    self._by_value[value] = relation, column
                made_of = self.observation.world.secrets.get((relation.oid, column.name))
                if made_of is not None:
                    self._hashed[made_of] = relation, column

    def within(self, text: str, knocker: Knocker) -> dict[str, str]:
        """Return the secrets in a call that its caller could not read, by ``table.column``."""
        found: dict[str, str] = {}
        if knocker.actor == OWNER:
            return found
        for value, (relation, column) in self._by_value.items():
            if _holds(text, value) and self._is_hidden(value, knocker):
                found[f"{relation.name}.{column.name}"] = value
        for value, (relation, column) in self._hashed.items():
            if _holds(text, value):
                found[f"{relation.name}.{column.name}{_BEFORE}"] = value
        return found

    def are_in(self, text: str) -> bool:
        """Whether a call holds any secret, whoever calls."""
        return any(_holds(text, value) for value in (*self._by_value, *self._hashed))

    def meant(self, function: Function) -> tuple[str, ...]:
        """Return the secrets that a function's parameters, or an object's keys, ask for by name."""
        keys = re.findall(r"->>?\s*'(\w+)'", function.source)
        names = [*function.input_names, *keys]
        words = set(re.findall(r"\w+", function.source))
        kept = [(relation, column, "") for relation, column in self._by_value.values()]
        kept += [(relation, column, _BEFORE) for relation, column in self._hashed.values()]
        return tuple(
            sorted(
                f"{relation.name}.{column.name}{how}"
                for relation, column, how in kept
                if relation.name in words
                and any(sounds_secret(n) or named_after(n, relation, column.name) for n in names)
            )
        )

    def _is_hidden(self, value: str, knocker: Knocker) -> bool:
        """Whether a persona finds no row by a value: it may not read it, or the row."""
        place = knocker.name, value
        if place not in self._hidden:
            relation, column = self._by_value[value]
            where = " = ".join((quote_identifier(column.name), literal(value)))
            text = " ".join(("select 1 from", relation.sql_name, "where", where))
            probe = Probe(None, "", "select", "where", None, text)
            outcome = run(self.observation, knocker.persona, [probe])[0]
            self._hidden[place] = outcome.state is not None or outcome.touched == 0
        return self._hidden[place]


@dataclass
class Knowledge:
    """What calls of one function reach only by a secret, found out by calling without it."""

    secrets: Secrets
    seeing: Seeing
    _rows: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def rows(self, knocker: Knocker, text: str, reached: Reached) -> dict[str, str]:
        """Return the row class of each command that a call reached: others' rows, or by knowing."""
        known = self._rows.get((knocker.name, text), {})
        return {command: f"{rows}{known.get(command, '')}" for command, rows in reached.items()}

    def learn(self, knocker: Knocker, calls: Iterable[tuple[Probe, Reached]]) -> None:
        """Call again with wrong secrets where one was given, and note what opens then."""
        groups: dict[tuple[frozenset[str], frozenset[str]], list[Probe]] = {}
        held: dict[str, dict[str, str]] = {}
        for probe, reached in calls:
            commands = frozenset(reached) - {"call"}
            known = (knocker.name, probe.statement) in self._rows
            found = self.secrets.within(probe.statement, knocker) if commands else {}
            if found and not known:
                held[probe.statement] = found
                groups.setdefault((frozenset(found), commands), []).append(probe)
        for (_, commands), probes in groups.items():
            told: dict[str, str] = {}
            for probe in probes[:_EXAMPLES]:
                for command, names in self._deciding(knocker, probe, held[probe.statement]).items():
                    if command in commands:
                        told[command] = f"{KNOWING}{TOGETHER.join(names)}"
            self._rows |= {(knocker.name, probe.statement): told for probe in probes}

    def _deciding(
        self, knocker: Knocker, probe: Probe, held: Mapping[str, str]
    ) -> dict[str, Sequence[str]]:
        """Return, by command, the secrets without any one of which nothing is reached.

        All of them where each will do alone.
        """
        parts = [{name: value} for name, value in held.items()]
        tries = [
            (tuple(part), call_probe(text, probe.preparation, self.seeing.question))
            for part in [*parts, *([held] if len(parts) > 1 else [])]
            for text in _wrong(probe.statement, list(part.values()))
        ]
        probes = [one for _, one in tries]
        outcomes = run(self.seeing.observation, knocker.persona, probes, listening=True)
        reached: dict[tuple[str, ...], set[str]] = {}
        for (names, one), outcome in zip(tries, outcomes, strict=True):
            reached.setdefault(names, set()).update(self.seeing.reached(knocker, one, outcome))
        found: dict[str, Sequence[str]] = {}
        for command in ("select", "insert", "update", "escalate"):
            closed = [names for names, got in reached.items() if command not in got]
            alone = sorted(name for names in closed if len(names) == 1 for name in names)
            if closed:
                found[command] = alone or sorted(closed[0])
        return found


def called(
    seeing: Seeing, knowledge: Knowledge, knocker: Knocker, statements: Sequence[str]
) -> Iterator[Cell]:
    """Yield what calls of a function come to, and what of it only by a secret."""
    probes = [call_probe(text, None, seeing.question) for text in statements]
    outcomes = run(seeing.observation, knocker.persona, probes, listening=True)
    found = [
        (probe, outcome, seeing.reached(knocker, probe, outcome))
        for probe, outcome in zip(probes, outcomes, strict=True)
    ]
    knowledge.learn(knocker, [(probe, reached) for probe, _, reached in found])
    for probe, outcome, reached in found:
        rows = knowledge.rows(knocker, probe.statement, reached)
        for command, said, verdict in seeing.told(knocker, probe, outcome):
            place = said if GIVES in said else rows.get(command, "all")
            yield from seeing.cells(knocker, place, command, verdict, probe, outcome)


def _holds(text: str, value: str) -> bool:
    """Whether a call is given a value; a number only as a whole."""
    return (literal(value) if value.isdigit() else value) in text


def _wrong(text: str, values: Sequence[str]) -> Iterator[str]:
    """Yield a call with other secrets, with none, with empty ones, and with what matches all."""
    nothing, empty, every = text, text, text
    for value in values:
        quoted = literal(value)
        if value.isdigit():
            nothing = empty = every = nothing.replace(quoted, "null")
            text = text.replace(quoted, literal(str(int(value) + 1)))
            continue
        if quoted in text:
            nothing = nothing.replace(quoted, "null")
        else:
            nothing = nothing.replace(f'"{value}"', "null")
        if not _UUID.fullmatch(value):
            empty, every = empty.replace(value, ""), every.replace(value, "%")
        wrong = seeded_uuid("wrong", value) if _UUID.fullmatch(value) else f"{value}x"
        text = text.replace(value, wrong)
    yield from dict.fromkeys((text, nothing))
    yield from (other for other in (empty, every) if not any(value in other for value in values))
