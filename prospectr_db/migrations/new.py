"""What a new migration file is called, and that it never takes another one's place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prospectr_db.errors import UsageError
from prospectr_db.project import Project

__all__ = ["NewMigration", "create", "timestamp"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LONGEST = 120
_FORMAT = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class NewMigration:
    """A file that was made; ``path`` is relative to the project."""

    path: str
    version: str
    name: str
    bytes: int


def create(project: Project, name: str, *, text: str = "", now: datetime) -> NewMigration:
    """Write ``supabase/migrations/YYYYMMDDHHMMSS_name.sql`` (UTC) with some SQL, or empty.

    Spaces in the name become underscores. Raises UsageError for a name that cannot be one.
    """
    slug = re.sub(r"\s+", "_", name.strip())
    if not _NAME.fullmatch(slug) or len(slug) > _LONGEST:
        raise UsageError(
            f"{name!r} cannot be the name of a migration.",
            hint="Use letters, digits, _ and -, at most 120 of them, beginning with a letter or "
            "digit: create_profiles.",
        )
    version = timestamp(project, now)
    folder = project.migrations_folder
    folder.mkdir(parents=True, exist_ok=True)
    if text and not text.endswith("\n"):
        text += "\n"
    path = folder / f"{version}_{slug}.sql"
    # "x": two at once may have chosen the same second; the file that is there stays.
    with path.open("x", encoding="utf-8", newline="") as stream:
        stream.write(text)
    return NewMigration(
        path.relative_to(project.root).as_posix(), version, slug, len(text.encode())
    )


def timestamp(project: Project, now: datetime) -> str:
    """Return the version for now: UTC, after every other 14-digit version, and of no other file."""
    moment = now.astimezone(UTC)
    taken = {migration.version for migration in project.migrations}
    dated = [version for version in taken if len(version) == 14]
    newest = max(dated, default="")
    version = moment.strftime(_FORMAT)
    if newest >= version:
        # A file from the future (another clock, or one written seconds ago): go after it.
        try:
            moment = datetime.strptime(newest, _FORMAT).replace(tzinfo=UTC)
        except ValueError:
            moment = now.astimezone(UTC)
        version = moment.strftime(_FORMAT)
    while version in taken or any(project.migrations_folder.glob(f"{version}_*.sql")):
        moment += timedelta(seconds=1)
        version = moment.strftime(_FORMAT)
    return version
