"""Which pg_dump is run, that it is told no secret where others can read it, and what it says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from prospectr_db.database import Dsn, Target
from prospectr_db.errors import (
    ConnectionFailedError,
    ProspectrError,
    ServerError,
    SqlError,
    UsageError,
)
from prospectr_db.schema import dumping, reading

PASSWORD = "hunter22 secret"


def _program(folder: Path, body: str) -> Path:
    path = folder / "pg_dump"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def _versioned(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    return _program(folder, f'echo "pg_dump (PostgreSQL) {version}"')


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """There is no pg_dump but those that the test makes."""
    monkeypatch.setattr(dumping, "_embedded", list)
    monkeypatch.setattr(dumping.shutil, "which", lambda _name: None)
    return monkeypatch


def test_the_first_that_is_not_older_than_the_server_is_run(
    tmp_path: Path, alone: pytest.MonkeyPatch
) -> None:
    chosen = _versioned(tmp_path / "chosen", "16.4")
    newer = _versioned(tmp_path / "newer", "18beta1")
    alone.setattr(dumping.shutil, "which", lambda _name: str(newer))
    assert dumping.find_pg_dump(chosen.parent, 15) == chosen
    assert dumping.find_pg_dump(chosen.parent, 17) == newer


def test_none_and_none_that_is_new_enough_are_told_apart(
    tmp_path: Path, alone: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServerError, match="There is no pg_dump") as missing:
        dumping.find_pg_dump(tmp_path, 17)
    assert "17 or newer" in (missing.value.hint or "")
    old = _versioned(tmp_path / "old", "15.14 (Debian 15.14-0+deb12u1)")
    with pytest.raises(ServerError, match="runs PostgreSQL 17, and the newest pg_dump here is of"):
        dumping.find_pg_dump(old.parent, 17)
    assert alone is not None


def _connection() -> Any:
    info = SimpleNamespace(
        host="db.example.com", hostaddr="192.0.2.1", port=5432, user="postgres", dbname="shop",
        password=PASSWORD,
    )  # fmt: skip
    return cast("Any", SimpleNamespace(info=info))


TARGET = Target(Dsn({"host": "db.example.com", "password": PASSWORD}), "hosted", "shop")


def test_the_password_is_in_the_environment_and_not_on_the_command_line(tmp_path: Path) -> None:
    program = _program(tmp_path, 'echo "arguments: $@"; env')
    said = dumping.dump(program, _connection(), TARGET, snapshot="1-1", exclude=["-x"])
    arguments, *environment = said.splitlines()
    assert PASSWORD not in arguments
    assert "--schema-only" in arguments
    assert "--snapshot=1-1 -x" in arguments
    assert f"PGPASSWORD={PASSWORD}" in environment
    assert "PGHOSTADDR=192.0.2.1" in environment


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        ("permission denied for table secrets", SqlError, "Log in as postgres"),
        ("canceling statement due to statement timeout", SqlError, "Try again"),
        ('invalid snapshot identifier: "1-1"', ConnectionFailedError, "session mode"),
        ("connection to server at x failed: no", ConnectionFailedError, "allow a second"),
        ("something new", ProspectrError, "pg_dump says so"),
    ],
)
def test_what_it_says_becomes_an_error_that_a_person_can_act_on(
    tmp_path: Path, said: str, kind: type[ProspectrError], expected: str
) -> None:
    program = _program(tmp_path, f"echo 'pg_dump: error: {said} {PASSWORD}' >&2; exit 1")
    with pytest.raises(kind) as caught:
        dumping.dump(program, _connection(), TARGET, snapshot="1-1", exclude=[])
    assert said in caught.value.message
    assert PASSWORD not in caught.value.message
    assert expected in (caught.value.hint or "")


def test_a_transaction_pooler_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    connection = _connection()
    connection.info.port = 6543
    program = _program(tmp_path, "exit 1")
    with pytest.raises(UsageError, match="pg_dump needs a session") as caught:
        reading._read(connection, TARGET, lambda _major: program)  # noqa: SLF001
    assert "port 5432" in (caught.value.hint or "")
