"""Whatever is wrong with a contract is said with its line, and what would be right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prospectr_db.access.contract.contract import parse_contract, read_contract
from prospectr_db.access.contract.file import write_text
from prospectr_db.errors import ConfigError

GOOD = """\
version = 1

[personas.auditor]
like = "newcomer"
role = "authenticated"
claims = { aal = "aal2" }

[database]
roles = []

[buckets.papers]
public = false

[tables.notes]
owned_by = "user_id"
server_only = ["is_pro"]
values = { code = "A", n = 5, b = true }
states = { kind = ["a", "b"], published = true }

[tables.notes.owner]
select = "*"
update = ["title"]
delete = true
forms = { delete = ["no where"] }

[tables.notes.owner."own [kind=b]"]
update = false

[tables.notes.auditor]
select = true

[accepted]
"notes/anon" = "why not"
"""


def error(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_contract(text)
    assert caught.value.hint
    return caught.value


def test_a_contract_is_read() -> None:
    contract = parse_contract(GOOD)
    facts = contract.facts
    assert facts.allowed["notes", "owner", "own", "update"] == ("title",)
    assert facts.forms["notes", "owner", "own", "delete"] == ("no where",)
    assert ("notes", "owner", "own [kind=b]", "update") in facts.shut
    assert contract.values == {"notes": {"code": "A", "n": "5", "b": "true"}}
    assert contract.accepted == {"notes/anon": "why not"}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("version = 1", "version = 2", 1, "version must be 1, not 2"),
        ("version = 1", "versoin = 1", 1, "did you mean version?"),
        ("[accepted]", "[acepted]", 32, "did you mean accepted?"),
        ("[tables.notes]", "[tabels.notes]", 14, "did you mean tables?"),
        ("[database]\nroles", "[database]\nrolls", 9, "did you mean roles?"),
        ("roles = []", "roles = 1", 9, 'must be "*" or a list'),
        ("public = false", 'public = "no"', 12, "true or false"),
        ("public = false", "pubic = false", 12, "did you mean public?"),
        ('like = "newcomer"', 'like = "boss"', 4, "owner, stranger or newcomer, not 'boss'"),
        ('role = "authenticated"', "role = 3", 5, "must be a text"),
        ('claims = { aal = "aal2" }', 'claims = "aal2"', 6, "must be a table"),
        ("[personas.auditor]", "[personas.owner]", 3, "every project has"),
        ('owned_by = "user_id"', "owned_by = 1", 15, "must be a text, not 1"),
        ("server_only = ", "server_onyl = ", 16, "did you mean server_only?"),
        ('["is_pro"]', "[1]", 16, "list of names in quotes"),
        ("n = 5", "n = [5]", 17, "must be a single value"),
        ("states = { kind", "states = [1] # { kind", 18, "must be a table"),
        ("[tables.notes.owner]\n", "[tables.notes.onwer]\n", 20, "did you mean owner?"),
        ("[tables.notes.auditor]", "[tables.notes.auditer]", 29, "did you mean auditor?"),
        ('select = "*"', 'selct = "*"', 21, "did you mean select?"),
        ('select = "*"', "select = 3", 21, 'must be "*" or a list of names in quotes, not 3'),
        ('update = ["title"]', "update = []", 22, "an empty list"),
        ("delete = true\n", 'delete = "yes"\n', 23, "must be true or false"),
        ("{ delete = [", "{ remove = [", 24, "neither a command nor a row class"),
        ("update = false\n", "[tables.notes.owner.x.y]\n", 27, "nor a row class"),
        ('"why not"', "7", 33, "must be a text, not 7"),
        ('select = "*"', 'select = "*"\nselect = "*"', 22, "verwrite"),
        ('select = "*"', "select = *", 21, "nvalid value"),
        ('select = "*"', '<<<<<<< HEAD\nselect = "*"', 21, "merge conflict"),
        ('select = "*"', 'select = "*"\n=======', 22, "merge conflict"),
        ('select = "*"', 'select = "*"\n>>>>>>> theirs', 22, "merge conflict"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, says: str) -> None:
    if old == "[tables.notes]":
        text = GOOD.replace("[tables.notes", "[tabels.notes")
    elif old.startswith("update = false"):
        text = GOOD.replace(
            '[tables.notes.owner."own [kind=b]"]\nupdate = false', f"\n{new}a = true"
        )
    else:
        assert GOOD.count(old) == 1
        text = GOOD.replace(old, new)
    found = error(text)
    assert says in found.message
    assert found.details["line"] == line
    assert f":{found.details['line']}" in found.message
    assert "merge" in says or f"{line} | " in found.details["excerpt"]


@pytest.mark.parametrize(
    "section", ["tables", "views", "functions", "buckets", "accepted", "personas"]
)
def test_a_section_that_is_no_table_is_said(section: str) -> None:
    assert "must be a table" in error(f"{section} = 1").message


def test_a_relation_or_persona_that_is_no_table_is_said() -> None:
    assert "must be a table" in error("[tables]\nnotes = 1").message
    assert "nothing reads owner of notes" in error("[tables.notes]\nowner = true").message


def test_row_level_security_is_a_switch_of_tables() -> None:
    facts = parse_contract("[tables.a]\nrow_level_security = false\n[tables.b]\n").facts
    assert facts.without_rls == {"a"}
    assert not parse_contract("[tables.a]\nrow_level_security = true").facts.without_rls
    assert "true or false" in error('[tables.a]\nrow_level_security = "off"').message
    assert "no table" in error("[views.a]\nrow_level_security = false").message
    assert "did you mean" in error("[tables.a]\nrow_level_securty = false").message


def test_windows_line_ends_and_mark_are_read_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "access.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    contract = read_contract(path)
    assert contract is not None
    assert contract.facts == parse_contract(GOOD).facts
    write_text(path, GOOD.replace("why not", "because"))
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfversion = 1\r\n\r\n")
    assert b"because" in content
    assert content.count(b"\n") == content.count(b"\r\n")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "access.toml"
    path.write_bytes(b"version = 1 # \xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_contract(path)


def test_a_file_is_replaced_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "access.toml"
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0o640)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match=r"No space left on device\. Nothing was changed"):
            write_text(path, "version = 1\n")
    assert path.read_text(encoding="utf-8") == GOOD
    assert [each.name for each in tmp_path.iterdir()] == ["access.toml"]
    write_text(path, "version = 1\n")
    assert path.read_text(encoding="utf-8") == "version = 1\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "access.toml"
    real.write_text("version = 1\n", encoding="utf-8")
    link.symlink_to(real)
    write_text(link, GOOD)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == GOOD
