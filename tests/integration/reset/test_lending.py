"""Copies of a state that are lent: kept where they come back as they were, dropped otherwise."""

from __future__ import annotations

import pytest

from prospectr_db.access.observation import open_observer
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.database.connection import connect
from prospectr_db.database.sequences import sequence_positions
from prospectr_db.migrations import lending
from prospectr_db.migrations.reset import disposable
from prospectr_db.project import Project, load
from prospectr_db.server.embedded import EmbeddedServer
from tests.conftest import MakeProject

TABLE = """
create table public.notes (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users (id),
    body text not null
);
alter table public.notes enable row level security;
grant select, insert on public.notes to authenticated;
create policy own on public.notes for all to authenticated
using (user_id = (select auth.uid()));
insert into auth.users (id) values ('00000000-0000-4000-8000-000000000001');
insert into public.notes (user_id, body) values ('00000000-0000-4000-8000-000000000001', 'first');
"""


@pytest.fixture
def project(make_project: MakeProject, request: pytest.FixtureRequest) -> Project:
    """Return a project whose state nobody else asks for."""
    text = "".join(("-- ", request.node.name, TABLE))
    root = make_project({"supabase/migrations/20260101000000_create_notes.sql": text})
    return load(root, environment={})


def _kept(server: EmbeddedServer) -> dict[str, int]:
    with server.memory() as memory:
        rows = memory.execute(
            "select datname, oid::bigint from pg_database where datname ~ '^kept_'"
        )
        return dict(rows.fetchall())


def _oid(server: EmbeddedServer, name: str | None) -> int | None:
    with server.memory() as memory:
        row = memory.execute(
            "select oid::bigint from pg_database where datname = %s", (name,)
        ).fetchone()
    return None if row is None else int(row[0])


def test_a_copy_that_was_left_as_it_was_is_lent_again_under_another_name(
    own: EmbeddedServer, project: Project
) -> None:
    with disposable(own, project, undone=True) as target:
        first = _oid(own, target.dsn.get("dbname"))
    assert list(_kept(own).values()) == [first]
    with disposable(own, project, undone=True) as target:
        assert _oid(own, target.dsn.get("dbname")) == first
        assert first not in _kept(own).values()
        with disposable(own, project, undone=True) as other:
            assert _oid(own, other.dsn.get("dbname")) != first
    assert len(_kept(own)) == 1


def test_a_copy_is_kept_only_for_who_promised_to_leave_it_as_it_was(
    own: EmbeddedServer, project: Project
) -> None:
    with disposable(own, project, undone=True) as target:
        first = _oid(own, target.dsn.get("dbname"))
    with disposable(own, project) as target, connect(target) as connection:
        assert _oid(own, target.dsn.get("dbname")) != first
        connection.execute("delete from public.notes")
    assert list(_kept(own).values()) == [first]


def test_a_copy_in_which_something_went_wrong_is_dropped(
    own: EmbeddedServer, project: Project
) -> None:
    before, seen = _kept(own), []

    def fail(target: Target) -> None:
        seen.append(target.dsn.get("dbname"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), disposable(own, project, undone=True) as target:
        fail(target)
    assert _oid(own, seen[0]) is None
    assert _kept(own) == before


def test_only_the_last_state_is_kept_and_not_for_ever(
    own: EmbeddedServer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disposable(own, project, undone=True):
        pass
    (before,) = _kept(own).values()
    (path,) = (project.supabase / "migrations").iterdir()
    path.write_text("".join((path.read_text(), "-- edited\n")))
    edited = load(project.root, environment={})
    with disposable(own, edited, undone=True):
        pass
    (after,) = _kept(own).values()
    assert after != before
    monkeypatch.setattr(lending, "_MOST_LOANS", 2)
    with disposable(own, edited, undone=True) as target:
        assert _oid(own, target.dsn.get("dbname")) == after
    assert not _kept(own)


def test_an_observation_leaves_rows_and_sequences_where_they_were(
    own: EmbeddedServer, project: Project
) -> None:
    for _ in range(2):
        with disposable(own, project, undone=True) as target:
            with open_observer(target) as connection:
                before = sequence_positions(connection)
            seen = observe(target)
            with open_observer(target) as connection:
                assert sequence_positions(connection) == before
                assert before["public", "notes_id_seq"] == (1, True)
                rows = connection.execute("select id, body from public.notes").fetchall()
                assert rows == [(1, "first")]
            assert seen.table("notes") is not None
    assert len(_kept(own)) == 1


def test_what_other_files_granted_to_roles_does_not_come_with_a_copy(
    own: EmbeddedServer, make_project: MakeProject
) -> None:
    files = {"supabase/migrations/20260101000000_create_notes.sql": TABLE}
    granted = "grant pg_read_all_data to authenticated; grant service_role to authenticated;"
    more = {**files, "supabase/migrations/20260102000000_grant_roles.sql": granted}
    plain, open_wide = (load(make_project(f), environment={}) for f in (files, more))
    asked = "select pg_has_role('authenticated', 'pg_read_all_data', 'member')"
    for project, expected in ((plain, False), (open_wide, True), (plain, False), (open_wide, True)):
        with disposable(own, project, undone=True) as target, connect(target) as connection:
            row = connection.execute(asked).fetchone()
            assert row is not None
            assert row[0] is expected
