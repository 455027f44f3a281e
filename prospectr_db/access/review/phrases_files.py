"""An access to files in words: whose, in which bucket, and where they can be moved."""

from __future__ import annotations

import re

from prospectr_db.access.matrix.matrix import Access

__all__ = ["file_phrase"]

_ROWS = re.compile(r"(own|other) in (.+?)(?: to (.+?))?(?: \[(.*)\])?$")
_VERBS = {"select": "read", "insert": "upload", "update": "change", "delete": "remove"}
_STATES = {
    "folder=another": "in somebody else's folder",
    "folder=own/another": "in their own folder, below it somebody else's",
    "folder=another/own": "in their own folder below somebody else's",
    "owner_id=null": "that have no owner",
}


def file_phrase(access: Access, subject_can: str) -> str | None:
    """Return what can be done to files, as a sentence without its full stop; None for other rows.

    ``subject_can`` is who can, or can no longer: the words before the verb.
    """
    found = _ROWS.match(access.rows)
    if found is None:
        return None
    whose, place, goal, state = found.groups()
    files = "their own files" if whose == "own" else "other people's files"
    how = f" {_STATES.get(state, f'where {state}')}" if state else ""
    if access.command == "insert":
        files = "files" if whose == "own" else "files for other people"
        return f"{subject_can} upload {files} to {place}{how}"
    if goal:
        target = goal if goal.startswith("another") else f"the bucket {goal}"
        return f"{subject_can} move {files} from {place}{how} to {target}"
    closed = {form.form for form in access.forms if form.verdict != "allowed"}
    blindly = " by a statement without WHERE" if "where" in closed else ""
    verb = _VERBS.get(access.command, access.command)
    return f"{subject_can} {verb} {files} in {place}{how}{blindly}"
