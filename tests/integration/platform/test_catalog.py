"""The installed platform, fact by fact, against what we believe a hosted project looks like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from prospectr_db.database import Target, connect, connect_admin
from prospectr_db.platform.check import Difference, check
from prospectr_db.platform.install import Profile
from prospectr_db.server.embedded import ensure, stop
from prospectr_db.server.settings import ServerSettings


def _told(differences: tuple[Difference, ...]) -> list[str]:
    return [
        f"{found.what} {found.kind} {found.name}: {found.expected} / {found.found}"
        for found in differences
    ]


def test_a_new_database_is_a_project_of_autumn_2026_to_the_last_grant(
    platform_database: Target,
) -> None:
    with connect(platform_database) as connection:
        report = check(connection)
    assert report.profile is Profile.CURRENT
    assert _told(report.differences) == []
    assert report.agreeing > 1200


@pytest.mark.parametrize(
    ("sabotage", "kind", "name"),
    [
        ("grant select on auth.users to anon", "grants", "table auth.users to anon"),
        ("revoke insert on storage.objects from anon", "grants", "table storage.objects to anon"),
        ("alter table auth.users disable row level security", "tables", "auth.users"),
        (
            "alter table auth.users alter id set default gen_random_uuid()",
            "columns",
            "auth.users.id",
        ),
        ("alter table auth.users add nickname text", "columns", "auth.users.nickname"),
        ("alter table auth.users drop column phone cascade", "columns", "auth.users.phone"),
        (
            "drop index auth.users_email_partial_key",
            "indexes",
            "auth.users.users_email_partial_key",
        ),
        ("alter type auth.aal_level add value 'aal0' before 'aal1'", "types", "auth.aal_level"),
        ("alter function auth.uid() security definer", "functions", "auth.uid()"),
        ("alter function auth.uid() set search_path to ''", "functions", "auth.uid()"),
        ("alter role postgres superuser", "roles", "postgres"),
        ("alter role anon bypassrls", "roles", "anon"),
        ("alter schema auth owner to postgres", "schemas", "auth"),
        (
            "drop trigger protect_objects_delete on storage.objects",
            "triggers",
            "storage.objects.protect_objects_delete",
        ),
        ("drop event trigger pgrst_ddl_watch", "event_triggers", "pgrst_ddl_watch"),
        ("drop publication supabase_realtime", "publications", "supabase_realtime"),
        ("drop extension pg_net", "extensions", "pg_net"),
        (
            (
                "alter default privileges for role postgres in schema public"
                " grant select on tables to anon"
            ),
            "default_privileges",
            "postgres creates tables in public to anon",
        ),
    ],
)
def test_every_kind_of_deviation_is_noticed(
    superuser: Connection[Any], sabotage: str, kind: str, name: str
) -> None:
    superuser.execute(sabotage.encode())
    found = {(one.kind, one.name) for one in check(superuser, Profile.CURRENT).differences}
    assert (kind, name) in found


@pytest.fixture
def seed_target(settings: ServerSettings, tmp_path: Path) -> Iterator[Target]:
    """A database of a server of its own that was built for the older profile."""
    root = tmp_path / "older"
    (root / "supabase").mkdir(parents=True)
    chosen = replace(settings, home=settings.home / tmp_path.name, profile="s")
    yield ensure(root, chosen).target()
    stop(root, chosen)


def test_the_older_profile_is_a_project_of_mid_2025(seed_target: Target) -> None:
    with connect(seed_target) as connection:
        report = check(connection)
        assert report.profile is Profile.SEED
        assert _told(report.differences) == []
        assert report.agreeing > 800
        # New objects are exposed at once, and revoking from public leaves anon its own grant.
        connection.execute("create table public.notes (id bigserial)")
        connection.execute("create function public.f() returns int language sql return 1")
        connection.execute("revoke execute on function public.f() from public")
        row = connection.execute(
            "select has_table_privilege('anon', 'public.notes', 'select'),"
            " has_sequence_privilege('anon', 'public.notes_id_seq', 'usage'),"
            " has_function_privilege('anon', 'public.f()', 'execute')"
        ).fetchone()
        assert row == (True, True, True)
        # Rows of storage may be deleted by hand.
        connection.execute("insert into storage.buckets (id, name) values ('b', 'b')")
        assert connection.execute("delete from storage.buckets").rowcount == 1
        connection.execute("create policy p on storage.objects for select using (true)")
    with connect_admin(seed_target) as connection:
        row = connection.execute(
            "select count(*) from pg_event_trigger where evtname like 'graphql_watch%'"
        ).fetchone()
        assert row == (2,)
