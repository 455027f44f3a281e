"""A copy of a project's schema is the project's schema, and the project is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from prospectr_db.database import connect, connect_admin
from prospectr_db.database.snapshot import difference, take
from prospectr_db.errors import SqlError
from prospectr_db.project import Project, load
from prospectr_db.schema import dumping
from prospectr_db.schema.copying import SchemaDiffersError
from prospectr_db.schema.proof import unlike, unlike_facts
from prospectr_db.schema.reading import ADDITIONS, CLUSTER, Schema, statements
from tests.conftest import REPOSITORY, MakeProject
from tests.integration.schema.conftest import Admin, Copy, Put, read
from tests.integration.sessions import wait_until_alone

NASTY = Path(__file__).with_name("nasty.sql")


@pytest.fixture
def nasty(make_project: MakeProject) -> Project:
    text = NASTY.read_text(encoding="utf-8")
    return load(make_project({"supabase/migrations/20260101000000_nasty.sql": text}))


@pytest.fixture
def small(make_project: MakeProject) -> Project:
    text = """
        create table public.notes (id int primary key, owner uuid references auth.users);
        insert into public.notes values (1);
        create policy own on storage.objects for select using (owner = auth.uid());
        insert into storage.buckets (id, name, public) values ('open', 'open', true);
    """
    return load(make_project({"supabase/migrations/20260101000000_small.sql": text}))


@pytest.mark.parametrize("folder", [REPOSITORY, REPOSITORY / "examples" / "multi-tenant"])
def test_a_project_round_trips_with_an_empty_difference(folder: Path, put: Put, copy: Copy) -> None:
    _round_trips(read(put(load(folder))), copy)


def test_a_nasty_schema_round_trips_with_an_empty_difference(
    nasty: Project, put: Put, copy: Copy
) -> None:
    schema = read(put(nasty))
    _round_trips(schema, copy)
    assert schema.exposed == ("public", "hidden")
    with copy(schema) as built, connect_admin(built.target) as connection:
        assert built.exposed == ("public", "hidden")
        rows = connection.execute("select id, public, file_size_limit from storage.buckets")
        assert rows.fetchall() == [("files", False, 1048576), ("open", True, None)]
        row = connection.execute(
            "select pg_has_role('authenticated', 'auditor', 'usage'),"
            " (select setconfig from pg_db_role_setting where setrole = 'anon'::regrole),"
            ' (select count(*) from hidden.totals), (select count(*) from public."Happy names")'
        ).fetchone()
        assert row == (True, ["statement_timeout=2s"], 0, 0)


def _round_trips(schema: Schema, copy: Copy) -> None:
    with copy(schema) as built:
        assert (built.problems, built.notes) == ((), ())
        assert built.compared > 1000
        # The platform is of the same edition: here nothing at all may differ.
        with built.another() as second:
            assert second != built.target
            for lent in (built.target, second):
                with connect_admin(lent, autocommit=True) as connection:
                    assert difference(schema.shape, take(connection)) == ()
        built.require()
    with copy(schema) as again:  # now from the template
        assert again.problems == ()


def test_nothing_is_written_and_no_row_is_read(small: Project, put: Put, admin: Admin) -> None:
    target = put(small)
    with admin() as connection:
        connection.execute("alter role postgres set default_transaction_read_only to on")
        before = _traces(connection)
        schema = read(target)
        assert _traces(connection) == before
        connection.execute("alter role postgres reset default_transaction_read_only")
        assert [bucket["id"] for bucket in schema.buckets] == ["open"]
        # The same questions notice both a row that is read and one that is written.
        before = _traces(connection)
        with connect(target) as other:
            other.execute("select * from public.notes")
        read_once = _traces(connection)
        assert (read_once[0], read_once[1] != before[1]) == (before[0], True)
        with connect(target) as other:
            other.execute("insert into public.notes values (2)")
        assert _traces(connection)[0] != read_once[0]


def _traces(connection: Connection[Any]) -> tuple[Any, ...]:
    """Return the next transaction that would write, and how often each table was looked into.

    The buckets' settings are configuration, and the only rows that are read.
    """
    wait_until_alone(lambda question: (connection.execute(question).fetchone() or [0])[0])
    connection.execute("select pg_stat_clear_snapshot()")
    row = connection.execute(
        "select pg_snapshot_xmax(pg_current_snapshot())::text, ("
        " select jsonb_object_agg(relid::regclass, array[seq_scan, idx_scan, n_tup_ins])"
        " from pg_stat_user_tables where relid <> 'storage.buckets'::regclass)"
    ).fetchone()
    assert row is not None
    return tuple(row)


def test_a_copy_that_differs_is_found_out(small: Project, put: Put, copy: Copy) -> None:
    schema = read(put(small))
    sabotages = (
        "alter table public.notes add by_hand int",
        "alter table public.notes enable row level security",
        "create policy p on public.notes for select using (true)",
        "grant select on public.notes to anon",
        "create function public.f() returns int language sql return 1",
        "alter default privileges for role postgres in schema public grant all on tables to anon",
        "alter publication supabase_realtime add table public.notes",
        "create schema extra",
    )
    with copy(schema) as built, connect_admin(built.target, autocommit=True) as connection:
        assert unlike(schema, take(connection), exactly=True) == ()
        for sabotage in sabotages:
            with connection.transaction(force_rollback=True):
                connection.execute(sabotage.encode())
                assert unlike(schema, take(connection), exactly=True) != (), sabotage


def test_what_lies_on_the_platform_is_held_to_the_project_too(
    small: Project, put: Put, copy: Copy
) -> None:
    schema = read(put(small))
    sabotages = (
        "drop policy own on storage.objects",
        "alter table storage.objects disable row level security",
        "grant select on auth.users to anon",
        "grant service_role to authenticated",
        "alter role anon bypassrls",
    )
    with copy(schema) as built, connect_admin(built.target, autocommit=True) as connection:
        connection.execute("set search_path = ''")
        for sabotage in (None, *sabotages):
            with connection.transaction(force_rollback=True):
                if sabotage is not None:
                    connection.execute(sabotage.encode())
                found: set[str] = set()
                for folder, there in ((CLUSTER, schema.cluster), (ADDITIONS, schema.additions)):
                    here = statements(connection, folder, schema.platform)
                    found |= unlike_facts(there, here, exactly=True)
                assert bool(found) == (sabotage is not None), (sabotage, found)


def test_what_a_project_once_made_in_the_platforms_schemas_is_part_of_the_copy(
    small: Project, put: Put, copy: Copy, admin: Admin
) -> None:
    target = put(small)
    with admin() as connection:
        connection.execute(
            "create function auth.tenant() returns uuid language sql stable return auth.uid();"
            "alter function auth.tenant() owner to postgres;"
            "create table auth.tenants (id uuid primary key);"
            "alter table auth.tenants owner to postgres;"
            "grant select on auth.tenants, auth.users to authenticated;"
            "revoke execute on function auth.email() from public;"
            "alter table storage.objects disable row level security;"
            "create policy tenants on public.notes using (owner = auth.tenant());"
        )
    schema = read(target)
    with copy(schema) as built, connect_admin(built.target, autocommit=True) as connection:
        assert built.problems == ()
        assert difference(schema.shape, take(connection)) == ()


def test_a_policy_that_cannot_be_made_is_a_problem_and_not_a_silence(
    small: Project, put: Put, copy: Copy, admin: Admin
) -> None:
    target = put(small)
    with admin() as connection:
        connection.execute(
            "create function storage.of_tomorrow() returns bool language sql return true;"
            "alter function storage.of_tomorrow() owner to supabase_storage_admin;"
            "create policy later on storage.objects using (storage.of_tomorrow());"
        )
    with copy(read(target)) as built:
        (problem,) = [each for each in built.problems if "storage.objects.later" in each]
        assert "of_tomorrow" in problem
        with pytest.raises(SchemaDiffersError, match="The copy is not what postgres is"):
            built.require()


def test_a_table_that_somebody_holds_is_waited_for_and_then_named(
    small: Project, put: Put, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumping, "LOCK_SECONDS", 0.1)
    target = put(small)
    with admin() as connection, connection.transaction():
        connection.execute("lock table public.notes in access exclusive mode")
        with pytest.raises(SqlError, match="somebody holds a table exclusively") as caught:
            read(target)
    assert "Try again" in (caught.value.hint or "")
