"""The control folder: what the server has stays the server's, the rest comes from us."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path

import pytest

from prospectr_db.errors import ConfigError
from prospectr_db.platform.extensions import add, prepare, revision, standins
from prospectr_db.platform.sources import open_source


def extension(folder: Path, name: str, script: str = "select 1;", extra: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.control").write_text(f"default_version = '1.0'\n{extra}", encoding="utf-8")
    (folder / f"{name}--1.0.sql").write_text(script, encoding="utf-8")
    return folder


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A server that has plpgsql, one contrib module that is lent, and one that is not."""
    own = tmp_path / "share" / "extension"
    extension(own, "plpgsql")
    extension(own, "moddatetime", "create function m() returns trigger as 'MODULE_PATHNAME'")
    extension(own, "file_fdw")
    return own.parent


def names(folder: Path) -> set[str]:
    return {file.stem for file in (folder / "extension").glob("*.control")}


def test_stand_ins_and_lent_modules_are_offered_as_trusted(tmp_path: Path, share: Path) -> None:
    prepare(tmp_path / "out", share_dir=share)
    assert names(tmp_path / "out") == {*standins(), "moddatetime"}
    for control in (tmp_path / "out" / "extension").glob("*.control"):
        text = control.read_text(encoding="utf-8")
        assert "trusted = true" in text, control.name
        version = text.split("default_version = '")[1].split("'")[0]
        script = control.with_name(f"{control.stem}--{version}.sql").read_text(encoding="utf-8")
        assert "\\ir" not in script, "an include was left in"
        assert "@prefix@" not in script


def test_a_real_extension_wins_over_its_stand_in(tmp_path: Path, share: Path) -> None:
    extension(share / "extension", "pgcrypto")
    extra = extension(tmp_path / "extra", "pgjwt", "-- the real one")
    prepare(tmp_path / "out", share_dir=share, extra_dirs=[extra])
    assert "pgcrypto" not in names(tmp_path / "out")
    script = tmp_path / "out" / "extension" / "pgjwt--1.0.sql"
    assert script.read_text(encoding="utf-8") == "-- the real one"
    assert not list((tmp_path / "out" / "extension").glob("pgjwt--0.*"))


def test_an_extension_that_needs_a_library_is_left_out(tmp_path: Path, share: Path) -> None:
    extra = extension(tmp_path / "extra", "rum", "create function f() as 'MODULE_PATHNAME'")
    extension(extra, "helpers")
    prepare(tmp_path / "out", share_dir=share, extra_dirs=[extra])
    assert "helpers" in names(tmp_path / "out")
    assert "rum" not in names(tmp_path / "out")


def test_one_extension_can_be_taken_from_a_place_that_holds_others(
    tmp_path: Path, share: Path
) -> None:
    place = extension(tmp_path / "system", "pgtap")
    extension(place, "unwanted")
    prepare(tmp_path / "out", share_dir=share, named={"pgtap": place})
    assert "pgtap" in names(tmp_path / "out")
    assert "unwanted" not in names(tmp_path / "out")


def test_an_archive_is_as_good_as_a_folder(tmp_path: Path, share: Path) -> None:
    folder = extension(tmp_path / "share" / "extension", "helpers", extra="superuser = true\n")
    with tarfile.open(tmp_path / "helpers.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname="share/postgresql/extension")
    (folder / "helpers.control").unlink()
    (folder / "helpers--1.0.sql").unlink()
    prepare(tmp_path / "out", share_dir=share, extra_dirs=[tmp_path / "helpers.tar.gz"])
    control = (tmp_path / "out" / "extension" / "helpers.control").read_text(encoding="utf-8")
    assert "superuser" not in control


def test_other_accounts_can_read_everything(tmp_path: Path, share: Path) -> None:
    prepare(tmp_path / "out", share_dir=share)
    folder = tmp_path / "out" / "extension"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o644}


def test_nothing_is_written_twice_until_something_changes(tmp_path: Path, share: Path) -> None:
    out = tmp_path / "out"
    prepare(out, share_dir=share)
    (out / "extension" / "pgjwt.control").unlink()
    prepare(out, share_dir=share)
    assert "pgjwt" not in names(out), "it looked at the stamp alone"
    extra = extension(tmp_path / "extra", "helpers")
    prepare(out, share_dir=share, extra_dirs=[extra])
    assert {"pgjwt", "helpers"} <= names(out)


def test_an_extension_can_be_added_to_a_prepared_folder(tmp_path: Path, share: Path) -> None:
    prepare(tmp_path / "out", share_dir=share)
    source = open_source(extension(tmp_path / "extra", "pgtap"), only="pgtap")
    add(tmp_path / "out", source, "pgtap")
    assert "pgtap" in names(tmp_path / "out")


def test_earlier_versions_can_be_asked_for_and_updated(tmp_path: Path, share: Path) -> None:
    prepare(tmp_path / "out", share_dir=share)
    folder = tmp_path / "out" / "extension"
    old = (folder / "pgmq--1.4.4.sql").read_text(encoding="utf-8")
    assert old == (folder / "pgmq--1.5.1.sql").read_text(encoding="utf-8")
    assert (folder / "pgmq--1.4.4--1.5.1.sql").is_file()


@pytest.mark.parametrize("content", [None, b"not an archive"])
def test_a_place_without_extensions_is_a_configuration_error(
    tmp_path: Path, share: Path, content: bytes | None
) -> None:
    place = tmp_path / "empty"
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    with pytest.raises(ConfigError, match="empty"):
        prepare(tmp_path / "out", share_dir=share, extra_dirs=[place])


def test_the_revision_is_stable() -> None:
    assert revision() == revision()
    assert len(revision()) == 16
