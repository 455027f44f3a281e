"""Seeding through the API: users by Auth's admin API, rows by the Data API, as a back end does.

What to create is a JSON document: ``users`` (each with an id, an email and what else the admin API
takes) and ``tables`` (a list of rows for each table, in the order in which they are written). Both
are upserts by id and primary key, so running it twice changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from prospectr_db.errors import ConfigError, MigrationFileError, ProspectrError, UsageError

if TYPE_CHECKING:
    from supabase import Client

__all__ = [
    "ApiSeed",
    "ApiSeedError",
    "SeedDocument",
    "UserCreated",
    "is_local_url",
    "name_of",
    "read_document",
    "seed_through_api",
]

_BATCH = 500
_USER_KEYS = frozenset(
    {
        "id",
        "email",
        "phone",
        "password",
        "password_hash",
        "email_confirm",
        "phone_confirm",
        "user_metadata",
        "app_metadata",
        "role",
    }
)
_PLACE = re.compile(r"^(?:(?P<schema>\w+)\.)?(?P<table>\w+)$")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})


class ApiSeedError(ProspectrError):
    """The API refused a user or a row."""

    code = "api"


@dataclass(frozen=True, slots=True)
class SeedDocument:
    """What to create: users first, then the tables in their order."""

    users: tuple[Mapping[str, Any], ...]
    tables: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class UserCreated:
    """A user was created, or found to be there."""

    email: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class ApiSeed:
    """What a seed through the API did. ``rows`` counts what was written to each table."""

    url: str
    users_created: int
    users_found: int
    rows: Mapping[str, int]


def read_document(path: Path) -> SeedDocument:
    """Read a seed document. Raises MigrationFileError with what is wrong in it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MigrationFileError(
            f"{path} does not exist.",
            hint='Write it as {"users": [{"id": …, "email": …}], "tables": {"profiles": [{…}]}}.',
        ) from None
    except (OSError, ValueError) as error:
        raise MigrationFileError(f"{path} cannot be read as JSON: {error}") from error
    wrong = _wrong(document)
    if wrong:
        raise MigrationFileError(
            f"{path}: {wrong}",
            hint='The document is {"users": [{"id": …, "email": …}], "tables": {"name": [{…}]}}.',
            file=str(path),
        )
    return SeedDocument(
        users=tuple(document.get("users", ())),
        tables={name: tuple(rows) for name, rows in document.get("tables", {}).items()},
    )


def seed_through_api(
    url: str,
    secret_key: str,
    document: SeedDocument,
    *,
    on_event: Callable[[object], None] = lambda _event: None,
) -> ApiSeed:
    """Create users and rows through a project's API, with its secret (or service_role) key.

    Raises UsageError for a URL or key that cannot be one, ConfigError without the extra,
    ApiSeedError with the API's own reason; the key is in none of them.
    """
    client = _client(url, secret_key)
    try:
        created = [_user(client, user, on_event) for user in document.users]
        rows = {name: _rows(client, name, many) for name, many in document.tables.items()}
    except _refusals() as error:
        raise _explained(error, secret_key) from None
    return ApiSeed(_origin(url), sum(created), len(created) - sum(created), rows)


def is_local_url(url: str) -> bool:
    """Whether an API lives on this machine."""
    return urlsplit(url).hostname in _LOCAL


def name_of(url: str) -> str:
    """Return what a person calls the project behind an API: its ref, or the host."""
    host = urlsplit(url).hostname or ""
    return host.removesuffix(".supabase.co") if host.endswith(".supabase.co") else host


def _client(url: str, secret_key: str) -> Client:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            "SUPABASE_URL is not a URL.", hint="It is such as https://PROJECT_REF.supabase.co."
        )
    if parts.scheme == "http" and not is_local_url(url):
        raise UsageError(
            f"SUPABASE_URL leads to {parts.hostname} without TLS.",
            hint="Use https: the secret key would travel in the clear.",
        )
    if not secret_key:
        raise UsageError(
            "The secret key is missing.",
            hint="Set SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) in the environment; it is "
            "taken from nowhere else, so that it is in no shell history.",
        )
    if secret_key.startswith("sb_publishable_"):
        raise UsageError(
            "The key is the publishable one, which may create nothing.",
            hint="Set SUPABASE_SECRET_KEY to the key that begins with sb_secret_.",
        )
    try:
        from supabase import ClientOptions, create_client
    except ImportError:
        raise ConfigError(
            "Seeding through the API needs the package supabase, which is not installed.",
            hint="pip install 'prospectr-db[api]'",
        ) from None
    options = ClientOptions(auto_refresh_token=False, persist_session=False)
    try:
        return create_client(url, secret_key, options)
    except _refusals() as error:
        raise _explained(error, secret_key) from None


def _user(client: Client, user: Mapping[str, Any], on_event: Callable[[object], None]) -> bool:
    """Create a user unless one of that id is there; return whether it is new."""
    from supabase_auth.errors import AuthApiError

    identifier = str(user["id"])
    is_new = True
    try:
        client.auth.admin.create_user({"email_confirm": True, **user})  # type: ignore[typeddict-item]
    except AuthApiError as error:
        if error.code not in {"email_exists", "phone_exists", "user_already_exists", "conflict"}:
            raise
        found = _existing(client, identifier)
        if found is None:
            raise ApiSeedError(
                f"{user['email']} already belongs to a user with another id than {identifier}.",
                hint="Rows of the seed refer to users by id: delete that user, or use his id.",
            ) from None
        is_new = False
    on_event(UserCreated(str(user["email"]), is_new))
    return is_new


def _existing(client: Client, identifier: str) -> Any:
    from supabase_auth.errors import AuthApiError

    try:
        return client.auth.admin.get_user_by_id(identifier)
    except AuthApiError:
        return None


def _rows(client: Client, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
    place = _PLACE.fullmatch(name)
    assert place is not None  # noqa: S101 - checked while the document was read
    schema = place["schema"] or "public"
    written = 0
    for start in range(0, len(rows), _BATCH):
        batch = [dict(row) for row in rows[start : start + _BATCH]]
        answer = client.schema(schema).table(place["table"]).upsert(batch).execute()
        written += len(answer.data)
    if written != len(rows):
        raise ApiSeedError(
            f"{name}: {written} of {len(rows)} rows were written.",
            hint="A trigger may have dropped the others.",
        )
    return written


def _refusals() -> tuple[type[Exception], ...]:
    """Return how the official client fails: its parts each have a class of their own."""
    from httpx import HTTPError
    from postgrest.exceptions import APIError
    from supabase_auth.errors import AuthError

    from supabase import SupabaseException

    return APIError, AuthError, HTTPError, SupabaseException


def _explained(error: Exception, secret_key: str) -> ApiSeedError:
    """Return the API's refusal as an error of ours, without the key that was sent."""
    message = str(getattr(error, "message", None) or error).replace(secret_key, "***")
    code = str(getattr(error, "code", "") or "")
    hint = None
    if code == "42501":
        hint = "service_role needs grants like any other role: grant it the table in a migration."
    elif "invalid api key" in message.lower() or code in {"401", "no_authorization"}:
        hint = "Check SUPABASE_SECRET_KEY: it must belong to the project in SUPABASE_URL."
    return ApiSeedError(f"The API refused: {message}", hint=hint, sqlstate=code or None)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def _wrong(document: Any) -> str | None:
    """Say what is wrong with a document, or None."""
    if not isinstance(document, dict) or not set(document) <= {"users", "tables"}:
        return "it must be an object with users and tables."
    users, tables = document.get("users", []), document.get("tables", {})
    if not isinstance(users, list) or not isinstance(tables, dict) or not (users or tables):
        return "users must be a list, tables an object, and one of them not empty."
    for at, user in enumerate(users):
        if not isinstance(user, dict) or not user.get("email") or not _is_uuid(user.get("id")):
            return f"users[{at}] needs an id (a UUID) and an email."
        if not set(user) <= _USER_KEYS:
            return f"users[{at}] has keys that Auth does not take: {sorted(set(user) - _USER_KEYS)}"
    for name, rows in tables.items():
        if not _PLACE.fullmatch(name):
            return f"{name!r} is not the name of a table."
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row for row in rows):
            return f"tables.{name} must be a list of rows."
    return None


def _is_uuid(value: Any) -> bool:
    try:
        return str(UUID(str(value))) == str(value).lower()
    except ValueError:
        return False
