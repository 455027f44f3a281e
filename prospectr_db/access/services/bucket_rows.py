"""Buckets as rows: who may list them, make one, make one public, remove one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import psycopg

from prospectr_db.access.matrix.matrix import Cell, TableAccess, Verdict, collapse
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.judging import plain_verdict
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.services.storage_probes import DELETING
from prospectr_db.access.tables.summing_up import policy_text
from prospectr_db.access.tables.untried import untried_policies
from prospectr_db.access.writing.statements import equals, insert, update
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["observe_bucket_rows"]

_OWNERS = ("owner", "owner_id")
_GIVEN = ("id", "name", *_OWNERS)
_SETTINGS = {
    "public": "true",
    "file_size_limit": "4242",
    "allowed_mime_types": "{text/x-prospectr}",
}
_MOST_NAMED = 4
_NAMED = re.compile(r"\b(?:id|name)\)? = '([^']+)'")


def observe_bucket_rows(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield the access to storage.buckets, where the project has a policy on it.

    The Storage API asks the database as the caller, so these policies decide who creates buckets
    and who makes one public (Supabase's documentation, "Storage Access Control").
    """
    buckets = observation.catalog.by_label.get("storage.buckets")
    if buckets is None or (buckets.rls and not buckets.policies):
        return
    targets, problem = _build(observation, buckets)
    cells: list[Cell] = []
    passed: dict[str, list[tuple[Knocker, Probe]]] = {
        name: [] for name in ("select", "insert", "update", "delete")
    }
    for knocker in personas if problem is None else ():
        if not knocker.visits(buckets.oid):
            continue
        probes = list(_probes(observation, buckets, knocker, targets))
        outcomes = run(observation, knocker.persona, probes)
        for probe, outcome in zip(probes, outcomes, strict=True):
            cells.append(_cell(knocker, probe, outcome))
            through = outcome.state is None and outcome.touched > 0
            if through and knocker.persona.role != "service_role":
                passed[probe.command].append((knocker, probe))
    columns = tuple(c.name for c in buckets.columns if c.name in (*_GIVEN, *_SETTINGS))
    yield TableAccess(
        relation=buckets.label,
        kind="table",
        owner_path="owner",
        owned=True,
        rls=buckets.rls,
        accesses=collapse(cells, {column.name: column.number for column in buckets.columns}),
        unbuildable=(f"{OWNER}: {problem}",) if problem else (),
        columns=columns,
        writable=columns,
        policies=tuple(policy_text(buckets, policy) for policy in buckets.policies),
        # Where no policy asks whose a bucket is, its name and limits are nobody's secret.
        public_rows=() if _asks_for_owner(buckets) else ("other",),
        untried=() if problem else untried_policies(observation, buckets, passed),
    )


def _asks_for_owner(buckets: Relation) -> bool:
    return any(
        name in _OWNERS
        for policy in buckets.policies
        for oid, name in policy.reads
        if oid == buckets.oid
    )


def _build(
    observation: Observation, buckets: Relation
) -> tuple[dict[str, tuple[str, str]], str | None]:
    """Make the owner's bucket and one of nobody's; return row class by (id, owner), and a problem.

    The classes are those of the owner: whose own bucket it is, nobody's, and each that has a name.
    """
    named = [v for policy in buckets.policies for v in _NAMED.findall(policy.text)]
    wanted = {
        "own": ("prospectr-own", OWNER),
        "orphan": ("prospectr-nobodys", ""),
        **{f"orphan [id={name}]": (name, "") for name in dict.fromkeys(named[:_MOST_NAMED])},
    }
    try:
        with observation.connection.transaction():
            for name, owner in wanted.values():
                values = _values(observation, buckets, name, owner)
                text = insert(buckets, values, "on conflict do nothing")
                observation.connection.execute(text)
    except psycopg.Error as error:
        return {}, str(error.diag.message_primary)
    return wanted, None


def _values(
    observation: Observation, buckets: Relation, name: str, owner: str
) -> dict[str, str | None]:
    holder = observation.world.actors[owner].id if owner else None
    values = {"id": name, "name": name, "owner": holder, "owner_id": holder}
    return {column: value for column, value in values.items() if column in buckets.by_name}


def _probes(
    observation: Observation,
    buckets: Relation,
    knocker: Knocker,
    targets: Mapping[str, tuple[str, str]],
) -> Iterator[Probe]:
    for kind, (name, owner) in targets.items():
        rows = "other" if owner and knocker.actor != owner else kind
        where = equals(buckets, {"id": name})
        columns = ", ".join(quote_identifier(c.name) for c in buckets.columns)
        text = " ".join(("select", columns, "from", buckets.sql_name, "where", where))
        yield Probe("x", rows, "select", "where", None, text)
        taker = observation.world.actors[OTHER].id
        changes = {"name": f"{name}-renamed", **dict.fromkeys(_OWNERS, taker), **_SETTINGS}
        for column, value in changes.items():
            if column in buckets.by_name:
                text = update(buckets, {column: value}, where)
                yield Probe("x", rows, "update", "where", column, text)
        text = " ".join(("delete from", buckets.sql_name, "where", where))
        yield Probe("x", rows, "delete", "where", None, text, DELETING)
    strange = OWNER if knocker.actor != OWNER else OTHER
    makers = {"own": knocker.actor, "other": strange, "orphan": ""}
    for rows, maker in makers.items():
        if maker is None:
            continue
        base = _values(observation, buckets, "prospectr-new", maker)
        for column in base:
            yield Probe("x", rows, "insert", "values", column, insert(buckets, base))
        for column, value in _SETTINGS.items():
            if column in buckets.by_name:
                text = insert(buckets, {**base, column: value})
                yield Probe("x", rows, "insert", "values", column, text)


def _cell(knocker: Knocker, probe: Probe, outcome: Outcome) -> Cell:
    verdict = plain_verdict(outcome, None)
    # A file in the bucket refuses its removal: whoever gets as far may remove an empty one.
    passed = verdict is Verdict.REFUSED and bool(outcome.constraint) and not outcome.from_function
    return Cell(
        knocker.name,
        probe.rows,
        probe.command,
        probe.form,
        probe.column,
        verdict,
        probe.statement,
        outcome.message,
        outcome.state,
        outcome.constraint,
        passed,
    )
