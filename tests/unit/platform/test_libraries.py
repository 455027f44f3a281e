"""The stand-ins for the libraries that Supabase loads into sessions of authenticator."""

from __future__ import annotations

from pathlib import Path

from prospectr_db.platform.libraries import STANDINS, prepare


def test_each_library_is_a_link_to_an_idle_module(tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "tsm_system_rows.so").write_bytes(b"")
    made = tmp_path / "libraries"
    assert prepare(made, library_dir=modules)
    assert prepare(made, library_dir=modules)
    assert {link.name for link in made.iterdir()} == {f"{name}.so" for name in STANDINS}
    assert all(link.resolve() == modules / "tsm_system_rows.so" for link in made.iterdir())


def test_without_such_a_module_nothing_is_made(tmp_path: Path) -> None:
    assert not prepare(tmp_path / "libraries", library_dir=tmp_path)
    assert not (tmp_path / "libraries").exists()
