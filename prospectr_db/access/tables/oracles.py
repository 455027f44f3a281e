"""Existence oracles, shown by running: a refusal that tells a stranger what he may not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.matrix.finding import ORACLE, Finding
from prospectr_db.access.matrix.matrix import TableAccess
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.writing.statements import equals, insert, update
from prospectr_db.access.writing.values import candidates, seeded_uuid
from prospectr_db.database.catalog import Constraint, Relation

__all__ = ["find_oracles"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same statement about something that exists and something that does not."""

    columns: tuple[str, ...]
    form: str
    existing: Probe
    missing: Probe
    guessable: bool


def find_oracles(observation: Observation, tables: Sequence[TableAccess]) -> tuple[Finding, ...]:
    """Return the oracles that a stranger can use on rows that he cannot read."""
    stranger = Knocker(observation.world.actors[OTHER].persona("stranger"), OTHER)
    by_label = {table.relation: table for table in tables}
    pairs: list[tuple[Relation, _Pair]] = []
    for relation in observation.relations:
        table = by_label.get(relation.label)
        if table is None or not table.owned or not relation.is_table or relation.is_partition:
            continue
        plan = observation.plan(relation)
        if not _reads(table):
            pairs += [(relation, pair) for pair in _unique_pairs(plan, stranger)]
        pairs += [(relation, pair) for pair in _key_pairs(plan, stranger, by_label)]
    probes = [probe for _, pair in pairs for probe in (pair.existing, pair.missing)]
    outcomes = run(observation, stranger.persona, probes)
    found = []
    for place, (relation, pair) in enumerate(pairs):
        existing, missing = outcomes[2 * place], outcomes[2 * place + 1]
        if _tells(pair, existing, missing):
            found.append(_finding(relation, pair))
    return tuple({(f.relation, f.columns): f for f in reversed(found)}.values())


def _reads(table: TableAccess) -> bool:
    access = table.find("stranger", "other", "select")
    return access is not None and access.succeeds


def _unique_pairs(plan: Plan, stranger: Knocker) -> Iterator[_Pair]:
    relation, role = plan.relation, stranger.persona.role
    row = plan.world.row(relation, OWNER)
    own = plan.world.row(relation, OTHER)
    base = plan.insert_values(OTHER, OTHER, role=role)
    for unique in relation.uniques:
        names = unique.columns
        if row is None or not names or set(names) & set(plan.owner.users) or unique.kind == "x":
            continue
        there = {name: row.values[name] for name in names}
        if any(value is None for value in there.values()):
            continue
        fresh = {**there, names[-1]: _fresh(relation, names[-1])}
        guessable = any(relation.by_name[name].base_name != "uuid" for name in names)
        writable = all("a" in relation.by_name[n].privileges.get(role, "") for n in names)
        if base is not None and writable:
            for form, tail in (
                ("insert", ""),
                ("on conflict do nothing", "on conflict do nothing"),
            ):
                probes = [
                    Probe(
                        None,
                        "",
                        "insert",
                        form,
                        None,
                        insert(relation, {**base, **values}, tail),
                        plan.make_room({**base, **values}, spare=names),
                    )
                    for values in (there, fresh)
                ]
                yield _Pair(names, form, probes[0], probes[1], guessable)
        may_update = all("w" in relation.by_name[n].privileges.get(role, "") for n in names)
        if own is not None and may_update and relation.primary_key:
            where = equals(relation, {n: own.values[n] for n in relation.primary_key})
            probes = [
                Probe(None, "", "update", "where", None, update(relation, values, where))
                for values in (there, fresh)
            ]
            yield _Pair(names, "update", probes[0], probes[1], guessable)


def _fresh(relation: Relation, name: str) -> str:
    return candidates(relation, relation.by_name[name], tag="z", number=991)[0]


def _key_pairs(plan: Plan, stranger: Knocker, tables: dict[str, TableAccess]) -> Iterator[_Pair]:
    """Yield the foreign keys to others' rows, with a parent that is there and one that is not."""
    relation = plan.relation
    for fk in plan.links():
        parent = plan.catalog.by_oid[fk.target or 0]
        table = tables.get(parent.label)
        if table is None or _reads(table):
            continue
        names = [name for name in fk.columns if name not in plan.owner.users]
        base = plan.insert_values(OTHER, OTHER, role=stranger.persona.role, forced=names)
        if base is None or not all(name in base for name in names):
            continue
        there = {name: plan.parent_value(fk, name, OWNER) for name in names}
        missing = {name: _absent(relation, fk, name) for name in names}
        probes = [
            Probe(
                None,
                "",
                "insert",
                "foreign key",
                None,
                insert(relation, {**base, **values}),
                plan.make_room({**base, **values}),
            )
            for values in (there, missing)
        ]
        yield _Pair(tuple(names), "foreign key", probes[0], probes[1], True)


def _absent(relation: Relation, fk: Constraint, name: str) -> str:
    uuid = relation.by_name[name].base_name == "uuid"
    return seeded_uuid("absent", relation.label, fk.name) if uuid else "987654321"


def _tells(pair: _Pair, existing: Outcome, missing: Outcome) -> bool:
    """Whether the two answers differ, and not because the first one simply succeeded."""
    if existing.state is None and existing.touched > 0:
        return False
    if pair.form == "foreign key":
        return missing.state == "23503" and existing.state != "23503"
    if pair.form == "on conflict do nothing":
        return existing.state is None and existing.touched == 0 and missing.touched > 0
    succeeded = missing.state is None and missing.touched > 0
    return existing.state in ("23505", "23P01") and succeeded


_TELLING = {
    "insert": "inserting it fails as a duplicate only then",
    "update": "updating to it fails as a duplicate only then",
    "on conflict do nothing": "ON CONFLICT DO NOTHING inserts nothing only then",
    "foreign key": "a row that refers to it is refused only where it does not",
}


def _finding(relation: Relation, pair: _Pair) -> Finding:
    columns = ", ".join(f"{relation.label}.{name}" for name in pair.columns)
    return Finding(
        "oracle",
        "warning" if pair.guessable else "note",
        relation.label,
        "stranger",
        f"oracle {' '.join(pair.columns)}",
        "insert",
        pair.columns,
        f"Authenticated strangers can find out whether a value of {columns} exists on rows that "
        f"they cannot read: {_TELLING[pair.form]}.",
        pair.existing.statement,
        ORACLE,
    )
