"""Files: what each persona can do to the objects of each bucket, by folder and by owner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.matrix import Cell, TableAccess, Verdict, collapse
from prospectr_db.access.observe import Observation, Outcome, policy_text, run
from prospectr_db.access.personas import ANON, AUTHENTICATED, Persona
from prospectr_db.access.probes import Knocker, Probe
from prospectr_db.access.statements import insert, literal
from prospectr_db.access.summing_up import read_conditions
from prospectr_db.access.world import OTHER, OWNER, VICTIM
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["DELETING", "observe_storage"]

_MOST_BUCKETS = 8
# The Storage API deletes through SQL with this setting; without it a trigger refuses everybody.
DELETING = "select pg_catalog.set_config('storage.allow_delete_query', 'true', true)"


@dataclass(frozen=True, slots=True)
class _Folder:
    """A bucket and the first folder of a name in it, per universe: the user's, or his tenant's."""

    bucket: str
    public: bool
    kind: str
    names: dict[str, str]

    @property
    def label(self) -> str:
        return f"{self.bucket}/{self.kind}"


def observe_storage(observation: Observation, personas: Sequence[Knocker]) -> Iterator[TableAccess]:
    """Yield the access to storage.objects, where the project has a bucket or a policy on it."""
    objects = observation.catalog.by_label.get("storage.objects")
    if objects is None:
        return
    buckets = _buckets(observation.connection, objects)
    if not buckets:
        return
    folders = list(_folders(observation, buckets))
    cells: list[Cell] = []
    for folder in folders:
        ids = {key: _object(observation, objects, folder, key) for key in (OWNER, OTHER)}
        if ids[OWNER] is None:
            continue
        for knocker in personas:
            cells += _cells(observation, objects, folder, knocker, str(ids[OWNER]))
    order = {column.name: column.number for column in objects.columns}
    yield TableAccess(
        relation="storage.objects",
        kind="table",
        owner_path="folder or owner",
        owned=True,
        rls=objects.rls,
        accesses=collapse(cells, order),
        policies=tuple(policy_text(objects, policy) for policy in objects.policies),
        reads=read_conditions(objects),
        public_rows=tuple(f"other in {folder.label}" for folder in folders if folder.public),
    )


def _buckets(connection: Connection[Any], objects: Relation) -> dict[str, bool]:
    """Return the buckets there are, and those that policies name, with whether each is public."""
    rows = connection.execute("select id, public from storage.buckets order by id").fetchall()
    found = {str(name): bool(public) for name, public in rows}
    for policy in objects.policies:
        for name in re.findall(r"bucket_id\)? = '([^']+)'", policy.text):
            if name not in found:
                found[name] = False
                connection.execute(
                    "insert into storage.buckets (id, name) values (%s, %s) on conflict do nothing",
                    (name, name),
                )
    return dict(list(found.items())[:_MOST_BUCKETS])


def _folders(observation: Observation, buckets: dict[str, bool]) -> Iterator[_Folder]:
    actors = observation.world.actors
    users = {key: actors[key].id for key in (OWNER, OTHER, VICTIM)}
    tenants = [r for r in observation.catalog.own_relations if observation.ownership[r.oid].members]
    for bucket, public in buckets.items():
        yield _Folder(bucket, public, "user", users)
        for tenant in tenants[:2]:
            rows = {key: observation.world.row(tenant, key) for key in (OWNER, OTHER)}
            if len(tenant.primary_key) == 1 and all(rows.values()):
                name = tenant.primary_key[0]
                ids = {key: str(row.values[name]) for key, row in rows.items() if row}
                yield _Folder(bucket, public, tenant.name, ids)


def _object(observation: Observation, objects: Relation, folder: _Folder, key: str) -> str | None:
    values = _values(observation, objects, folder, key, "world.txt")
    text = "".join(
        ("savepoint w;", insert(objects, values, "returning id::text"), ";release savepoint w")
    )
    try:
        cursor = observation.connection.execute(text)
    except psycopg.Error:
        observation.connection.execute("rollback to savepoint w")
        return None
    while cursor.description is None and cursor.nextset():
        pass
    row = cursor.fetchone()
    return str(row[0]) if row else None


def _values(
    observation: Observation, objects: Relation, folder: _Folder, key: str, name: str
) -> dict[str, str | None]:
    owner = observation.world.actors[key].id
    values: dict[str, str | None] = {
        "bucket_id": folder.bucket,
        "name": f"{folder.names.get(key, key)}/{name}",
        "owner": owner,
        "owner_id": owner,
    }
    return {column: value for column, value in values.items() if column in objects.by_name}


def _cells(
    observation: Observation, objects: Relation, folder: _Folder, knocker: Knocker, target: str
) -> Iterator[Cell]:
    mine = "own" if knocker.actor == OWNER else "other"
    rows = f"{mine} in {folder.label}"
    where = "".join((" where id = ", literal(target), "::uuid"))
    gone = "".join(
        (
            "select array(select 'gone' where not exists (select 1 from storage.objects",
            where,
            " and name not like '%moved%'))",
        )
    )
    update = "update storage.objects set name = name || '.moved'"
    blind = "update storage.objects set name = 'moved' || gen_random_uuid()"
    probes = [
        Probe(
            "x",
            rows,
            "select",
            "where",
            None,
            "".join(("select id, name from storage.objects", where)),
        ),
        Probe("gone", rows, "update", "where", None, update + where, None, gone),
        Probe("gone", rows, "update", "no where", None, blind, None, gone),
        Probe(
            "gone",
            rows,
            "delete",
            "where",
            None,
            "".join(("delete from storage.objects", where)),
            DELETING,
            gone,
        ),
        Probe(
            "gone", rows, "delete", "no where", None, "delete from storage.objects", DELETING, gone
        ),
    ]
    values = _values(observation, objects, folder, OWNER, "new.txt")
    probes.append(Probe("x", rows, "insert", "values", None, insert(objects, values)))
    if knocker.actor is not None and knocker.actor != OWNER:
        forged = values | {
            n: observation.world.actors[knocker.actor].id
            for n in ("owner", "owner_id")
            if n in objects.by_name
        }
        probes.append(Probe("x", rows, "insert", "own name", None, insert(objects, forged)))
    outcomes = run(observation, knocker.persona, probes)
    control = run(observation, Persona("control", observation.superuser, None), probes)
    for probe, outcome, proof in zip(probes, outcomes, control, strict=True):
        verdict = _verdict(probe, outcome, proof)
        yield Cell(
            knocker.name,
            rows,
            probe.command,
            probe.form,
            None,
            verdict,
            probe.statement,
            outcome.message,
            outcome.state,
            outcome.constraint,
        )


def _verdict(probe: Probe, outcome: Outcome, control: Outcome) -> Verdict:
    through = bool(outcome.labels) if probe.question else outcome.touched > 0
    if outcome.state is None:
        if through:
            return Verdict.ALLOWED
        proven = bool(control.labels) if probe.question else control.touched > 0
        return Verdict.FILTERED if proven or control.state else Verdict.UNPROVEN
    if outcome.state == "42501":
        rejected = "row-level security" in (outcome.message or "")
        return Verdict.REJECTED if rejected else Verdict.DENIED
    return Verdict.REFUSED


def binds_users(relation: Relation) -> bool:
    """Whether a policy of a relation concerns users at all."""
    return any(policy.binds(ANON) or policy.binds(AUTHENTICATED) for policy in relation.policies)
