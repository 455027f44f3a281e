"""A seed document is checked before anything is sent, and no key is ever repeated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prospectr_db.api.seed import name_of, read_document, seed_through_api
from prospectr_db.errors import MigrationFileError, UsageError

ID = "11111111-1111-4111-8111-111111111111"
KEY = "sb_secret_not-to-be-seen"
USER = {"id": ID, "email": "a@example.com"}


def _write(folder: Path, document: Any) -> Path:
    path = folder / "seed.api.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_document_is_read_in_its_order(tmp_path: Path) -> None:
    rows = [{"id": 1}, {"id": 2}]
    path = _write(tmp_path, {"users": [USER], "tables": {"b": rows, "private.a": rows}})
    document = read_document(path)
    assert document.users == (USER,)
    assert list(document.tables) == ["b", "private.a"]


@pytest.mark.parametrize(
    "document",
    [
        "{",
        [],
        {},
        {"users": []},
        {"people": [USER]},
        {"users": [{"email": "a@example.com"}]},
        {"users": [{"id": "1", "email": "a@example.com"}]},
        {"users": [{"id": ID}]},
        {"users": [{**USER, "is_admin": True}]},
        {"tables": {"a; drop table b": [{"id": 1}]}},
        {"tables": {"a": {"id": 1}}},
        {"tables": {"a": [{}]}},
    ],
)
def test_what_is_wrong_in_it_is_said(tmp_path: Path, document: Any) -> None:
    with pytest.raises(MigrationFileError) as refused:
        read_document(_write(tmp_path, document))
    assert "seed.api.json" in refused.value.message


def test_a_missing_document_is_explained(tmp_path: Path) -> None:
    with pytest.raises(MigrationFileError, match="does not exist") as refused:
        read_document(tmp_path / "nothing.json")
    assert "users" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("abcdefghijklmnopqrst.supabase.co", KEY),
        ("http://abcdefghijklmnopqrst.supabase.co", KEY),
        ("https://abcdefghijklmnopqrst.supabase.co", ""),
        ("https://abcdefghijklmnopqrst.supabase.co", "sb_publishable_not-to-be-seen"),
    ],
)
def test_a_url_or_key_that_cannot_be_one_is_refused_before_anything_is_sent(
    tmp_path: Path, url: str, key: str
) -> None:
    document = read_document(_write(tmp_path, {"users": [USER]}))
    with pytest.raises(UsageError) as refused:
        seed_through_api(url, key, document)
    assert "not-to-be-seen" not in str(refused.value.as_dict())


def test_a_project_is_called_by_its_ref() -> None:
    assert name_of("https://abcdefghijklmnopqrst.supabase.co") == "abcdefghijklmnopqrst"
    assert name_of("https://api.example.com/x") == "api.example.com"
