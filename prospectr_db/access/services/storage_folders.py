"""The folders of a bucket by whose they are: a user's or a tenant's, and those of rows below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prospectr_db.access.observation import Observation
from prospectr_db.access.policies.expressions import near
from prospectr_db.access.policies.reach import called_functions
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Actor
from prospectr_db.access.services.storage_paths import HOLE, USER, Part
from prospectr_db.database.catalog import Relation

__all__ = ["ANOTHERS", "MIXED", "Folder", "of_layout", "with_seconds"]

ANOTHERS = "folder=another"
"""The state of a file that its owner uploaded into somebody else's folder."""
MIXED = ("folder=own/another", "folder=another/own")
"""The same of a folder with two ids in it, one of which is somebody else's."""
_MOST_SECONDS = 2
_SECOND = re.compile(
    r"(?:foldername|path_tokens|string_to_array)[^;]*?\[2\]|split_part[^;]*?'/'(?:::text)?, 2\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A bucket and the first folder of a name in it, per universe: a user's, a tenant's, a row's.

    ``kind`` says whose it is; ``names`` are those of several folders where it speaks of such.
    ``extension`` is one that the policies accept, ``states`` what else they tell files apart by.
    ``seconds`` are the ids of the rows that the second folder of a name says, where policies ask
    for it (``workspaces/projects``), ``row_states`` what brings the owner's two into their states.
    """

    bucket: str
    public: bool
    kind: str
    names: Mapping[str, str]
    extension: str = "txt"
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seconds: Mapping[str, str] = field(default_factory=dict)
    row_states: Mapping[str, str] = field(default_factory=dict)

    @property
    def mixed(self) -> tuple[str, ...]:
        """The states of files one of whose two folders is somebody else's."""
        return MIXED if self.seconds else ()

    @property
    def stranger(self) -> str:
        """Whose folder another's is: of somebody who has the rows that it takes."""
        return VICTIM if self.kind == "user" else OTHER

    @property
    def is_users(self) -> bool:
        """Whether the first folder of a name is a user's id."""
        return self.kind.partition("/")[0] == "user"

    def both(self, actor: Actor, world: str) -> tuple[str, str]:
        """Return the two folders of somebody: his own or his tenant's, and the row's."""
        return self.first(actor), self.seconds.get(world, world)

    def first(self, actor: Actor) -> str:
        """Return the folder, or all but the second, that is somebody's."""
        if self.kind == "user":
            return actor.id
        return self.names.get(actor.world, actor.world).replace(HOLE, actor.id)

    def half(self, actors: Mapping[str, Actor], state: str) -> str:
        """Return the folders of a file of which the owner's is one, as its state says."""
        (mine, my_row), (theirs, their_row) = (
            self.both(actors[key], key) for key in (OWNER, OTHER)
        )
        return f"{mine}/{their_row}" if state == MIXED[0] else f"{theirs}/{my_row}"

    @property
    def label(self) -> str:
        """The bucket and whose folders: ``docs/user``."""
        return f"{self.bucket}/{self.kind}"


def of_layout(observation: Observation, folder: Folder, layout: Sequence[Part]) -> Folder:
    """Return the folders of a bucket that policies ask for, with what else they tell files by."""
    kind = "/".join(part.said for part in layout)
    tables = [part.said.partition(".")[0] for part in layout if part.is_id]
    folder = replace(folder, row_states=dict(_row_states(observation, tables)))
    if len(layout) > 1:
        folder = replace(folder, states={})
    if len(layout) == 2 and (layout[0] == USER or layout[0].is_id):
        return replace(folder, kind=kind, names=layout[0].names, seconds=layout[1].names)
    names = {key: "/".join(part.names[key] for part in layout) for key in (OWNER, OTHER)}
    return replace(folder, kind=kind, names=names)


def with_seconds(
    observation: Observation, objects: Relation, folders: Sequence[Folder]
) -> Iterator[Folder]:
    """Yield the folders of a bucket once more, each with those of rows below it.

    Only where a policy about the bucket, or a function behind it, asks for the second folder. Which
    table's id that is nobody says outright: it may be any that they name.
    """
    said = " ".join(_texts(observation, objects, folders[0].bucket)) if folders else ""
    if not _SECOND.search(said):
        return
    words = set(re.findall(r"\w+", said))
    for folder in folders:
        tables = [
            relation
            for relation in observation.catalog.own_relations
            if relation.name in words and relation.name != folder.kind
            if observation.ownership[relation.oid].owned and len(relation.primary_key) == 1
            if not observation.ownership[relation.oid].user_keyed
        ]
        for relation in tables[:_MOST_SECONDS]:
            name = relation.primary_key[0]
            rows = {key: observation.world.row(relation, key) for key in (OWNER, OTHER)}
            ids = {key: str(row.values[name]) for key, row in rows.items() if row}
            if len(set(ids.values())) == len(rows):
                kind = f"{folder.kind}/{relation.name}"
                found = dict(_row_states(observation, (folder.kind, relation.name)))
                yield replace(folder, kind=kind, seconds=ids, states={}, row_states=found)


def _row_states(observation: Observation, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the states of the owner's rows in some tables, and what brings them there."""
    for relation in observation.catalog.own_relations:
        row = observation.world.row(relation, OWNER)
        if relation.name in names and row is not None:
            for name, change in observation.plan(relation).own_states(row):
                yield f"{relation.name}.{name}", change


def _texts(observation: Observation, objects: Relation, bucket: str) -> Iterator[str]:
    """Yield what the policies about a bucket say, and the functions that they call."""
    catalog = observation.catalog
    for policy in objects.policies:
        named = near("bucket_id", policy.text)
        if not named or bucket in named:
            yield policy.text
            for oid in sorted(policy.functions):
                function = catalog.function_by_oid.get(oid)
                if function is not None:
                    yield function.source
                    yield from (other.source for other in called_functions(catalog, function))
