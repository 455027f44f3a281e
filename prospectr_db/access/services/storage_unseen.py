"""Policies on files through which nothing came that was tried: they are held by their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.policies.expressions import near
from prospectr_db.access.services.storage_world import Folder, Stored, values_of
from prospectr_db.access.tables.unseen import Doubt, Rows, holding_for_nobody, is_nobodys
from prospectr_db.database.catalog import Policy, Relation

__all__ = ["unseen_file_policies"]

_MOST_FILES = 40


def unseen_file_policies(
    observation: Observation,
    objects: Relation,
    folders: Sequence[Folder],
    files: Sequence[Stored],
    personas: Sequence[Knocker],
    cells: Iterable[Cell],
) -> list[Policy]:
    """Return the policies that hold for no file and nobody.

    What got through by a command about which a role has one policy came through that. Files are
    many and their policies alike, so that each other is asked by itself and only about files of the
    buckets that it names.
    """
    people = [k for k in personas if k.persona.role not in observation.catalog.above_rls]
    roles = {knocker.persona.role for knocker in people}
    role_of = {knocker.name: knocker.persona.role for knocker in people}
    allowed = [c for c in cells if c.verdict is Verdict.ALLOWED and c.persona in role_of]
    through = {(role_of[cell.persona], cell.command) for cell in allowed}
    doubts = [
        Doubt(objects, policy, partial(_rows, observation, objects, folders, files, policy))
        for policy in objects.policies
        if any(policy.binds(role) for role in roles) and not is_nobodys(policy)
        if not any(_only(objects, role, command) == [policy] for role, command in through)
    ]
    left = holding_for_nobody(observation, people, doubts, most=_MOST_FILES)
    return [doubt.policy for doubt in left]


def _only(objects: Relation, role: str, command: str) -> list[Policy]:
    """Return the policies that let a role through by a command."""
    return [
        p
        for p in objects.policies
        if p.permissive and p.binds(role) and p.command in (command, "all")
    ]


def _rows(
    observation: Observation,
    objects: Relation,
    folders: Sequence[Folder],
    files: Sequence[Stored],
    policy: Policy,
    knocker: Knocker,
) -> Rows:
    """Yield a new file of the user's own in each folder, and the owner's files."""
    named = near("bucket_id", policy.text)
    for folder in folders:
        if not named or folder.bucket in named:
            key = knocker.actor
            mine = values_of(observation, objects, folder, key, "new", owner=key)
            yield _whole(objects, mine), None
    for file in files:
        if not named or file.folder.bucket in named:
            yield _whole(objects, {"id": file.id, **file.values}), None


def _whole(objects: Relation, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Add what the server makes of a file's name."""
    tokens = ",".join(f'"{part}"' for part in str(values["name"]).split("/"))
    made = {"path_tokens": "{" + tokens + "}"} if "path_tokens" in objects.by_name else {}
    return {**made, **values}
