"""What a doctor thinks of a connection, a role and a setting, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.database import Dsn, Target
from prospectr_db.doctor import reach, session
from prospectr_db.errors import ConnectionFailedError
from prospectr_db.project.config import Config

REF = "abcdefghijklmnopqrst"
HOSTED = Target(Dsn({"host": f"db.{REF}.supabase.co", "sslmode": "require"}), "hosted", REF)
SOUND = session.Session(
    login="postgres",
    role="postgres",
    superuser=False,
    bypassrls=True,
    createrole=True,
    version="17.6",
    version_number=170006,
    read_only=True,
    standby=False,
    database_owner="postgres",
    encoding="UTF8",
    has_api_roles=True,
    has_auth=True,
    acts_as_postgres=True,
)


def _severities(findings: object) -> list[str]:
    return [finding.severity for finding in findings]  # type: ignore[attr-defined]


def test_a_sound_session_is_not_complained_about() -> None:
    assert not list(session.about_role(SOUND))
    assert not list(session.about_version(SOUND, Config()))
    assert not list(session.about_ownership(SOUND, []))
    assert not list(session.about_exposure({}, Config(auto_expose_new_tables=False)))


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        ({"superuser": True}, "warning"),
        ({"acts_as_postgres": False, "role": "reader"}, "problem"),
        ({"standby": True}, "problem"),
        ({"has_api_roles": False}, "problem"),
        ({"has_auth": False}, "problem"),
    ],
)
def test_each_wrong_role_is_told_apart(change: dict[str, object], severity: str) -> None:
    assert _severities(session.about_role(replace(SOUND, **change))) == [severity]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "severities"),
    [(170006, []), (150008, ["warning"]), (140001, ["problem", "warning"])],
)
def test_the_version_is_held_to_config_toml(version: int, severities: list[str]) -> None:
    who = replace(SOUND, version_number=version)
    assert _severities(session.about_version(who, Config(db_major_version=17))) == severities


@pytest.mark.parametrize(
    ("wanted", "exposed", "severities"),
    [
        (False, False, []),
        (True, True, []),
        (None, False, []),
        (None, True, ["warning"]),
        (False, True, ["problem"]),
        (True, False, ["problem"]),
    ],
)
def test_exposure_is_held_to_config_toml(
    wanted: bool | None, exposed: bool, severities: list[str]
) -> None:
    found = {"anon": ["SELECT"]} if exposed else {}
    config = Config(auto_expose_new_tables=wanted)
    assert _severities(session.about_exposure(found, config)) == severities


def test_an_unencrypted_way_to_a_project_is_a_problem() -> None:
    wire = session.Wire("10.0.0.1", is_ipv6=False, encryption=None)
    assert _severities(session.about_wire(wire, HOSTED, "session pooler")) == ["problem"]


def test_tls_without_verification_is_a_note_and_with_it_nothing() -> None:
    wire = session.Wire("10.0.0.1", is_ipv6=False, encryption="TLSv1.3")
    verified = replace(HOSTED, dsn=HOSTED.dsn.replace(sslmode="verify-full"))
    assert _severities(session.about_wire(wire, HOSTED, "direct")) == ["note"]
    assert not list(session.about_wire(wire, verified, "direct"))


@pytest.mark.parametrize(
    ("host", "port", "route"),
    [
        (f"db.{REF}.supabase.co", "5432", "direct"),
        ("aws-0-eu-central-1.pooler.supabase.com", "5432", "session pooler"),
        ("aws-1-eu-central-1.pooler.supabase.com", "6543", "transaction pooler"),
        (f"db.{REF}.supabase.co", "6543", "transaction pooler"),
        ("127.0.0.1", "54322", "local"),
        ("/tmp/somewhere", "5432", "local"),
    ],
)
def test_the_route_is_read_off_host_and_port(host: str, port: str, route: str) -> None:
    assert reach.route_of(Dsn({"host": host, "port": port})) == route


def test_a_transaction_pooler_is_a_problem() -> None:
    wire = session.Wire("10.0.0.1", is_ipv6=False, encryption="TLSv1.3")
    target = replace(HOSTED, dsn=HOSTED.dsn.replace(sslmode="verify-full"))
    (finding,) = session.about_wire(wire, target, "transaction pooler")
    assert (finding.check, finding.severity) == ("pooler", "problem")


def test_a_direct_host_that_only_has_ipv6_leads_to_the_pooler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unreachable = (reach.Address(6, "2600::1", "Network is unreachable"),)
    monkeypatch.setattr(reach, "knock", lambda *_: unreachable)
    told = reach.explain(HOSTED.dsn, ConnectionFailedError("Cannot connect."))
    assert f"--project-ref {REF} --region" in (told.hint or "")
    assert "2600::1: Network is unreachable" in told.details["reached"]


def test_a_pooler_that_does_not_know_the_project_leads_to_the_next_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reach, "knock", lambda *_: (reach.Address(4, "1.2.3.4", None),))
    dsn = Dsn({"host": "aws-0-eu-central-1.pooler.supabase.com", "port": "5432"})
    told = reach.explain(dsn, ConnectionFailedError("FATAL: Tenant or user not found"))
    assert "--region aws-1-eu-central-1" in (told.hint or "")
