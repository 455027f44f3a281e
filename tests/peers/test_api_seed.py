"""Seeding through the API: rows for real; users against a recorder of Auth's admin API.

@supabase/lite has no admin API. The recorder answers as Supabase's documentation says that Auth
does, keeps what it was sent, and hands every other request on to the real Data API.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from prospectr_db.api.seed import ApiSeedError, SeedDocument, seed_through_api
from prospectr_db.api.service import DataApi
from prospectr_db.database import Target, connect_admin
from prospectr_db.resources import sql_text
from tests.conftest import REPOSITORY, RunCli
from tests.peers.data_api import served

pytestmark = pytest.mark.peer

USER = {
    "id": "c0000000-0000-4000-8000-000000000001",
    "email": "seeded@example.com",
    "password": "a-password-nobody-sees",
    "user_metadata": {"full_name": "Seeded"},
}
PROFILE = {
    "id": "c1000000-0000-4000-8000-000000000001",
    "user_id_auth": USER["id"],
    "user_name": "Seeded",
}
DOCUMENT = SeedDocument(users=(USER,), tables={"user_profile": (PROFILE,)})


@dataclass
class Recorder:
    """Auth's admin API over a real auth.users, and what it was asked."""

    target: Target
    api: DataApi
    url: str = ""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)

    def create(self, user: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create a user as POST /admin/users does."""
        with connect_admin(self.target, autocommit=True) as connection:
            taken = connection.execute(
                "select 1 from auth.users where id = %s or email = %s", (user["id"], user["email"])
            ).fetchone()
            if taken:
                message = "A user with this email address has already been registered"
                return 422, {"code": 422, "error_code": "email_exists", "msg": message}
            connection.execute(
                sql_text("access/create_auth_user.sql"),
                {
                    "id": user["id"],
                    "email": user["email"],
                    "app_metadata": json.dumps(user.get("app_metadata", {})),
                    "user_metadata": json.dumps(user.get("user_metadata", {})),
                },
            )
        self.created.append(user)
        return 200, self.describe(user)

    def find(self, identifier: str) -> tuple[int, dict[str, Any]]:
        """Return a user as GET /admin/users/ID does."""
        with connect_admin(self.target) as connection:
            row = connection.execute(
                "select email from auth.users where id = %s", (identifier,)
            ).fetchone()
        if row is None:
            return 404, {"code": 404, "error_code": "user_not_found", "msg": "User not found"}
        return 200, self.describe({"id": identifier, "email": row[0]})

    @staticmethod
    def describe(user: dict[str, Any]) -> dict[str, Any]:
        """Return a user in the shape that Auth answers with."""
        stamp = "2026-01-01T00:00:00Z"
        return {
            "id": user["id"],
            "email": user["email"],
            "aud": "authenticated",
            "role": "authenticated",
            "app_metadata": {},
            "user_metadata": user.get("user_metadata", {}),
            "created_at": stamp,
            "updated_at": stamp,
        }


@contextmanager
def _listening(recorder: Recorder) -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            recorder.asked.append((self.command, self.path, self.headers.get("apikey")))
            if not self.path.startswith("/auth/v1/admin/users"):
                return self.pass_on(body)
            if self.headers.get("apikey") != recorder.api.service_key:
                return self.say(401, {"message": "Invalid API key"})
            if self.command == "POST":
                return self.say(*recorder.create(json.loads(body)))
            return self.say(*recorder.find(self.path.rpartition("/")[2]))

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class's names

        def pass_on(self, body: bytes) -> None:
            kept = {
                k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}
            }
            said = httpx.request(
                self.command, f"{recorder.api.url}{self.path}", content=body, headers=kept
            )
            self.send_response(said.status_code)
            for name in ("content-type", "content-range"):
                if name in said.headers:
                    self.send_header(name, said.headers[name])
            self.send_header("content-length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

        def say(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing: a test's output is its own."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        recorder.url = f"http://127.0.0.1:{listener.server_address[1]}"
        yield recorder
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


@pytest.fixture
def recorder(prospectr: Target, tmp_path: Path) -> Iterator[Recorder]:
    """The recorder in front of the served project."""
    with served(prospectr, tmp_path) as api, _listening(Recorder(prospectr, api)) as listening:
        yield listening


def _names(target: Target) -> list[str]:
    with connect_admin(target) as connection:
        rows = connection.execute(
            "select user_name from public.user_profile where user_id_auth = %s", (USER["id"],)
        ).fetchall()
    return [name for (name,) in rows]


def test_users_and_rows_are_created_once(recorder: Recorder) -> None:
    first = seed_through_api(recorder.url, recorder.api.service_key, DOCUMENT)
    again = seed_through_api(recorder.url, recorder.api.service_key, DOCUMENT)
    assert (first.users_created, first.users_found) == (1, 0)
    assert (again.users_created, again.users_found) == (0, 1)
    assert first.rows == again.rows == {"user_profile": 1}
    assert _names(recorder.target) == ["Seeded"]
    (sent,) = recorder.created
    assert sent["email_confirm"] is True
    assert sent["id"] == USER["id"]
    assert {key for _, _, key in recorder.asked} == {recorder.api.service_key}


def test_an_address_of_somebody_else_is_not_taken_over(recorder: Recorder) -> None:
    taken = {**USER, "email": "amara.okafor@example.com"}
    with pytest.raises(ApiSeedError, match="another id"):
        seed_through_api(
            recorder.url, recorder.api.service_key, SeedDocument((taken,), {"user_profile": ()})
        )


def test_a_table_without_grants_is_explained(recorder: Recorder) -> None:
    with connect_admin(recorder.target, autocommit=True) as connection:
        connection.execute("revoke all on public.user_profile from service_role")
    with pytest.raises(ApiSeedError, match="permission denied") as refused:
        seed_through_api(recorder.url, recorder.api.service_key, DOCUMENT)
    assert "grant" in (refused.value.hint or "")


def test_a_key_that_is_not_the_projects_creates_nothing(recorder: Recorder) -> None:
    key = "sb_secret_not-of-this-project-and-secret"
    with pytest.raises(ApiSeedError) as refused:
        seed_through_api(recorder.url, key, DOCUMENT)
    assert key not in str(refused.value.as_dict())
    assert recorder.created == []


def test_the_command_takes_its_key_from_the_environment_only(
    cli: RunCli, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "seed.api.json"
    document.write_text(json.dumps({"users": [USER], "tables": {"user_profile": [PROFILE]}}))
    words = ("seed", "--api", "--document", document)
    monkeypatch.delenv("SUPABASE_SECRET_KEY", raising=False)
    monkeypatch.delenv("SUPABASE_SERVICE_ROLE_KEY", raising=False)
    monkeypatch.setenv("SUPABASE_URL", recorder.url)
    without = cli(*words, "--json", project=REPOSITORY)
    assert without.code == 2
    assert "SUPABASE_SECRET_KEY" in without.document["error"]["hint"]
    monkeypatch.setenv("SUPABASE_SECRET_KEY", recorder.api.service_key)
    done = cli(*words, "--json", "--verbose", project=REPOSITORY)
    assert (done.code, done.document["users_created"]) == (0, 1), done.out
    for secret in (recorder.api.service_key, recorder.api.jwt_secret, str(USER["password"])):
        assert secret not in done.out + done.err + without.out + without.err


def test_a_project_that_is_not_local_asks_for_its_name_first(
    cli: RunCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "seed.api.json"
    document.write_text(json.dumps({"users": [USER]}))
    monkeypatch.setenv("SUPABASE_URL", "https://abcdefghijklmnopqrst.supabase.co")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_never-to-be-seen")
    done = cli("seed", "--api", "--document", document, "--json", project=REPOSITORY)
    assert done.code == 2
    assert done.document["error"]["code"] == "confirmation_required"
    assert "--confirm abcdefghijklmnopqrst" in done.document["error"]["hint"]
    assert "never-to-be-seen" not in done.out + done.err
