"""What the verbs do with a database that somebody names: its schema counts, not our files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from prospectr_db.database import Target, connect, connect_as_migrator
from prospectr_db.migrations.apply import apply_files
from prospectr_db.migrations.plan import Copies, plan
from prospectr_db.migrations.rebuild import Rebuild
from prospectr_db.project import Project, load
from prospectr_db.schema.copying import Rebuilt
from prospectr_db.server.embedded import COPIES, stop
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Template
from tests.conftest import MakeProject, RunCli
from tests.integration.schema.conftest import Copy, Put, read

NOTES = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id)
);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "Own notes" on public.notes for select to authenticated
using ((select auth.uid()) = user_id);
"""
FIRST = "supabase/migrations/20260101000000_notes.sql"
THIRD = "supabase/migrations/20260103000000_add.sql"


@pytest.fixture
def stranger(tmp_path: Path, settings: ServerSettings) -> Iterator[Path]:
    """A folder in which nothing of a project is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield folder
    stop(folder, settings, instance=COPIES)


def test_somebody_without_any_file_points_it_at_his_project(
    stranger: Path, put: Put, make_project: MakeProject, cli: RunCli
) -> None:
    target = put(load(make_project({FIRST: NOTES})))
    run = partial(cli, "--db-url", target.dsn.url(reveal=True), project=stranger)
    first = run("access", "check")
    assert first.code == 0, first.out + first.err
    assert "observed on a copy of postgres" in first.out
    assert not (stranger / "supabase").exists()
    assert run("access", "write").code == 0
    assert "[tables.notes.owner]" in (stranger / "supabase" / "access.toml").read_text()
    with connect(target) as connection:
        connection.execute("alter table public.notes disable row level security")
    leaking = run("access", "check")
    assert leaking.code == 1
    assert "Row-level security is off on notes" in leaking.out
    assert "users can now read any row" in leaking.out or "user can now read any row" in leaking.out
    why = run("access", "why", "notes", "--as", "stranger")
    assert (why.code, "stranger: select on notes" in why.out) == (0, True), why.err
    with connect(target) as connection:
        left = connection.execute("select count(*) from public.notes").fetchone()
        connection.execute("alter table public.notes enable row level security")
    assert left == (0,)
    mutated = run("mutate", "--table", "notes", "--json")
    assert mutated.document["ok"], mutated.out


def test_what_is_in_no_migration_is_said_and_the_answer_is_about_what_is_there(
    put: Put, make_project: MakeProject, cli: RunCli, settings: ServerSettings
) -> None:
    root = make_project({FIRST: NOTES})
    target = put(load(root))
    with connect(target) as connection:
        connection.execute("create table public.by_hand (id int primary key)")
        connection.execute("grant select on public.by_hand to anon")
    url = target.dsn.url(reveal=True)
    try:
        done = cli("access", "check", "--db-url", url, "--json", project=root)
    finally:
        stop(root, settings, instance=COPIES)
    said = {f["sentence"]: f["severity"] for f in done.document["findings"]}
    assert said["by_hand is in the project but in no migration."] == "warning"
    assert any("Visitors without a login can read by_hand" in sentence for sentence in said)
    assert done.document["source"].startswith("a copy of postgres")


@pytest.fixture
def copies(make_database: Callable[[Template], Target], platform_template: Template) -> Copies:
    @contextmanager
    def lend(project: Project) -> Iterator[Target]:
        made = make_database(platform_template)
        with connect_as_migrator(made, autocommit=True) as connection:
            apply_files(connection, project.migrations)
        yield made

    return lend


@pytest.fixture
def rebuild(copy: Copy) -> Rebuild:
    def lend(target: Target) -> AbstractContextManager[Rebuilt]:
        return copy(read(target))

    return lend


def test_a_plan_is_tried_on_the_schema_where_the_history_is_not_the_whole_truth(
    put: Put, make_project: MakeProject, copies: Copies, rebuild: Rebuild
) -> None:
    target = put(load(make_project({FIRST: NOTES})))
    project = load(make_project({THIRD: "alter table public.notes add tag text;"}))
    quick = partial(plan, target, project, copies, squawk=None, access=False)
    assert not any("It was tried" in note for note in quick(rebuild=rebuild).notes)

    with connect(target) as connection:
        connection.execute("create table public.by_hand (id int primary key)")
    project = load(make_project({THIRD: "alter table public.by_hand add tag text;"}))
    drifted = plan(target, project, copies, squawk=None, rebuild=rebuild)
    assert drifted.ok, drifted
    (note,) = [note for note in drifted.notes if "It was tried" in note]
    assert "is not what its history says" in note
    assert "on a copy of the schema" in note
    blind = plan(target, project, copies, squawk=None, access=False)
    assert blind.migrations[0].error is not None
    assert any("on what the history leads to" in note for note in blind.notes)
