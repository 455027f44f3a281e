"""A project ref and a password become the direct connection or the session pooler's."""

from __future__ import annotations

import pytest

from prospectr_db.errors import UsageError
from prospectr_db.server.hosted import hosted_target
from prospectr_db.server.url import target_from_url

REF = "abcdefghijklmnopqrst"
PASSWORD = "c0rrect/h@rse:battery"


@pytest.mark.parametrize(
    ("region", "host", "user"),
    [
        (None, f"db.{REF}.supabase.co", "postgres"),
        ("eu-central-1", "aws-0-eu-central-1.pooler.supabase.com", f"postgres.{REF}"),
        ("aws-1-us-east-2", "aws-1-us-east-2.pooler.supabase.com", f"postgres.{REF}"),
        ("ap-southeast-1", "aws-0-ap-southeast-1.pooler.supabase.com", f"postgres.{REF}"),
    ],
)
def test_a_region_chooses_the_session_pooler(region: str | None, host: str, user: str) -> None:
    target = hosted_target(REF, PASSWORD, region)
    assert (target.dsn.get("host"), target.dsn.get("user")) == (host, user)
    assert (target.dsn.get("port"), target.dsn.get("sslmode")) == ("5432", "require")
    assert (target.kind, target.name, target.is_local) == ("hosted", REF, False)
    assert target.dsn.secrets() == {PASSWORD}
    assert PASSWORD not in f"{target}{target.dsn.url()}"


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_it_is_the_same_project_as_its_url(region: str | None) -> None:
    target = hosted_target(REF, PASSWORD, region)
    again = target_from_url(target.dsn.url(reveal=True))
    assert again == target


@pytest.mark.parametrize(
    ("ref", "password", "region"),
    [
        ("short", PASSWORD, None),
        (REF.upper(), PASSWORD, None),
        (f"{REF}\n", PASSWORD, None),
        (REF, "", None),
        (REF, PASSWORD, "eu-central-1.evil.example"),
        (REF, PASSWORD, "europe"),
    ],
)
def test_what_is_not_one_is_refused_without_repeating_the_password(
    ref: str, password: str, region: str | None
) -> None:
    with pytest.raises(UsageError) as refused:
        hosted_target(ref, password, region)
    assert refused.value.hint
    assert PASSWORD not in f"{refused.value.as_dict()}"
