"""A reset runs what changed and copies the rest, and never guesses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg import sql

from prospectr_db.database import connect
from prospectr_db.errors import SqlError, UsageError
from prospectr_db.migrations.reset import Reset, disposable, drop_leftovers, reset
from prospectr_db.project import load
from prospectr_db.server.embedded import EmbeddedServer
from tests.conftest import MakeProject

FIRST, SECOND, THIRD = (f"supabase/migrations/{n}_m.sql" for n in (1, 2, 3))
FILES = {
    FIRST: "create table public.a (id int);",
    SECOND: "create table public.b (id int);",
    THIRD: "create table public.c (id int);",
    "supabase/seed.sql": "insert into public.a values (1), (2);",
}


def _reset(server: EmbeddedServer, root: Path, **options: object) -> Reset:
    return reset(server, load(root, environment={}), **options)  # type: ignore[arg-type]


def _one(server: EmbeddedServer, query: str) -> object:
    with connect(server.target()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_first_reset_runs_every_file_and_a_second_none(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({**FILES, FIRST: "create table public.a (id int, first_reset int);"})
    (root / "supabase/seed.sql").write_text("insert into public.a (id) values (1), (2);")
    assert _reset(own, root).replayed == (FIRST, SECOND, THIRD, "supabase/seed.sql")
    with connect(own.target(), autocommit=True) as connection:
        connection.execute("insert into public.a (id) values (3)")
    assert _reset(own, root).replayed == ()
    assert _one(own, "select count(*) from public.a") == 2


def test_an_edited_last_migration_is_all_that_runs(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({**FILES, THIRD: "create table public.last_edit (id int);"})
    _reset(own, root)
    (root / THIRD).write_text("create table public.last_edit (id int, name text);")
    assert _reset(own, root).replayed == (THIRD, "supabase/seed.sql")
    assert _one(own, "select to_regclass('public.last_edit')::text") == "last_edit"


def test_an_edited_seed_runs_no_migration(own: EmbeddedServer, make_project: MakeProject) -> None:
    root = make_project({**FILES, SECOND: "create table public.seed_edit (id int);"})
    _reset(own, root)
    (root / "supabase/seed.sql").write_text("insert into public.a values (7);")
    assert _reset(own, root).replayed == ("supabase/seed.sql",)
    assert _one(own, "select sum(id) from public.a") == 7


def test_a_migration_in_the_middle_is_quick_from_its_second_edit_on(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({**FILES, FIRST: "create table public.a (id int, middle int);"})
    (root / "supabase/seed.sql").write_text("select 1;")
    _reset(own, root)
    (root / SECOND).write_text("create table public.b (id int, x int);")
    assert _reset(own, root).replayed == (FIRST, SECOND, THIRD, "supabase/seed.sql")
    (root / SECOND).write_text("create table public.b (id int, y int);")
    assert _reset(own, root).replayed == (SECOND, THIRD, "supabase/seed.sql")


def test_a_renamed_migration_is_a_changed_migration(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(FILES)
    _reset(own, root)
    (root / THIRD).rename(root / "supabase/migrations/3_renamed.sql")
    assert "supabase/migrations/3_renamed.sql" in _reset(own, root).replayed
    assert (
        _one(own, "select name from supabase_migrations.schema_migrations where version = '3'")
        == "renamed"
    )


def test_a_removed_migration_is_gone(own: EmbeddedServer, make_project: MakeProject) -> None:
    root = make_project(FILES)
    _reset(own, root)
    (root / THIRD).unlink()
    assert _reset(own, root).migrations == 2
    assert _one(own, "select to_regclass('public.c') is null") is True


def test_to_stops_after_a_version_and_runs_no_seed(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(FILES)
    found = _reset(own, root, to="2")
    assert (found.migrations, found.seeds) == (2, 0)
    assert _one(own, "select to_regclass('public.c') is null") is True
    assert _one(own, "select count(*) from public.a") == 0


def test_an_unknown_version_is_explained_and_nothing_is_lost(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(FILES)
    _reset(own, root)
    with connect(own.target(), autocommit=True) as connection:
        connection.execute("insert into public.a values (9)")
    with pytest.raises(UsageError, match="no migration with version 7"):
        _reset(own, root, to="7")
    assert _one(own, "select count(*) from public.a") == 3


def test_a_failing_migration_leaves_what_came_before_and_is_all_that_runs_when_mended(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({**FILES, SECOND: "create table public.before_failure (id int);"})
    (root / THIRD).write_text("create table public.half (id int);\nselect nope;")
    with pytest.raises(SqlError) as caught:
        _reset(own, root)
    assert (caught.value.details["file"], caught.value.details["line"]) == (THIRD, 2)
    assert _one(own, "select to_regclass('public.before_failure') is not null") is True
    assert _one(own, "select to_regclass('public.half') is null") is True
    (root / THIRD).write_text("create table public.half (id int);")
    assert _reset(own, root).replayed == (THIRD, "supabase/seed.sql")


def test_roles_settings_and_database_settings_made_by_migrations_come_back_with_a_copy(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(
        {
            FIRST: """
                create role clerk nologin;
                create table public.till (id int);
                grant select on public.till to clerk;
                grant clerk to authenticator;
                alter role authenticated set statement_timeout to '2s';
                alter database postgres set work_mem to '7MB';
            """,
        }
    )
    _reset(own, root)
    _reset(own, make_project({"supabase/migrations/1_m.sql": "select 'another state';"}))
    assert _one(own, "select count(*) from pg_roles where rolname = 'clerk'") == 0
    assert _one(own, "show work_mem") != "7MB"
    (root / "supabase/migrations/1_m.sql").write_text(
        "create role clerk nologin; create table public.till (id int);"
        "grant select on public.till to clerk; alter database postgres set work_mem to '7MB';"
    )
    _reset(own, root)
    assert _reset(own, root).replayed == ()
    assert _one(own, "show work_mem") == "7MB"
    assert _one(own, "select has_table_privilege('clerk', 'public.till', 'select')") is True


def test_configured_buckets_and_secrets_are_part_of_the_state(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(
        {
            "supabase/config.toml": """
                [db.vault]
                api_key = "k1"
                [storage.buckets.avatars]
                public = true
            """,
            FIRST: "create table public.configured (id int);",
        }
    )
    _reset(own, root)
    assert _one(own, "select public from storage.buckets where id = 'avatars'") is True
    secret = "select decrypted_secret from vault.decrypted_secrets where name = 'api_key'"
    assert _one(own, secret) == "k1"
    config = root / "supabase/config.toml"
    config.write_text(config.read_text().replace("k1", "k2"))
    _reset(own, root)
    assert _one(own, secret) == "k2"


def test_exposure_of_new_tables_follows_the_config(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({FIRST: "create table public.exposure (id int);"})
    granted = "select has_table_privilege('anon', 'public.exposure', 'select')"
    _reset(own, root)
    assert _one(own, granted) is False
    (root / "supabase/config.toml").write_text("[api]\nauto_expose_new_tables = true\n")
    _reset(own, root)
    assert _one(own, granted) is True


def test_a_disposable_copy_is_dropped_and_leaves_the_project_alone(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(FILES)
    _reset(own, root)
    with disposable(own, load(root, environment={})) as target:
        with connect(target) as connection:
            connection.execute("delete from public.a")
            connection.commit()
        name = target.dsn.get("dbname")
    assert _one(own, "select count(*) from public.a") == 2
    assert _one(own, f"select count(*) from pg_database where datname = '{name}'") == 0  # noqa: S608


def test_roles_hooks_and_repeatable_files_run_around_the_migrations(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(
        {
            "supabase/roles.sql": "create role around nologin;",
            "supabase/hooks/before-migrate.sql": "create table public.told (who text);",
            FIRST: "grant select on public.told to around; insert into public.told values ('m');",
            "supabase/repeatable/told.sql": """
                create or replace view public.said as select who from public.told;
            """,
            "supabase/hooks/after-migrate.sql": "insert into public.told values ('after');",
        }
    )
    assert _reset(own, root).replayed == (
        "supabase/roles.sql",
        "supabase/hooks/before-migrate.sql",
        FIRST,
        "repeatable",
        "supabase/hooks/after-migrate.sql",
    )
    assert _one(own, "select string_agg(who, ',') from public.said") == "m,after"
    view = root / "supabase/repeatable/told.sql"
    view.write_text("create or replace view public.said as select who from public.told limit 1;")
    assert _reset(own, root).replayed == ("repeatable", "supabase/hooks/after-migrate.sql")


def test_an_error_in_roles_is_shown_with_its_place(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project({"supabase/roles.sql": "select 1;\ncreate role;\n"})
    with pytest.raises(SqlError) as caught:
        _reset(own, root)
    assert (caught.value.details["file"], caught.value.details["line"]) == (
        "supabase/roles.sql",
        2,
    )


def test_copies_of_processes_that_were_killed_are_dropped(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    root = make_project(FILES)
    _reset(own, root)
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    mine = f"copy_{os.getpid()}_999"
    with own.memory() as memory:
        for name in (f"copy_{gone.pid}_0", f"world_{gone.pid}_1", mine):
            memory.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    drop_leftovers(own)
    with own.memory() as memory:
        left = memory.execute("select datname from pg_database where datname ~ '_[0-9]+_'")
        assert [name for (name,) in left] == [mine]
        memory.execute(sql.SQL("drop database {}").format(sql.Identifier(mine)))
