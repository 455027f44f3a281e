"""A snapshot tells of everything that a migration can change, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection

from prospectr_db.database.snapshot import Change, difference, take

_BASE = """
    create type public.mood as enum ('sad', 'happy');
    create domain public.score as int check (value > 0);
    create table public.notes (
        id bigserial primary key,
        owner uuid references auth.users on delete cascade,
        mood public.mood,
        text text default 'x'
    );
    create index notes_owner on public.notes (owner);
    create view public.texts as select text from public.notes;
    create function public.f() returns trigger language plpgsql as 'begin return new; end';
    create trigger greet before insert on public.notes for each row execute function public.f();
    create trigger greet after insert on auth.users for each row execute function public.f();
    alter table public.notes enable row level security;
    create policy own on public.notes for select to authenticated using (owner = auth.uid());
    create policy files on storage.objects for select using (bucket_id = 'b');
    grant select on public.notes to authenticated;
    grant update (text) on public.notes to authenticated;
    alter publication supabase_realtime add table public.notes;
    comment on policy own on public.notes is 'why';
    comment on table public.notes is 'notes';
"""


@pytest.fixture
def project(postgres: Connection[Any]) -> Connection[Any]:
    postgres.execute(_BASE.encode())
    return postgres


def _changes(connection: Connection[Any], statement: str) -> tuple[Change, ...]:
    before = take(connection)
    connection.execute(statement.encode())
    return difference(before, take(connection))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("create schema app", {"added schema app"}),
        ("alter table public.notes force row level security", {"changed table public.notes"}),
        ("alter table public.notes alter text drop default", {"changed column public.notes.text"}),
        ("alter table public.notes alter text set not null", {"changed column public.notes.text"}),
        (
            "alter table public.notes add constraint short check (length(text) < 9)",
            {"added constraint public.notes.short"},
        ),
        (
            (
                "alter table public.notes drop constraint notes_owner_fkey, add constraint"
                " notes_owner_fkey foreign key (owner) references auth.users"
            ),
            {"changed constraint public.notes.notes_owner_fkey"},
        ),
        ("drop index public.notes_owner", {"removed index public.notes.notes_owner"}),
        (
            "alter sequence public.notes_id_seq increment 2",
            {"changed sequence public.notes_id_seq"},
        ),
        (
            "alter view public.texts set (security_invoker = on)",
            {"changed view public.texts"},
        ),
        ("alter function public.f() security definer", {"changed function public.f()"}),
        (
            (
                "create or replace function public.f() returns trigger language plpgsql"
                " as 'begin return null; end'"
            ),
            {"changed function public.f()"},
        ),
        ("alter table public.notes disable trigger greet", {"changed trigger public.notes.greet"}),
        ("drop trigger greet on auth.users", {"removed trigger auth.users.greet"}),
        (
            "alter policy own on public.notes using (true)",
            {"changed policy public.notes.own"},
        ),
        ("alter policy own on public.notes to anon", {"changed policy public.notes.own"}),
        ("drop policy files on storage.objects", {"removed policy storage.objects.files"}),
        (
            "grant insert on public.notes to authenticated",
            {"changed grant on table public.notes to authenticated"},
        ),
        (
            "revoke select on public.notes from postgres",
            {"added grant on table public.notes to postgres"},
        ),
        (
            "revoke update (text) on public.notes from authenticated",
            {"removed grant on column public.notes.text to authenticated"},
        ),
        (
            "revoke execute on function public.f() from public",
            {"removed grant on function public.f() to public"},
        ),
        (
            "alter default privileges in schema public grant select on tables to anon",
            {"changed default privilege: postgres creates tables in public to anon"},
        ),
        ("alter type public.mood add value 'calm' before 'happy'", {"changed type public.mood"}),
        (
            "alter domain public.score add check (value < 9)",
            {"added constraint public.score.score_check1"},
        ),
        (
            "alter publication supabase_realtime drop table public.notes",
            {"changed publication supabase_realtime"},
        ),
        (
            "alter publication supabase_realtime set table public.notes (id, text) where (id > 1)",
            {"changed publication supabase_realtime"},
        ),
        (
            "alter publication supabase_realtime set tables in schema public",
            {"changed publication supabase_realtime"},
        ),
        ("create extension citext with schema extensions", {"added extension citext"}),
        (
            "comment on policy own on public.notes is null",
            {"removed comment on policy own on public.notes"},
        ),
        ("comment on table public.notes is 'our notes'", {"changed comment on table public.notes"}),
        (
            "create rule quiet as on delete to public.notes do instead nothing",
            {"added rule public.notes.quiet"},
        ),
        ("insert into public.notes (text) values ('a')", set()),
        ("select nextval('public.notes_id_seq')", set()),
        ("analyze public.notes", set()),
    ],
)
def test_a_change_is_told_as_one_change(
    project: Connection[Any], statement: str, expected: set[str]
) -> None:
    changes = _changes(project, statement)
    assert {f"{change.action} {change.object}" for change in changes} == expected


def test_what_changed_is_told(project: Connection[Any]) -> None:
    (change,) = _changes(project, "alter policy own on public.notes using (true)")
    assert change.what == ("using",)
    assert change.before == {"using": "(owner = auth.uid())"}
    assert change.after == {"using": "true"}
    assert change.as_dict()["kind"] == "policies"


def test_undoing_leaves_no_difference(project: Connection[Any]) -> None:
    before = take(project)
    project.execute("drop table public.notes cascade")
    assert len(difference(before, take(project))) > 10
    project.rollback()
    project.execute(_BASE.encode())
    assert difference(before, take(project)) == ()


def test_the_search_path_neither_matters_nor_changes(project: Connection[Any]) -> None:
    before = take(project)
    project.execute("set local search_path = public, auth, storage")
    assert difference(before, take(project)) == ()
    assert project.execute("show search_path").fetchone() == ("public, auth, storage",)


def test_line_ends_of_a_body_do_not_matter(project: Connection[Any]) -> None:
    body = "create or replace function public.g() returns int language sql as 'select\n1'"
    project.execute(body.encode())
    assert _changes(project, body.replace("\n", "\r\n")) == ()


def test_day_partitions_and_records_of_migrations_are_not_told(
    superuser: Connection[Any],
) -> None:
    before = take(superuser)
    superuser.execute("create schema supabase_migrations")
    superuser.execute("create table supabase_migrations.schema_migrations (version text)")
    superuser.execute(
        "create table realtime.messages_2000_01_01 partition of realtime.messages"
        " for values from ('2000-01-01') to ('2000-01-02')"
    )
    assert difference(before, take(superuser)) == ()
    told = take(superuser, exclude=()).of("tables")
    assert "supabase_migrations.schema_migrations" in told


def test_schemas_and_kinds_can_be_chosen(project: Connection[Any]) -> None:
    chosen = take(project, schemas=["public"], include=["tables", "policies"])
    assert {str(key) for key in chosen} == {
        "table public.notes",
        "policy public.notes.own",
    }
    with pytest.raises(ValueError, match="no such kind: nothing"):
        take(project, include=["nothing"])


def test_a_whole_project_is_taken(project: Connection[Any]) -> None:
    assert len(take(project)) > 700
