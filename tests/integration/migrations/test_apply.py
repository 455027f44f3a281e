"""A file and its history row commit together, and nothing leaks into the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prospectr_db.errors import ExtensionNotAvailableError, MigrationFileError, SqlError, UsageError
from prospectr_db.migrations.errors import HistoryConflictError, InterruptedMigrationError
from prospectr_db.migrations.events import MigrationApplied, ServerNotice
from prospectr_db.project import load

if TYPE_CHECKING:
    from tests.integration.migrations.conftest import Bench


def test_the_history_holds_each_file_split_as_the_supabase_cli_stores_it(bench: Bench) -> None:
    report = bench.apply(
        v1_one="create table t (a int);\n-- why\ninsert into t values (1);;\n-- end",
        v2_two="",
        v3_three="-- only a comment",
    )
    assert [item.version for item in report.applied] == ["1", "2", "3"]
    assert bench.history() == [
        ("1", "one", ["create table t (a int)", "-- why\ninsert into t values (1)", "-- end"]),
        ("2", "two", []),
        ("3", "three", ["-- only a comment"]),
    ]


def test_a_second_run_has_nothing_to_do(bench: Bench) -> None:
    project = bench.project(v1_a="create table t (a int)")
    bench.migrate(project)
    report = bench.migrate(project)
    assert (report.applied, report.already_applied) == ((), 1)


def test_a_failure_keeps_the_files_before_it_and_nothing_of_its_own(bench: Bench) -> None:
    with pytest.raises(SqlError) as caught:
        bench.apply(
            v1_a="create table t (a int);",
            v2_b="insert into t values (1);\n\n  insert into t\n  values ('x');\nselect 1;",
            v3_c="insert into t values (3);",
        )
    error = caught.value
    assert error.message.startswith("supabase/migrations/2_b.sql:4:11: invalid input syntax")
    assert error.details["excerpt"] == "4 |   values ('x');\n              ^"
    assert error.details["sqlstate"] == "22P02"
    assert error.details["applied"] == ["1"]
    assert bench.versions() == ["1"]
    assert bench.rows("select * from t") == []
    done = [event.version for event in bench.events if isinstance(event, MigrationApplied)]
    assert done == ["1"]


def test_a_failure_of_a_deferred_constraint_at_commit_is_of_its_file(bench: Bench) -> None:
    with pytest.raises(SqlError, match=r"1_a\.sql:4:\d+: insert or update on table \"u\""):
        bench.apply(
            v1_a="""
            create table t (id int primary key);
            create table u (id int references t deferrable initially deferred);
            insert into u values (5);"""
        )
    assert bench.value("select to_regclass('t')") is None


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN;\ncreate table t (a int);\ninsert into t values (1);\nCOMMIT;\n",
        "begin; create table t (a int); commit; begin; insert into t values (1); end;",
        "create table t (a int); begin work; insert into t values (1);",
        "create table t (a int); insert into t values (1); commit;",
        "start transaction; create table t (a int); commit and chain; insert into t values (1);",
        (
            "create table t (a int); begin; insert into t values (9); rollback;"
            " insert into t values (1);"
        ),
        (
            "create table t (a int); insert into t values (1); savepoint s;"
            " insert into t values (2); rollback to s; release s;"
        ),
        "create table t (a int); lock table t; insert into t values (1);",
        "create table t (a int);\ncopy t (a) from stdin;\n1\n\\.\n\nselect 1;",
        "\\restrict key\n\ncreate table t (a int); insert into t values (1);\n\n\\unrestrict key",
    ],
)
def test_transaction_control_copy_and_locks_in_a_file_lose_nothing(bench: Bench, text: str) -> None:
    bench.apply(v1_a=text, v2_b="create table after (a int)")
    assert bench.rows("select a from t") == [(1,)]
    assert bench.versions() == ["1", "2"]
    assert bench.value("select to_regclass('after')::text") == "after"


def test_a_file_that_opens_its_own_transaction_fails_as_a_whole(bench: Bench) -> None:
    with pytest.raises(SqlError):
        bench.apply(v1_a="begin; create table t (a int); commit; begin; select 1 / 0; commit;")
    assert bench.value("select to_regclass('t')") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\set x 1\n", "command of psql"),
        ("select 1;\nrollback;", "no BEGIN"),
        ("begin; vacuum; commit;", "cannot run inside BEGIN"),
        ("discard all", "DISCARD ALL"),
        ("prepare transaction 'x'", "Two-phase"),
        ("set session authorization anon", "another session user"),
        ("copy t from stdin;", "no data"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_before_anything_runs(
    bench: Bench, text: str, said: str
) -> None:
    with pytest.raises(MigrationFileError, match=said) as caught:
        bench.apply(v1_a="create table t (a int)", v2_b=text)
    assert "Nothing was run." in caught.value.message
    assert caught.value.hint
    assert caught.value.message.startswith("supabase/migrations/2_b.sql:")
    assert bench.value("select to_regclass('t')") is None


def test_nothing_of_a_session_leaks_into_the_next_file(bench: Bench) -> None:
    bench.apply(
        v1_a="""
        set check_function_bodies = off;
        set search_path = pg_catalog;
        create role a_role;
        grant a_role to postgres;
        set role a_role;
        create temp table leftover (a int);
        prepare p as select 1;
        listen somebody;
        select pg_advisory_lock(5);
        declare c cursor with hold for select 1;
        """,
        v2_b="""
        create table public.seen as select
            current_user::text as who,
            current_setting('check_function_bodies') as bodies,
            current_setting('search_path') as path,
            to_regclass('pg_temp.leftover')::text as temp,
            (select count(*) from pg_prepared_statements) as prepared,
            (select count(*) from pg_cursors where name = 'c') as cursors,
            (select count(*) from pg_listening_channels()) as channels,
            (select count(*) from pg_locks
             where locktype = 'advisory' and pid = pg_backend_pid() and objid = 5) as locks;
        drop owned by a_role; drop role a_role;
        """,
    )
    assert bench.rows("select who, bodies, temp, prepared, cursors, channels, locks from seen") == [
        ("postgres", "on", None, 0, 0, 0, 0)
    ]
    assert "public" in bench.value("select path from seen")


def test_resetting_the_session_user_does_not_hand_out_the_superuser(bench: Bench) -> None:
    bench.apply(
        v1_a="reset session authorization; set session authorization default;"
        "create table public.who as select session_user::text as s, current_user::text as c"
    )
    assert bench.rows("select s, c from who") == [("postgres", "postgres")]


def test_an_event_trigger_of_the_project_can_be_made_changed_and_dropped(bench: Bench) -> None:
    bench.apply(
        v1_a="""
        create function public.told() returns event_trigger language plpgsql as $$
        begin raise notice 'told'; end $$;
        create event trigger mine on ddl_command_end execute function public.told();
        create table t (a int);
        """,
        v2_b="alter event trigger mine disable; drop event trigger if exists mine;",
    )
    assert bench.rows("select 1 from pg_event_trigger where evtname = 'mine'") == []
    told = [event for event in bench.events if isinstance(event, ServerNotice)]
    assert "told" in {event.message for event in told}


def test_an_event_trigger_made_in_a_block_belongs_to_postgres(bench: Bench) -> None:
    bench.apply(
        v1_a="""
        create function public.told() returns event_trigger language plpgsql as $$
        begin raise notice 'told'; end $$;
        do $$ begin
            if not exists (select 1 from pg_event_trigger where evtname = 'mine') then
                create event trigger mine on ddl_command_end execute function public.told();
            end if;
        end $$;
        alter event trigger mine owner to postgres;
        """,
    )
    assert bench.rows(
        "select evtowner::regrole::text from pg_event_trigger where evtname = 'mine'"
    ) == [("postgres",)]
    assert bench.rows("select rolsuper from pg_roles where rolname = 'postgres'") == [(False,)]


def test_an_event_trigger_of_the_platform_stays(bench: Bench) -> None:
    name = bench.value("select evtname from pg_event_trigger order by evtname limit 1")
    with pytest.raises(SqlError, match="owner of event trigger"):
        bench.apply(v1_a=f'drop event trigger "{name}"')


def test_an_enum_value_can_be_used_in_the_file_that_adds_it(bench: Bench) -> None:
    bench.apply(
        v1_a="create type mood as enum ('a'); create table t (m mood);",
        v2_b="alter type mood add value 'b'; insert into t values ('b');"
        " alter type mood add value 'c'; insert into t values ('c');",
    )
    assert bench.rows("select m::text from t order by 1") == [("b",), ("c",)]
    assert len(bench.history()[1][2] or []) == 4
    assert bench.rows("select * from supabase_migrations.prospectr_unfinished") == []


def test_what_refuses_transactions_runs_alone_in_its_place(bench: Bench) -> None:
    bench.apply(
        v1_a="""
        create table t (a int);
        set search_path = public;
        create index concurrently i on t (a);
        insert into t values (1);
        vacuum t;
        reindex index concurrently i;
        drop index concurrently i;
        insert into t values (2);
        """
    )
    assert bench.rows("select a from t order by a") == [(1,), (2,)]
    assert len(bench.history()[0][2] or []) == 8
    assert bench.rows("select * from supabase_migrations.prospectr_unfinished") == []


def test_a_file_marked_without_transaction_commits_statement_by_statement(bench: Bench) -> None:
    with pytest.raises(SqlError):
        bench.apply(v1_a="-- pg-delta: transaction=false\ncreate table t (a int); select 1 / 0;")
    assert bench.value("select to_regclass('t')::text") == "t"
    bench.apply(v1_a="-- pg-delta: transaction=false\ncreate table t (a int); select 1 / 1;")
    assert bench.versions() == ["1"]


def test_a_failed_concurrent_index_is_cleared_away_and_built_by_the_next_run(bench: Bench) -> None:
    files = {
        "v1_a": "create table t (a int); insert into t values (1), (1);",
        "v2_b": "set search_path = public;\n"
        "create unique index concurrently if not exists i on t (a);\ncreate table u (a int);",
    }
    with pytest.raises(SqlError, match=r"2_b\.sql:2:1: could not create unique index"):
        bench.apply(**files)
    assert bench.versions() == ["1"]
    assert bench.value("select indisvalid from pg_index where indexrelid = 'i'::regclass") is False
    bench.execute("delete from t where ctid = '(0,1)'")
    bench.apply(**files)
    assert bench.value("select indisvalid from pg_index where indexrelid = 'i'::regclass") is True
    assert bench.versions() == ["1", "2"]
    assert bench.history()[1][2] == [
        "set search_path = public",
        "create unique index concurrently if not exists i on t (a)",
        "create table u (a int)",
    ]


def test_a_half_run_file_may_be_mended_after_the_point_it_reached(bench: Bench) -> None:
    start = "create table t (a int);\ncreate index concurrently i on t (a);\n"
    with pytest.raises(SqlError):
        bench.apply(v1_a=start + "select 1 / 0;")
    report = bench.apply(v1_a=start + "create table u (a int);")
    assert [item.version for item in report.applied] == ["1"]
    assert bench.value("select to_regclass('u')::text") == "u"


def test_a_half_run_file_edited_before_that_point_is_explained(bench: Bench) -> None:
    with pytest.raises(SqlError):
        bench.apply(v1_a="create table t (a int); vacuum t; select 1 / 0;")
    with pytest.raises(InterruptedMigrationError, match="statement 1 is no longer") as caught:
        bench.apply(v1_a="create table t (a bigint); vacuum t; select 1;")
    assert "repair --status reverted 1" in str(caught.value.hint)


def test_migrations_stop_after_the_version_asked_for(bench: Bench) -> None:
    project = bench.project(v1_a="select 1", v2_b="select 2", v3_c="select 3")
    assert [m.version for m in bench.migrate(project, to="2").applied] == ["1", "2"]
    with pytest.raises(UsageError, match="no migration with version 9"):
        bench.migrate(project, to="9")
    assert [m.version for m in bench.migrate(project).applied] == ["3"]


def test_a_file_older_than_the_newest_applied_one_is_refused_unless_all_are_wanted(
    bench: Bench,
) -> None:
    bench.apply(v2_b="create table b (a int)")
    project = bench.project(v1_a="create table a (a int)", v2_b="create table b (a int)")
    with pytest.raises(HistoryConflictError, match=r"Older than the newest .*1_a\.sql") as caught:
        bench.migrate(project)
    assert "--include-all" in str(caught.value.hint)
    assert bench.versions() == ["2"]
    bench.migrate(project, include_all=True)
    assert bench.versions() == ["1", "2"]


def test_a_recorded_version_without_a_file_is_refused(bench: Bench) -> None:
    project = bench.project(v2_b="select 1")
    bench.migrate(project)
    bench.execute(
        "insert into supabase_migrations.schema_migrations (version, name) values ('1', 'gone')"
    )
    with pytest.raises(HistoryConflictError, match=r"does not: 1 \(gone\)") as caught:
        bench.migrate(project, include_all=True)
    assert "fetch" in str(caught.value.hint)


def test_a_renumbered_migration_is_recognised_by_its_statements(bench: Bench) -> None:
    bench.apply(v5_x="create table t (a int)")
    (bench.project().root / "supabase/migrations/5_x.sql").unlink()
    with pytest.raises(HistoryConflictError) as caught:
        bench.apply(v6_x="create table t (a int)")
    assert "5 holds the same statements as your 6" in str(caught.value.hint)


def test_an_edited_file_is_told_and_does_not_stop_a_run(bench: Bench) -> None:
    bench.apply(v1_a="create table t (a int)")
    report = bench.apply(v1_a="create table t (a bigint)", v2_b="create table u (a int)")
    assert [item.version for item in report.applied] == ["2"]
    assert any("1_a.sql was edited after it was applied" in note for note in report.notes)


def test_the_extra_columns_of_a_hosted_history_are_left_alone(bench: Bench) -> None:
    bench.execute(
        "create schema if not exists supabase_migrations",
        "create table supabase_migrations.schema_migrations (version text primary key,"
        " statements text[], name text, created_by text, idempotency_key text unique,"
        " rollback text[])",
        "insert into supabase_migrations.schema_migrations values"
        " ('1', '{select 1}', 'a', 'me', 'key', '{select 0}')",
    )
    bench.apply(v1_a="select 1", v2_b="select 2")
    assert bench.rows(
        "select version, created_by, idempotency_key, rollback"
        " from supabase_migrations.schema_migrations order by version"
    ) == [("1", "me", "key", ["select 0"]), ("2", None, None, None)]


def test_an_old_history_without_statements_is_understood_and_completed(bench: Bench) -> None:
    bench.execute(
        "create schema if not exists supabase_migrations",
        "create table supabase_migrations.schema_migrations (version text primary key)",
        "insert into supabase_migrations.schema_migrations values ('1')",
    )
    bench.apply(v1_a="select 1", v2_b="select 2")
    assert bench.history() == [("1", None, None), ("2", "b", ["select 2"])]


def test_disabled_migrations_are_left_out_with_a_note(bench: Bench) -> None:
    root = bench.make_project(
        {
            "supabase/config.toml": "[db.migrations]\nenabled = false",
            "supabase/migrations/1_a.sql": "create table t (a int)",
        }
    )
    from prospectr_db.project import load

    report = bench.migrate(load(root))
    assert report.applied == ()
    assert "disabled" in report.notes[0]
    assert bench.value("select to_regclass('t')") is None


def test_a_row_that_copy_refuses_is_shown_with_its_own_line(bench: Bench) -> None:
    text = "create table t (n int);\ncopy t (n)\nfrom stdin;\n1\n2\nthree\n4\n\\.\n"
    with pytest.raises(SqlError) as caught:
        bench.apply(v1_a=text)
    assert caught.value.message.startswith("supabase/migrations/1_a.sql:6:1: invalid input syntax")
    assert "6 | three" in str(caught.value.details["excerpt"])
    assert bench.value("select to_regclass('t')") is None


def test_a_hook_that_needs_a_missing_extension_is_told_what_there_is(bench: Bench) -> None:
    files = {
        "supabase/migrations/1_a.sql": "select 1",
        "supabase/hooks/before-migrate.sql": "create extension nowhere_to_be_found;",
    }
    with pytest.raises(ExtensionNotAvailableError) as caught:
        bench.migrate(load(bench.make_project(files)))
    assert "This server offers:" in str(caught.value.hint)
