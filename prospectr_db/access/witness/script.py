"""What shows a verdict on any database with the same schema: its rows, its user, its statement."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.decisions import all_texts
from prospectr_db.access.writing.statements import insert_known, literal
from prospectr_db.database.catalog import PLATFORM_SCHEMAS, Relation

__all__ = ["script"]


def script(observation: Observation, relation: Relation, persona: Persona, probe: Probe) -> str:
    """Return what can be pasted into psql as it is, and undoes itself."""
    lines = ["begin;", "set local session_replication_role = replica;"]
    said = f"{persona.claims} {probe.statement} {probe.preparation}"
    lines += _witness(observation, relation, said)
    lines += [f"{statement};" for statement in observation.world.enrolments]
    if probe.preparation:
        lines.append(f"{probe.preparation};")
    if persona.name in observation.world.changes:
        lines.append(f"{observation.world.changes[persona.name]};")
    lines.append("set local session_replication_role = origin;")
    lines.append(f"set local role {persona.role};")
    if persona.claims is not None:
        lines.append(f"set local request.jwt.claims = {literal(persona.claims)};")
    if any("request.headers" in text for text in all_texts(observation.catalog)):
        lines.append("set local request.headers = '{}';")
    lines += [f"{probe.statement};", "rollback;"]
    return "\n".join(lines)


def _witness(observation: Observation, relation: Relation, said: str) -> Iterator[str]:
    """Yield the rows that decide: the table's, what they point to, what policies read.

    Of the platform's tables only the rows that something in the script names, and of those the
    columns that must be or that anything in the project speaks of.
    """
    catalog = observation.catalog
    lines: list[str] = []
    shortened: list[str] = []
    texts = all_texts(catalog)
    for found in _near(observation, relation):
        short = found.schema in PLATFORM_SCHEMAS
        asking = " ".join(text for text in texts if short and found.name in text)
        words = set(re.findall(r"\w+", asking))
        known = {row.label: row for row in observation.world.rows.values()}
        rows = [row.values for row in known.values() if row.relation == found.oid]
        for values in rows:
            kept = _shortened(found, values, words) if short else dict(values)
            if short and not any(
                (values[name] or "") in f"{lines}{said}" for name in found.primary_key
            ):
                continue
            kept = {n: v for n, v in kept.items() if v is not None or found.by_name[n].default}
            shortened += [found.label] if len(kept) < len(values) and short else []
            lines.append(f"{insert_known(found, kept)} on conflict do nothing;")
    for label in dict.fromkeys(shortened):
        yield f"-- Of {label} only the columns that must be, or that something here asks for."
    yield from reversed(lines)


def _near(observation: Observation, relation: Relation) -> list[Relation]:
    """Return a table, what it points to and what its policies read, and so on from there."""
    catalog = observation.catalog
    wanted, near = [relation.oid], {relation.oid}
    for oid in wanted:
        found = catalog.by_oid.get(oid)
        if found is None:
            continue
        around = [fk.target for fk in found.foreign_keys]
        around += [read for policy in found.policies for read, _ in policy.reads]
        for other in around:
            if other is not None and other not in near:
                near.add(other)
                wanted.append(other)
    ours = [catalog.by_oid[oid] for oid in wanted if oid in catalog.by_oid]
    return sorted(ours, key=lambda one: one.schema in PLATFORM_SCHEMAS)


def _shortened(
    relation: Relation, values: Mapping[str, str | None], words: Collection[str]
) -> dict[str, str | None]:
    """Return what a row of the platform's must have, and what anything speaks of."""
    return {
        name: value
        for name, value in values.items()
        if name in relation.primary_key
        or (relation.by_name[name].not_null and relation.by_name[name].default is None)
        or (value is not None and name in words)
    }
