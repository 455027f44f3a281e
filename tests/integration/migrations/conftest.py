"""What the tests of migrations share: a project of some files, brought to a fresh database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prospectr_db.database import Target, connect
from prospectr_db.migrations.apply import Applied, migrate
from prospectr_db.project import Project, load

MakeProject = Callable[[Mapping[str, str | bytes]], Path]


@dataclass
class Bench:
    """A database and a project; `migrate` brings the one to the other."""

    target: Target
    make_project: MakeProject
    events: list[object] = field(default_factory=list)

    def project(self, **migrations: str | bytes) -> Project:
        """Write migrations, named ``v1_name="sql"`` for version 1, and read the project."""
        files = {
            f"supabase/migrations/{name.removeprefix('v')}.sql": text
            for name, text in migrations.items()
        }
        return load(self.make_project(files))

    def migrate(self, project: Project, **options: Any) -> Applied:
        options.setdefault("lock_attempts", 1)
        return migrate(self.target, project, on_event=self.events.append, **options)

    def apply(self, **migrations: str | bytes) -> Applied:
        return self.migrate(self.project(**migrations))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.target, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        ((found,),) = self.rows(query)
        return found

    def execute(self, *statements: str) -> None:
        with connect(self.target, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def history(self) -> list[tuple[str, str, list[str] | None]]:
        return self.rows(
            "select version, name, statements from supabase_migrations.schema_migrations"
            " order by version"
        )

    def versions(self) -> list[str]:
        return [version for version, _, _ in self.history()]


@pytest.fixture
def bench(target: Target, make_project: MakeProject) -> Bench:
    return Bench(target, make_project)
