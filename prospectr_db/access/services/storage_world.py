"""The files that are tried: in whose folder, uploaded by whom, and in which states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prospectr_db.access.observation import Observation
from prospectr_db.access.policies.expressions import near, normalise
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.services.storage_folders import (
    ANOTHERS,
    MIXED,
    Folder,
    of_layout,
    with_seconds,
)
from prospectr_db.access.services.storage_paths import find_layouts, named_layout
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Policy, Relation

__all__ = [
    "ANOTHERS",
    "ANY_OTHER",
    "MIXED",
    "Folder",
    "Stored",
    "files_in",
    "find_folders",
    "path_of",
    "values_of",
]

ANY_OTHER = "any other bucket"
"""A bucket that no policy names, as whoever makes the next one will have."""
_SERVERS = "owner_id=null"
_MOST_BUCKETS = 8
_MOST_TENANTS = 2
_MOST_STATES = 4
_NAME = r"(?:\w+\.)?name"
_LITERAL = r"(?:ANY )?(?:ARRAY)?\[?'([^']+)'"
_EXTENSIONS = (
    re.compile(rf"extension {_NAME} (?:=|IN|~~\*?) {_LITERAL}", re.IGNORECASE),
    re.compile(rf"\b{_NAME} ~~\*? '%\.(\w+)'"),
)
_FOLDERS = (
    re.compile(rf"foldername {_NAME} ?\[1\] (?:=|IN) {_LITERAL}", re.IGNORECASE),
    re.compile(rf"split_part {_NAME}, '/', 1 (?:=|IN) {_LITERAL}", re.IGNORECASE),
    re.compile(rf"\bpath_tokens ?\[1\] = {_LITERAL}"),
    re.compile(rf"\b{_NAME} ~~\*? '([^'%_/]+)/%'"),
    re.compile(rf"(?:starts_with {_NAME},|\b{_NAME} \^@) '([^'/]+)/'"),
)
_KEY = re.compile(
    r"\b(user_metadata|metadata)\s*((?:->>?\s*'[^']*'\s*)+)"
    rf"(?:(?:=|IS NOT DISTINCT FROM|IN|~~\*?)\s*{_LITERAL})?"
)
_CONTAINED = re.compile(r"\b(user_metadata|metadata) @> '(\{[^']*\})'")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the owner's. ``state`` tells what is unusual about it; empty for his usual one."""

    id: str
    folder: Folder
    state: str
    values: Mapping[str, str | None]

    def rows(self, whose: str, goal: str = "") -> str:
        """Return the row class: ``own in docs/user to avatars [folder=another]``."""
        state = f" [{self.state}]" if self.state else ""
        to = f" to {goal}" if goal else ""
        return f"{whose} in {self.folder.label}{to}{state}"


def find_folders(observation: Observation, objects: Relation) -> list[Folder]:
    """Return the folders of each bucket that there is, or that a policy names."""
    found: list[Folder] = []
    users = {key: actor.id for key, actor in observation.world.actors.items()}
    tenants = _of_tenants(observation)
    for bucket, public in _buckets(observation, objects).items():
        policies = list(_policies_about(objects, bucket))
        texts = [normalise(policy.text) for policy in policies]
        extension = next((e for t in texts for p in _EXTENSIONS for e in p.findall(t)), "txt")
        extension = extension.replace("%", "").strip(".") or "txt"
        states = dict(list(_states(texts))[:_MOST_STATES])
        own = Folder(bucket, public, "user", users, extension, states)
        mine = {own.kind: own}
        for kind, names in tenants.items() if bucket != ANY_OTHER else ():
            mine[kind] = replace(own, kind=kind, names=names)
        known = [
            named_layout(observation, place.removeprefix(f"{bucket}/"))
            for place in sorted(observation.given.folders)
            if place.startswith(f"{bucket}/") and place.removeprefix(f"{bucket}/") not in mine
        ]
        layouts = [*find_layouts(observation, policies), *filter(None, known)]
        asked = [of_layout(observation, own, some) for some in layouts]
        asked = list({one.kind: one for one in asked}.values())
        mine |= {one.kind: one for one in asked if "/" not in one.kind and one.kind not in mine}
        if bucket != ANY_OTHER:
            seconds = with_seconds(observation, objects, list(mine.values()))
            mine |= {folder.kind: folder for folder in seconds}
        found += [*mine.values(), *(one for one in asked if one.kind not in mine)]
    return found


def _of_tenants(observation: Observation) -> dict[str, Mapping[str, str]]:
    """Return the names of tenants' folders, by what a tenant is."""
    found: dict[str, Mapping[str, str]] = {}
    tenants = [r for r in observation.catalog.own_relations if observation.ownership[r.oid].members]
    for tenant in tenants[:_MOST_TENANTS]:
        rows = {key: observation.world.row(tenant, key) for key in (OWNER, OTHER)}
        if len(tenant.primary_key) == 1 and all(rows.values()):
            name = tenant.primary_key[0]
            found[tenant.name] = {key: str(row.values[name]) for key, row in rows.items() if row}
    return found


def _buckets(observation: Observation, objects: Relation) -> dict[str, bool]:
    """Return the buckets there are, and those that policies name, with whether each is public."""
    connection = observation.connection
    rows = connection.execute("select id, public from storage.buckets order by id").fetchall()
    found = {str(name): bool(public) for name, public in rows}
    named = [name for policy in objects.policies for name in near("bucket_id", policy.text)]
    found |= {name: False for name in named if name not in found}
    found = dict(list(found.items())[:_MOST_BUCKETS])
    if objects.policies:
        found[ANY_OTHER] = False
    for name in found:
        connection.execute(
            "insert into storage.buckets (id, name) values (%s, %s) on conflict do nothing",
            (name, name),
        )
    return found


def _policies_about(objects: Relation, bucket: str) -> Iterator[Policy]:
    for policy in objects.policies:
        named = near("bucket_id", policy.text)
        if not named or bucket in named:
            yield policy


def _states(texts: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the states that policies can tell files apart by, with what a file has in each."""
    for text in texts:
        for pattern in _FOLDERS:
            for name in pattern.findall(text):
                yield f"folder={name}", {"folder": name}
        for column, arrows, value in _KEY.findall(text):
            keys = re.findall(r"'([^']*)'", arrows)
            plain = (value or "true").replace("%", "")
            document: Any = plain
            for key in reversed(keys):
                document = {key: document}
            yield f"{column}:{':'.join(keys)}={plain}", {column: json.dumps(document)}
        for column, document in _CONTAINED.findall(text):
            yield f"{column}={document}", {column: document}


def path_of(observation: Observation, folder: Folder, key: str | None) -> str:
    """Return the folder that is an actor's own; below his tenant's, or his row's, if in such."""
    actor = observation.world.actors.get(key or "")
    if actor is None:
        return "public"
    if folder.seconds:
        return "/".join(folder.both(actor, actor.world))
    first = folder.first(actor)
    return first if actor.id in first else f"{first}/{actor.id}"


def values_of(
    observation: Observation,
    objects: Relation,
    folder: Folder,
    key: str | None,
    file: str,
    *,
    state: str = "",
    owner: str | None = OWNER,
) -> dict[str, str | None]:
    """Return the columns of a file in the folder of ``key``, uploaded by ``owner``."""
    actors = observation.world.actors
    changes = dict(folder.states.get(state, {}))
    path = path_of(observation, folder, key)
    extension = folder.extension
    if state == ANOTHERS:
        # With his own id further down: where a name merely has it anywhere, that is seen.
        other = folder.first(actors[folder.stranger])
        path = (
            path_of(observation, folder, OTHER) if folder.seconds else f"{other}/{actors[OWNER].id}"
        )
    elif state in MIXED:
        path = folder.half(actors, state)
    elif state.startswith("extension="):
        extension = state.partition("=")[2]
    elif "folder" in changes:
        path = f"{changes.pop('folder')}/{path}"
    holder = None if owner is None or state == _SERVERS else actors[owner].id
    values: dict[str, str | None] = {
        "bucket_id": folder.bucket,
        "name": f"{path}/{file}.{extension}",
        "owner": holder,
        "owner_id": holder,
        **changes,
    }
    return {column: value for column, value in values.items() if column in objects.by_name}


def files_in(
    observation: Observation, objects: Relation, folders: Sequence[Folder]
) -> Iterator[Stored]:
    """Yield the owner's files in each folder: his own, the server's, and his in another's."""
    number = 0
    for folder in folders:
        for state in ("", _SERVERS, ANOTHERS, *folder.mixed, *folder.states):
            seed = f"file {folder.label} {state}"
            # Its own name in each bucket, so that nothing is in its way where it is moved.
            file = f"world-{folder.kind.replace('/', '-')}-{folder.bucket}"
            values = values_of(observation, objects, folder, OWNER, file, state=state)
            if state not in ("", ANOTHERS, *MIXED) and not folder.states.get(state, {}).get(
                "folder"
            ):
                head, _, tail = str(values["name"]).rpartition("/")
                values["name"] = f"{head}/{number}-{tail}"
            yield Stored(seeded_uuid(seed, OWNER), folder, state, values)
            number += 1
