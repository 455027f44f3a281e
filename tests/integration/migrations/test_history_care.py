"""Repair, fetch, restamp, reconcile, rollback: each brings files and history together again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from prospectr_db.database import Target, connect_as_migrator
from prospectr_db.database.statements import split
from prospectr_db.errors import SqlError, UsageError
from prospectr_db.migrations.apply import apply_files
from prospectr_db.migrations.drift import drift
from prospectr_db.migrations.errors import HistoryConflictError
from prospectr_db.migrations.fetch import fetch, joined
from prospectr_db.migrations.plan import Copies, plan
from prospectr_db.migrations.policy import RecordedAs
from prospectr_db.migrations.repair import repair
from prospectr_db.migrations.restamp import reconcile, restamp
from prospectr_db.migrations.rollback import check_rollbacks, rollback
from prospectr_db.migrations.squash import squash
from prospectr_db.migrations.status import status
from prospectr_db.project import Project, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from prospectr_db.server.templates import Template
    from tests.integration.migrations.conftest import Bench

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def copies(make_database: Callable[[Template], Target], platform_template: Template) -> Copies:
    """Databases in the state of a project, built from the platform each time."""

    @contextmanager
    def lend(project: Project) -> Iterator[Target]:
        made = make_database(platform_template)
        with connect_as_migrator(made, autocommit=True) as connection:
            apply_files(connection, project.migrations)
        yield made

    return lend


def test_repair_records_a_file_without_running_it_and_forgets_again(bench: Bench) -> None:
    project = bench.project(v1_a="create table t (a int);")
    repair(bench.target, project, ["1"], status=RecordedAs.APPLIED)
    assert bench.history() == [("1", "a", ["create table t (a int)"])]
    assert bench.value("select to_regclass('t')") is None
    repair(bench.target, project, ["1", "7"], status=RecordedAs.REVERTED)
    assert bench.history() == []
    with pytest.raises(UsageError, match="no file for 7"):
        repair(bench.target, project, ["7"], status=RecordedAs.APPLIED)


@pytest.mark.parametrize(
    "text",
    [
        "select 1; select 2;",
        "select 1 -- c\n; select 2 -- d",
        "select 1;\n-- only a comment at the end",
        "/* a */;/* b */",
        "-- a\n;-- b\n;select 1",
        "create function f() returns int begin atomic select 1; end; select $$;$$",
        "select 'a\n;b'; select E'\\';'",
        "",
    ],
)
def test_what_is_fetched_splits_into_what_was_recorded(text: str) -> None:
    statements = [piece.text for piece in split(text)]
    assert [piece.text for piece in split(joined(statements))] == statements


def test_fetch_writes_what_is_missing_and_leaves_what_differs(bench: Bench) -> None:
    project = bench.project(v1_a="select 1;", v2_b="select 2 -- c\n;\n-- end")
    bench.migrate(project)
    (project.root / "supabase/migrations/2_b.sql").unlink()
    project = bench.project(v1_a="select 'edited'")
    report = fetch(bench.target, project)
    assert [(item.version, item.action) for item in report.files] == [
        ("1", "differs"),
        ("2", "written"),
    ]
    assert "-select 1;" in report.files[0].diff
    project = load(project.root)
    assert [item.action for item in fetch(bench.target, project).files] == ["differs", "same"]
    fetch(bench.target, project, ["1"], overwrite=True)
    assert status(bench.target, load(project.root)).up_to_date
    with pytest.raises(UsageError, match="does not have 9"):
        fetch(bench.target, project, ["9"])


def test_status_names_every_disagreement_with_its_way_out(bench: Bench) -> None:
    bench.migrate(
        bench.project(v2_edited="select 1", v3_named="select 2", v4_gone="select 4", v9_z="")
    )
    folder = bench.project().root / "supabase/migrations"
    (folder / "3_named.sql").rename(folder / "3_new.sql")
    (folder / "4_gone.sql").unlink()
    report = status(bench.target, bench.project(v1_late="select 0", v2_edited="select 'x'"))
    assert {entry.version: entry.state.value for entry in report.migrations} == {
        "1": "out of order",
        "2": "edited",
        "3": "renamed",
        "4": "missing locally",
        "9": "applied",
    }
    assert len(report.problems) == 4
    assert all("prospectr-db" in way.way_out for way in report.problems)
    assert not report.up_to_date


def test_restamp_moves_late_files_after_the_others_and_keeps_their_order(bench: Bench) -> None:
    bench.migrate(bench.project(v20290101000000_x="select 1"))
    project = bench.project(
        v20280101000000_a="select 2", v20280101000001_b="select 3", v20290101000000_x="select 1"
    )
    report = restamp(bench.target, project, [], now=NOW)
    assert [item.after.rsplit("/", 1)[-1] for item in report.files] == [
        "20300102030405_a.sql",
        "20300102030406_b.sql",
    ]
    after = load(project.root)
    assert [item.name for item in bench.migrate(after).applied] == ["a", "b"]
    with pytest.raises(UsageError, match="keeps its version"):
        restamp(bench.target, after, ["20290101000000"], now=NOW)


def test_reconcile_proposes_and_renames_only_what_is_certain(bench: Bench) -> None:
    bench.migrate(bench.project(v1_a="select 1", v2_b="select 2", v3_c="select 3"))
    project = bench.project(v5_a="select 1", v6_b="select 'other'")
    for name in ("1_a", "2_b", "3_c"):
        (project.root / f"supabase/migrations/{name}.sql").unlink()
    project = load(project.root)
    kinds = [item.kind for item in reconcile(bench.target, project).proposals]
    assert kinds == ["rename", "compare", "fetch"]
    assert (project.root / "supabase/migrations/5_a.sql").exists()
    done = reconcile(bench.target, project, apply=True)
    assert [item.done for item in done.proposals] == [True, False, False]
    assert [m.filename for m in load(project.root).migrations] == ["1_a.sql", "6_b.sql"]


UP_DOWN = {
    "supabase/migrations/1_a.sql": "create table a (id int);",
    "supabase/migrations/2_b.sql": "create table b (id int); create index on b (id);",
    "supabase/rollbacks/2_b.sql": "drop table b;",
}


def test_rollback_runs_the_script_and_forgets_the_version_together(bench: Bench) -> None:
    project = load(bench.make_project(UP_DOWN))
    bench.migrate(project)
    assert rollback(bench.target, project).versions == ("2",)
    assert bench.versions() == ["1"]
    assert bench.value("select to_regclass('b')") is None
    with pytest.raises(HistoryConflictError, match="no rollback for 1"):
        rollback(bench.target, project)
    bench.migrate(project)
    bad = load(bench.make_project({"supabase/rollbacks/2_b.sql": "drop table b; drop table c;"}))
    with pytest.raises(SqlError, match=r"supabase/rollbacks/2_b\.sql:1:15: table"):
        rollback(bench.target, bad)
    assert bench.versions() == ["1", "2"]
    assert bench.value("select to_regclass('b')::text") == "b"


def test_rollbacks_go_into_a_hosted_history_and_come_from_it(bench: Bench) -> None:
    bench.execute(
        "create schema if not exists supabase_migrations",
        "create table supabase_migrations.schema_migrations (version text primary key,"
        " statements text[], name text, rollback text[])",
    )
    project = load(bench.make_project(UP_DOWN))
    bench.migrate(project)
    assert bench.rows(
        "select rollback from supabase_migrations.schema_migrations order by version"
    ) == [(None,), (["drop table b"],)]
    assert rollback(bench.target, replace(project, rollbacks=())).versions == ("2",)
    assert bench.value("select to_regclass('b')") is None


def test_rollbacks_are_tried_up_down_up(bench: Bench) -> None:
    files = {**UP_DOWN, "supabase/rollbacks/1_a.sql": "select 1;"}
    project = load(bench.make_project(files))
    with connect_as_migrator(bench.target, autocommit=True) as connection:
        report = check_rollbacks(connection, project, ["2"])
    assert [(item.version, item.ok) for item in report.checked] == [("2", True)]


def test_a_rollback_that_leaves_something_is_told(bench: Bench) -> None:
    project = load(
        bench.make_project(
            {
                "supabase/migrations/1_a.sql": "create table a (id int);",
                "supabase/rollbacks/1_a.sql": "drop table a; create table left_over ();",
            }
        )
    )
    with connect_as_migrator(bench.target, autocommit=True) as connection:
        report = check_rollbacks(connection, project)
    assert not report.ok
    assert any("left_over" in change.key.name for change in report.checked[0].left)


def test_hooks_and_repeatable_files_run_around_migrations(bench: Bench) -> None:
    files = {
        "supabase/migrations/1_a.sql": "create table seen (what text);",
        "supabase/hooks/before-migrate.sql": "create table if not exists hook (n int);",
        "supabase/hooks/after-migrate.sql": "insert into hook values (1);",
        "supabase/repeatable/b.sql": "create or replace view v as select what from seen;",
    }
    root = bench.make_project(files)
    assert bench.migrate(load(root)).repeated == ("supabase/repeatable/b.sql",)
    assert bench.migrate(load(root)).repeated == ()
    assert bench.value("select count(*) from hook") == 1
    bench.make_project(
        {"supabase/repeatable/b.sql": "create or replace view v as select what, 1 as n from seen;"}
    )
    assert bench.migrate(load(root)).repeated == ("supabase/repeatable/b.sql",)
    assert bench.rows("select n from v") == []
    assert bench.value("select count(*) from hook") == 2


def test_a_plan_tells_locks_rewrites_failures_and_changes_and_does_nothing(
    bench: Bench, copies: Copies
) -> None:
    bench.apply(v1_a="create table t (id int); insert into t select generate_series(1, 20000);")
    bench.execute("analyze t")
    project = bench.project(
        v1_a="create table t (id int); insert into t select generate_series(1, 20000);",
        v2_b="alter table t add column n int;\nalter table t alter column id type bigint;\n"
        "create table u (id int);\ncreate index concurrently i on t (id);",
        v3_c="select 1;\ninsert into nowhere values (1);",
        v4_d="select 1;",
    )
    report = plan(bench.target, project, copies)
    assert bench.versions() == ["1"]
    assert not report.ok
    second, third = report.migrations
    add, rewrite, create, index = second.statements
    assert [(e.table, e.lock, e.rewrites, e.rows) for e in add.effects] == [
        ("t", "AccessExclusiveLock", False, 20000)
    ]
    assert rewrite.effects[0].rewrites
    assert create.effects == ()
    assert index.alone
    assert third.error is not None
    assert third.error["line"] == 2
    assert any("rewrites t" in danger for danger in report.dangers)
    names = {(change.action, change.key.name) for change in report.changes}
    assert ("added", "public.u") in names
    assert any("1 migrations after the one that fails" in note for note in report.notes)


def test_a_plan_builds_on_what_was_applied_not_on_what_the_files_say_now(
    bench: Bench, copies: Copies
) -> None:
    bench.apply(v1_a="create table t (id int);")
    project = bench.project(v1_a="create table other (id int);", v2_b="alter table t add n int;")
    report = plan(bench.target, project, copies)
    assert report.ok
    assert [item.error for item in report.migrations] == [None]


def test_a_plan_with_nothing_pending_says_so(bench: Bench, copies: Copies) -> None:
    project = bench.project(v1_a="select 1")
    bench.migrate(project)
    report = plan(bench.target, project, copies)
    assert (report.migrations, report.changes, report.ok) == ((), (), True)


def test_drift_finds_what_was_changed_by_hand_and_nothing_else(
    bench: Bench, copies: Copies
) -> None:
    project = bench.project(
        v1_a="create table t (id int); alter table t enable row level security;"
        " create policy p on t for select to authenticated using (true);"
    )
    bench.migrate(project)
    assert drift(bench.target, project, copies).ok
    bench.execute(
        "alter table t disable row level security",
        "alter table t add column by_hand int",
        "grant update (id) on t to anon",
        "create policy mine on storage.objects for select using (true)",
    )
    for seen in (bench.target, replace(bench.target, admin=None)):
        report = drift(seen, project, copies)
        said = " ".join(str(change.key) for change in report.changes)
        for name in ("public.t.by_hand", "storage.objects.mine", "table public.t"):
            assert name in said, (seen.admin is None, said)
        assert len(report.changes) == 4, said


MANAGED = (
    "insert into storage.buckets (id, name) values ('b', 'b');\n"
    "create policy p on storage.objects for select using (true);\n"
    "create extension if not exists pg_cron;\n"
    "select cron.schedule('nightly', '0 3 * * *', 'select 1');\n"
    "select vault.create_secret('s3cret', 'key');\n"
    "create function public.on_user() returns trigger language plpgsql as\n"
    "$$ begin return new; end $$;\n"
    "create trigger welcome after insert on auth.users\n"
    "for each row execute function public.on_user();\n"
)


def test_squash_keeps_and_proves_what_lives_in_the_platforms_schemas(
    bench: Bench, copies: Copies
) -> None:
    project = bench.project(
        v1_a="create table t (id uuid default gen_random_uuid(), n int, at timestamptz);",
        v2_b=MANAGED,
        v3_c="insert into t (n, at) values (1, clock_timestamp()), (2, now());",
    )
    report = squash(project, copies)
    assert report.ok, (report.changes, report.rows)
    assert {"public.t.id", "public.t.at"} <= set(report.unproven)
    assert "public.t.n" not in report.unproven
    assert "vault.decrypted_secrets.decrypted_secret" not in report.unproven
    bench.migrate(load(project.root))
    assert bench.rows("select n from t order by n") == [(1,), (2,)]
    assert bench.rows("select jobname from cron.job") == [("nightly",)]
    assert bench.rows("select decrypted_secret from vault.decrypted_secrets") == [("s3cret",)]
    assert bench.value("select count(*) from pg_trigger where tgname = 'welcome'") == 1
    assert bench.value("select count(*) from pg_policy where polname = 'p'") == 1


@pytest.mark.parametrize(
    ("lost", "instead", "said"),
    [
        ("values (1, 'x')", "values (1, 'y')", "the rows differ in name"),
        ("(2, 'y')", "(2, 'y'), (3, 'z')", "2 rows before, 3 rows after"),
        ("(1, 'x'), (2, 'y')", "(2, 'x'), (1, 'y')", "which values stand in one row"),
        ("setval('s', 7)", "setval('s', 8)", "the sequence is at 7 before, at 8 after"),
        ("'s3cret'", "'other'", "the rows differ in decrypted_secret"),
    ],
)
def test_a_squash_that_would_change_data_is_refused(
    bench: Bench, copies: Copies, lost: str, instead: str, said: str
) -> None:
    """The single file is spoilt on its way to the copy: the proof has to notice."""
    project = bench.project(
        v1_a="create table t (id int, name text); create sequence s;",
        v2_b="insert into t values (1, 'x'), (2, 'y'); select setval('s', 7);"
        " select vault.create_secret('s3cret', 'key');",
    )

    def spoilt(project: Project) -> Any:
        (*_, last) = project.migrations
        if len(project.migrations) == 1:
            last = replace(last, text=last.text.replace(lost, instead))
            project = replace(project, migrations=(last,))
        return copies(project)

    report = squash(project, spoilt)
    assert not report.ok
    assert any(said in item.what for item in report.rows), report.rows
    assert len(load(project.root).migrations) == 2


def test_squash_keeps_every_statement_and_proves_it(bench: Bench, copies: Copies) -> None:
    project = bench.project(
        v1_a="set search_path = public;\nbegin;\ncreate table t (id int);\ncommit;",
        v2_b="insert into t values (1); insert into storage.buckets (id, name) values ('b', 'b');",
        v3_c="create policy p on storage.objects for select using (true);\n-- done",
        v4_d="select 4",
    )
    report = squash(project, copies, to="3")
    assert report.ok
    after = load(project.root)
    assert [m.filename for m in after.migrations] == ["3_squashed.sql", "4_d.sql"]
    bench.migrate(after)
    assert bench.rows("select id from t") == [(1,)]
    assert bench.rows("select id from storage.buckets") == [("b",)]
    assert report.commands[0].endswith("reverted 1 2")
