"""The statements that are tried on files: read, upload, change, remove, take over, move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.services.storage_world import (
    ANOTHERS,
    MIXED,
    Folder,
    Stored,
    path_of,
    values_of,
)
from prospectr_db.access.writing.statements import delete, equals, insert, literal, typed, update
from prospectr_db.database.catalog import Relation

__all__ = ["DELETING", "changed", "first_probes", "moves", "takeovers", "upload", "whose"]

# The Storage API deletes through SQL with this setting; without it a trigger refuses everybody.
DELETING = "select pg_catalog.set_config('storage.allow_delete_query', 'true', true)"
_OWNERS = ("owner", "owner_id")
_WATCHED = ("bucket_id", "name", *_OWNERS)
_ODD = "extension=exe"
"""An extension that nobody accepts who asks for one."""


def whose(knocker: Knocker) -> str:
    """Return whose the owner's files are to somebody."""
    return "own" if knocker.actor == OWNER else "other"


def changed(objects: Relation, files: Sequence[Stored]) -> str:
    """Return the question which files have another name, bucket or owner, or are gone."""
    names = [name for name in _WATCHED if name in objects.by_name]
    rows = ", ".join(
        "".join(
            (
                "(",
                ", ".join(
                    (
                        typed(objects, "id", file.id),
                        *(typed(objects, name, file.values[name]) for name in names),
                    )
                ),
                ")",
            )
        )
        for file in files
    )
    same = " and ".join(f"o.{name} is not distinct from w.{name}" for name in names)
    return " ".join(
        (
            "select array(select w.id::text from (values",
            rows,
            f") as w (id, {', '.join(names)}) where not exists (select 1 from",
            objects.sql_name,
            "as o where o.id = w.id and",
            same,
            "))",
        )
    )


def first_probes(
    observation: Observation,
    objects: Relation,
    folders: Sequence[Folder],
    files: Sequence[Stored],
    knocker: Knocker,
) -> Iterator[tuple[Probe, Stored | None]]:
    """Yield what is tried first, each with the file that it is about."""
    question = changed(objects, files)
    for file in files:
        if file.state in (ANOTHERS, *MIXED) and knocker.actor != OWNER:
            continue  # to everybody else it is another's, as any other
        rows, where = file.rows(whose(knocker)), equals(objects, {"id": file.id})
        head, _, tail = str(file.values["name"]).rpartition("/")
        text = " ".join(("select id, name from", objects.sql_name, "where", where))
        yield Probe(None, rows, "select", "where", None, text), file
        text = update(objects, {"name": f"{head}/moved-{tail}"}, where)
        yield Probe(file.id, rows, "update", "where", None, text, None, question), file
        text = delete(objects, where)
        yield Probe(file.id, rows, "delete", "where", None, text, DELETING, question), file
        if not file.state:
            for state, change in file.folder.row_states.items():
                for probe in _in_state(objects, file, knocker, state, change, question):
                    yield probe, None
    for folder in folders:
        for probe in _uploads(observation, objects, folder, knocker):
            yield probe, None


def _in_state(
    objects: Relation, file: Stored, knocker: Knocker, state: str, change: str, question: str
) -> Iterator[Probe]:
    """Yield the same of a file while one of the rows that its folders name is in a state."""
    rows, where = f"{file.rows(whose(knocker))} [{state}]", equals(objects, {"id": file.id})
    text = " ".join(("select id, name from", objects.sql_name, "where", where))
    yield Probe(None, rows, "select", "where", None, text, change)
    head, _, tail = str(file.values["name"]).rpartition("/")
    text = update(objects, {"name": f"{head}/moved-{tail}"}, where)
    yield Probe(file.id, rows, "update", "where", None, text, change, question)
    prepared = "; ".join((change, DELETING))
    yield Probe(file.id, rows, "delete", "where", None, delete(objects, where), prepared, question)


def _uploads(
    observation: Observation, objects: Relation, folder: Folder, knocker: Knocker
) -> Iterator[Probe]:
    mine = knocker.actor == OWNER
    for state in ("", *folder.states, *((ANOTHERS, *folder.mixed, _ODD) if mine else ())):
        values = values_of(observation, objects, folder, OWNER, "new", state=state)
        rows = Stored("", folder, state, values).rows(whose(knocker))
        yield Probe(None, rows, "insert", "values", None, insert(objects, values))
        if not state:
            for name, change in folder.row_states.items():
                there = f"{rows} [{name}]"
                yield Probe(None, there, "insert", "values", None, insert(objects, values), change)
        actor = observation.world.actors.get(knocker.actor or "")
        if mine or (actor is not None and (folder.is_users or actor.world != OWNER)):
            continue  # into a stranger's folder under his own name: asked of the owner
        # Visitors have no name; colleagues upload into their tenant's folder under theirs.
        forged = values_of(
            observation, objects, folder, knocker.actor, "new", state=state, owner=knocker.actor
        )
        if actor is None:
            forged["name"] = values["name"]
        yield Probe(None, rows, "insert", "own name", None, insert(objects, forged))


def takeovers(
    observation: Observation,
    objects: Relation,
    folders: Sequence[Folder],
    files: Sequence[Stored],
    knocker: Knocker,
    refused: Sequence[Stored],
) -> Iterator[tuple[Probe, Stored | None]]:
    """Yield what brings somebody else's file into one's own folder, under one's own name.

    A policy whose check asks for nothing else lets that through for each row it lets one change;
    without WHERE not even a policy for SELECT is asked (PostgreSQL manual, "CREATE POLICY").
    """
    question = changed(objects, files)
    for folder in folders:
        values = values_of(
            observation, objects, folder, knocker.actor, "taken", owner=knocker.actor
        )
        for file in refused:
            text = update(objects, values, equals(objects, {"id": file.id}))
            rows = file.rows(whose(knocker))
            yield Probe(file.id, rows, "update", "where", None, text, None, question), file
        path = path_of(observation, folder, knocker.actor)
        text = _blind(objects, values, path, folder.extension)
        yield Probe(None, "", "update", "no where", None, text, None, question), None
    text = delete(objects)
    yield Probe(None, "", "delete", "no where", None, text, DELETING, question), None


def _blind(objects: Relation, values: Mapping[str, str | None], path: str, extension: str) -> str:
    """Return an UPDATE of whatever it reaches: several files, so that each gets its own name."""
    rest = {column: value for column, value in values.items() if column != "name"}
    name = " || gen_random_uuid() || ".join((literal(f"{path}/"), literal(f".{extension}")))
    if not rest:
        return " ".join(("update", objects.sql_name, "set name =", name))
    return ", name = ".join((update(objects, rest), name))


def moves(
    observation: Observation,
    objects: Relation,
    folders: Sequence[Folder],
    files: Sequence[Stored],
    knocker: Knocker,
    changeable: Sequence[Stored],
) -> Iterator[tuple[Probe, Stored, Folder | str]]:
    """Yield what brings a file that one may change to where it was not: a bucket, a folder.

    Without WHERE it is tried as the only file there is: another of one's own that must not be moved
    would end the statement, and most users have files in one bucket.
    """
    question = changed(objects, files)
    buckets = {folder.bucket: folder for folder in reversed(folders)}
    for file in changeable:
        where, mine = equals(objects, {"id": file.id}), whose(knocker)
        alone = delete(objects, " ".join(("id <>", typed(objects, "id", file.id))))
        for bucket, folder in sorted(buckets.items()):
            if bucket == file.folder.bucket:
                continue
            goal = file.rows(mine, bucket)
            for form, condition, before in (("where", where, None), ("no where", "", alone)):
                text = update(objects, {"bucket_id": bucket}, condition)
                probe = Probe(file.id, goal, "update", form, None, text, before, question)
                yield probe, file, folder
        if knocker.actor != OWNER or file.state in (ANOTHERS, *MIXED):
            continue
        for there, path in _folders_of_others(observation, file.folder):
            name = f"{path}/{str(file.values['name']).rpartition('/')[2]}"
            blind = _blind(objects, {}, path, file.folder.extension)
            goal = file.rows(mine, there)
            for form, text, before in (
                ("where", update(objects, {"name": name}, where), None),
                ("no where", blind, alone),
            ):
                yield Probe(file.id, goal, "update", form, None, text, before, question), file, path


def _folders_of_others(observation: Observation, folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield the folders that are not a file's owner's, or not by one of two ids."""
    yield "another's folder", path_of(observation, folder, folder.stranger)
    for state in folder.mixed:
        named = f"another's {'second' if state == MIXED[0] else 'first'} folder"
        yield named, folder.half(observation.world.actors, state)


def upload(
    observation: Observation,
    objects: Relation,
    file: Stored,
    goal: Folder | str,
    knocker: Knocker,
) -> Probe:
    """Return the INSERT that brings a file to where it can be moved, for who may do so anyway."""
    values = dict(file.values)
    if isinstance(goal, Folder):
        values["bucket_id"] = goal.bucket
    else:
        values["name"] = f"{goal}/{str(values['name']).rpartition('/')[2]}"
    head, _, tail = str(values["name"]).rpartition("/")
    actor = observation.world.actors.get(knocker.actor or "")
    values |= {name: actor.id if actor else None for name in _OWNERS if name in values}
    values["name"] = f"{head}/copied-{tail}"
    return Probe(None, "", "insert", "values", None, insert(objects, values))
