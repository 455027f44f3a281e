"""The database a command speaks to: where it is, how to log in, and whether it may be destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prospectr_db.database.dsn import Dsn

__all__ = ["Kind", "Target"]

Kind = Literal["embedded", "docker", "local", "hosted"]


@dataclass(frozen=True, slots=True)
class Target:
    """A database.

    ``dsn`` logs in as the role that migrations run as (``postgres`` on Supabase). ``admin`` logs
    in as the bootstrap superuser ``supabase_admin``; only servers that we started ourselves have
    it. ``name`` is what a person calls the target (a project ref, or a database name).
    """

    dsn: Dsn
    kind: Kind
    name: str
    admin: Dsn | None = None

    @property
    def is_local(self) -> bool:
        """Whether the database lives on this machine and may be rebuilt without asking."""
        return self.kind != "hosted"

    def with_database(self, database: str) -> Target:
        """Return the same server with another database."""
        return Target(
            dsn=self.dsn.replace(dbname=database),
            kind=self.kind,
            name=self.name,
            admin=self.admin.replace(dbname=database) if self.admin else None,
        )
