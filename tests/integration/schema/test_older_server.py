"""A project on PostgreSQL 15, reached over TLS only, is copied to the embedded server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pytest

from prospectr_db.database import Dsn, Target, connect, connect_admin
from prospectr_db.errors import ConnectionFailedError, ProspectrError, SqlError
from prospectr_db.schema.bridge import tls_context
from prospectr_db.server.account import server_account
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.url import target_from_url
from tests.integration.migrations.test_transaction_pooler import free_port
from tests.integration.schema.conftest import Copy, read

BIN = Path("/usr/lib/postgresql/15/bin")
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not BIN.is_dir(), reason="PostgreSQL 15 is not installed (Debian 12)"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture
def old(settings: ServerSettings) -> Iterator[tuple[Target, Path]]:
    """A project on a server that takes encrypted connections only, and its certificate."""
    account = server_account(settings.account)
    folder = Path(mkdtemp(prefix="pg15-"))
    account.own(folder)
    data, port = folder / "data", free_port()

    def run(*words: object) -> None:
        done = account.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=-2)
        assert done.returncode == 0, done.stdout

    def sql(role: str, file: str) -> None:
        run(BIN / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", port, "-U", role,
            "-d", "postgres", "-f", _readable(folder, file))  # fmt: skip

    run(BIN / "initdb", "-D", data, "-U", "supabase_admin", "-E", "UTF8", "--locale=C.UTF-8")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", data / "server.key", "-out", data / "server.crt")  # fmt: skip
    run("chmod", "600", data / "server.key")
    (data / "pg_hba.conf").write_text(
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
    options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c ssl=on -c fsync=off"
    run(BIN / "pg_ctl", "-D", data, "-w", "-s", "-o", options, "-l", folder / "log", "start")
    try:
        sql("supabase_admin", "old_platform.sql")
        sql("postgres", "nasty.sql")
        url = f"postgresql://postgres:se%20cret@localhost:{port}/postgres?sslmode=require"
        yield target_from_url(url), data / "server.crt"
    finally:
        run(BIN / "pg_ctl", "-D", data, "-m", "immediate", "-s", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _readable(folder: Path, file: str) -> Path:
    text = (HERE / file).read_text(encoding="utf-8")
    if file == "old_platform.sql":
        # A superuser while it makes its objects, as supautils would let it.
        text += "alter role postgres superuser password 'se cret';"
    else:
        text += "alter role postgres nosuperuser;"
    copy = folder / file
    copy.write_text(text, encoding="utf-8")
    copy.chmod(0o644)
    return copy


def test_a_project_of_an_older_version_is_copied_over_tls(
    old: tuple[Target, Path], copy: Copy
) -> None:
    target, certificate = old
    schema = read(target)
    assert schema.version == 15
    with copy(schema) as built, connect_admin(built.target) as connection:
        assert (built.problems, built.notes) == ((), ())
        found = connection.execute(
            "select count(*) from pg_policies where schemaname in ('public', 'storage', 'realtime')"
        ).fetchone()
    assert found == (6,)
    # A certificate is believed only where its signer was named, and for its own host only.
    checked = target.dsn.replace(sslmode="verify-full", sslrootcert=str(certificate))
    assert read(replace(target, dsn=checked)).digest == schema.digest
    with pytest.raises(ProspectrError):
        read(replace(target, dsn=checked.replace(host="127.0.0.1")))
    _an_extension_that_is_gone_is_named(target, certificate.parent.parent, copy)


def _an_extension_that_is_gone_is_named(target: Target, folder: Path, copy: Copy) -> None:
    """PostgreSQL 17 dropped adminpack: without it a copy is made, unless something needs it."""
    login = {"host": str(folder), "port": target.dsn.get("port") or "", "user": "supabase_admin"}
    superuser = Target(Dsn({**login, "dbname": "postgres"}), "local", "its superuser")
    with connect(superuser, autocommit=True) as connection:
        connection.execute("create extension adminpack")
        with copy(read(target)) as built:
            assert (built.problems, len(built.notes)) == ((), 1)
            assert "adminpack is not available here" in built.notes[0]
        connection.execute("create view public.needs as select pg_file_unlink('x') as gone")
        connection.execute("alter view public.needs owner to postgres")
    with pytest.raises(SqlError, match="schema cannot be built here") as caught, copy(read(target)):
        pass
    assert "lacks: adminpack" in (caught.value.hint or "")
    assert "pg_file_unlink" in caught.value.details["excerpt"]


def test_a_certificate_that_is_not_there_is_named_as_the_cause(tmp_path: Path) -> None:
    dsn = target_from_url("postgresql://u:p@db.example.com/x").dsn
    missing = dsn.replace(sslmode="verify-full", sslrootcert=str(tmp_path / "none.crt"))
    with pytest.raises(ConnectionFailedError, match="cannot be used: No such file"):
        tls_context(missing)
    assert not tls_context(dsn).check_hostname
