"""A connection string never shows its secrets."""

from __future__ import annotations

import pytest

from prospectr_db.database.dsn import Dsn
from prospectr_db.errors import UsageError
from prospectr_db.report.jsons import plain

SECRET = "pa:ss@w/rd #1%"


@pytest.fixture
def dsn() -> Dsn:
    return Dsn(
        {
            "user": "postgres.abc",
            "password": SECRET,
            "host": "db.example.com",
            "port": "6543",
            "dbname": "postgres",
            "sslmode": "require",
        }
    )


@pytest.mark.parametrize("show", [str, repr, lambda dsn: dsn.url(), plain, "{}".format])
def test_no_way_of_showing_a_dsn_shows_its_password(dsn: Dsn, show: object) -> None:
    shown = str(show(dsn))  # type: ignore[operator]
    assert SECRET not in shown
    assert "pa%3Ass" not in shown
    assert "postgres.abc:***@db.example.com:6543/postgres" in shown


def test_a_revealed_url_reads_back_as_the_same_parameters(dsn: Dsn) -> None:
    assert Dsn.parse(dsn.url(reveal=True)) == dsn


def test_a_socket_url_reads_back_as_the_same_parameters() -> None:
    dsn = Dsn({"user": "postgres", "host": "/tmp/some dir", "port": "5433", "dbname": "postgres"})
    assert Dsn.parse(dsn.url(reveal=True)) == dsn


def test_an_ipv6_host_is_bracketed() -> None:
    assert Dsn({"host": "::1", "port": "5432", "dbname": "x"}).url() == "postgresql://[::1]:5432/x"


def test_asking_for_a_secret_by_name_is_refused(dsn: Dsn) -> None:
    with pytest.raises(KeyError):
        dsn.get("password")


@pytest.mark.parametrize(
    "text", ["postgresql://u:s3cr3t@[bad/db", "s3cr3t", "postgresql://u:s3cr3t@h:port/db?x=%"]
)
def test_a_url_that_cannot_be_read_is_explained_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Dsn.parse(text)
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"
    assert "percent-encode" in str(caught.value.hint)


def test_an_empty_url_is_explained() -> None:
    with pytest.raises(UsageError, match="empty"):
        Dsn.parse("")
