from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prospectr_db.server.embedded import CHECKS, stop
from prospectr_db.server.settings import ServerSettings

MIGRATION = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null check (body <> '')
);
revoke all on public.notes from anon, authenticated, service_role;
alter table public.notes enable row level security;
create policy "own" on public.notes to authenticated
using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
grant select, insert, update (body), delete on public.notes to authenticated;
grant select, insert, update, delete on public.notes to service_role;

create table public.leaky (id int, user_id uuid);
alter table public.leaky enable row level security;
create policy "everybody" on public.leaky for select to authenticated using (true);
grant select on public.leaky to authenticated, service_role;
"""

TESTS = """
import psycopg
import pytest
from prospectr_db.database import connect

INSERT = "insert into public.notes (user_id, body) values (%s, 'mine')"

def test_the_five_verdicts(as_persona, owner, stranger, anon):
    me, them = as_persona(owner), as_persona(stranger)
    me.execute(INSERT, [owner.sub])
    me.allowed("select * from public.notes", rows=1)
    them.filtered("select * from public.notes", proof=owner)
    them.rejected(INSERT, [owner.sub])
    me.denied("update public.notes set user_id = user_id")
    as_persona(anon).denied("select * from public.notes")
    me.refused("update public.notes set body = ''", constraint="notes_body_check")

def test_a_vacuous_denial(as_persona, stranger):
    as_persona(stranger).filtered("select * from public.notes")

def test_a_denial_that_nobody_escapes(as_persona, owner):
    as_persona(owner).denied("truncate public.notes")

def test_a_leak(as_persona, stranger, prospectr_connection):
    prospectr_connection.execute("insert into public.leaky values (1, null)")
    as_persona(stranger).filtered("select * from public.leaky")

def test_a_typing_mistake(as_persona, owner):
    as_persona(owner).denied("select * from public.nots")

@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_anew(as_persona, owner, prospectr_connection, turn):
    assert prospectr_connection.execute("select count(*) from public.notes").fetchone() == (0,)
    as_persona(owner).execute(INSERT, [owner.sub])

def test_nothing_can_be_committed_by_accident(prospectr_connection):
    with pytest.raises(psycopg.ProgrammingError):
        prospectr_connection.commit()

@pytest.mark.parametrize("turn", [1, 2])
def test_a_clone_is_ones_own(prospectr_database, turn):
    with connect(prospectr_database) as connection:
        connection.execute("insert into public.leaky values (1, null)")
    with connect(prospectr_database) as connection:
        assert connection.execute("select count(*) from public.leaky").fetchone() == (1,)

def test_users_have_the_claims_they_were_made_with(as_persona, make_user):
    editor = make_user("editor", app_metadata={"role": "editor"}, user_metadata={"a": 1})
    (seen,) = as_persona(editor).fetch(
        "select auth.uid()::text as sub, auth.jwt() -> 'app_metadata' ->> 'role' as role"
    )
    assert seen == {"sub": editor.sub, "role": "editor"}

def test_users_are_in_auth(make_user, prospectr_connection):
    user = make_user("someone", email="someone@example.org")
    assert prospectr_connection.execute(
        "select users.email, identities.email, raw_app_meta_data ->> 'provider' from auth.users"
        " inner join auth.identities on user_id = users.id where users.id = %s", [user.sub]
    ).fetchone() == ("someone@example.org", "someone@example.org", "email")
"""

RunPytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, settings: ServerSettings) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("notes")
    (root / "supabase" / "migrations").mkdir(parents=True)
    (root / "supabase" / "migrations" / "20260101000000_create_notes.sql").write_text(MIGRATION)
    (root / "test_notes.py").write_text(TESTS)
    yield root
    stop(root, settings, instance=CHECKS)


@pytest.fixture
def run_pytest(settings: ServerSettings) -> RunPytest:
    def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        mine = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, arguments)],
            cwd=cwd,
            env={**mine, "PROSPECTR_DB_HOME": str(settings.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def test_the_fixtures_serve_any_project(project: Path, run_pytest: RunPytest) -> None:
    done = run_pytest("-n", "2", "-rA", cwd=project)
    assert "4 failed, 8 passed" in done.stdout, done.stdout
    for name, reason in {
        "test_a_vacuous_denial": "this denial proves nothing: stranger is filtered, but as "
        "service_role the same statement is filtered (0 rows) too",
        "test_a_denial_that_nobody_escapes": "this denial proves nothing: owner is denied",
        "test_a_leak": "stranger is allowed (1 rows) and not filtered",
        "test_a_typing_mistake": 'relation "public.nots" does not exist',
    }.items():
        assert f"FAILED test_notes.py::{name}" in done.stdout
        assert reason in done.stdout


@pytest.mark.parametrize("way", ["option", "ini"])
def test_the_project_may_be_elsewhere(
    project: Path, run_pytest: RunPytest, tmp_path: Path, way: str
) -> None:
    (tmp_path / "test_root.py").write_text(
        "def test_root(prospectr_root, prospectr_connection):\n"
        f"    assert str(prospectr_root) == {str(project)!r}\n"
        "    prospectr_connection.execute('table public.notes')\n"
    )
    if way == "ini":
        (tmp_path / "pytest.ini").write_text(f"[pytest]\nprospectr_project = {project}\n")
        done = run_pytest(cwd=tmp_path)
    else:
        done = run_pytest("--prospectr-project", project, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout


def test_clones_of_a_killed_run_are_dropped_by_the_next(
    project: Path, run_pytest: RunPytest
) -> None:
    (project / "test_leftovers.py").write_text(
        textwrap.dedent(
            """
            import os, signal
            from prospectr_db.database import connect

            CLONES = "select datname from pg_database where datname like 'pytest%' order by 1"

            def test_killed(prospectr_connection):
                os.kill(os.getpid(), signal.SIGKILL)

            def test_next(prospectr_connection, prospectr_shared_database):
                found = prospectr_connection.execute(CLONES).fetchall()
                assert found == [(prospectr_shared_database.dsn.get("dbname"),)]
            """
        )
    )
    killed = run_pytest("test_leftovers.py", "-k", "killed", cwd=project)
    assert killed.returncode < 0
    done = run_pytest("test_leftovers.py", "-k", "next", cwd=project)
    assert "1 passed" in done.stdout, done.stdout
    (project / "test_leftovers.py").unlink()


def test_a_project_without_supabase_is_told_so(run_pytest: RunPytest, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it(prospectr_template): ...\ndef test_other(): ...\n"
    )
    done = run_pytest(cwd=tmp_path)
    assert "1 passed, 1 error" in done.stdout, done.stdout
    assert "supabase" in done.stdout
    assert "Traceback" not in done.stdout


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    heavy = {"psycopg", "typer", "rich", "prospectr_db.server.embedded"}
    script = (
        "import sys, prospectr_db.pytest_plugin\n"
        f"found = {heavy!r} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
