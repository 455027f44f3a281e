"""`prospectr-db platform check` against a database as it should be, and against others."""

from __future__ import annotations

import json

from prospectr_db.database import Target, connect
from tests.conftest import RunCli


def _url(target: Target) -> str:
    return target.dsn.url(reveal=True)


def test_a_platform_as_it_should_be_is_told_so(cli: RunCli, platform_database: Target) -> None:
    done = cli("--db-url", _url(platform_database), "platform", "check")
    assert done.code == 0, done
    assert "profile c (autumn 2026)" in done.out.splitlines()[-1]


def test_a_grant_too_many_is_serious(cli: RunCli, target: Target) -> None:
    with connect(target) as connection:
        connection.execute("grant select on auth.users to anon")
        connection.execute("create policy mine on storage.objects using (true)")
    done = cli("--json", "--db-url", _url(target), "platform", "check", "--profile", "c")
    assert done.code == 1
    report = json.loads(done.out)
    assert report["ok"] is False
    assert [
        (found["what"], found["name"], found["severity"]) for found in report["differences"]
    ] == [("extra", "table auth.users to anon", "serious")]


def test_the_other_era_differs(cli: RunCli, platform_database: Target) -> None:
    done = cli("--db-url", _url(platform_database), "platform", "check", "--profile", "s")
    assert done.code == 1
    assert "auth.oauth_clients" in done.out


def test_an_unknown_profile_is_a_usage_error(cli: RunCli, platform_database: Target) -> None:
    done = cli("--db-url", _url(platform_database), "platform", "check", "--profile", "x")
    assert done.code == 2
    assert "hint: Use c" in done.err
