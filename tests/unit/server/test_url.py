"""A database URL says which project it is, and whether it may be destroyed without asking."""

from __future__ import annotations

import pytest

from prospectr_db.errors import UsageError
from prospectr_db.server.url import target_from_url

REF = "abcdefghijklmnopqrst"


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        (f"postgresql://postgres:x@db.{REF}.supabase.co:5432/postgres", "hosted", REF),
        (
            f"postgresql://postgres.{REF}:x@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
            "hosted",
            REF,
        ),
        ("postgresql://me:x@db.example.com/shop", "hosted", "shop"),
        ("postgresql://postgres:x@10.0.0.7/shop", "hosted", "shop"),
        ("postgresql://postgres:x@127.0.0.1:54322/postgres", "local", "postgres"),
        ("postgresql://postgres:x@localhost/postgres", "local", "postgres"),
        ("postgresql://postgres@/postgres?host=/tmp/x", "local", "postgres"),
        ("postgresql://postgres:x@[::1]:5432", "local", "postgres"),
    ],
)
def test_a_target_is_named_after_its_project_or_database(url: str, kind: str, name: str) -> None:
    target = target_from_url(url)
    assert (target.kind, target.name) == (kind, name)
    assert target.is_local == (kind == "local")
    assert target.admin is None


@pytest.mark.parametrize("suffix", ["", "?sslmode=prefer", "?sslmode=allow"])
def test_tls_is_required_of_anything_that_is_not_local(suffix: str) -> None:
    target = target_from_url(f"postgresql://u:x@db.example.com/shop{suffix}")
    assert target.dsn.get("sslmode") == "require"


def test_a_stricter_sslmode_is_kept() -> None:
    target = target_from_url("postgresql://u:x@db.example.com/shop?sslmode=verify-full")
    assert target.dsn.get("sslmode") == "verify-full"


def test_a_hosted_url_without_tls_is_refused() -> None:
    with pytest.raises(UsageError, match="without TLS"):
        target_from_url("postgresql://u:x@db.example.com/shop?sslmode=disable")


def test_a_url_without_a_user_is_refused() -> None:
    with pytest.raises(UsageError, match="no user"):
        target_from_url("postgresql://db.example.com/shop")
