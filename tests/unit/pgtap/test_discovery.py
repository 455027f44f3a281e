"""Where pgTAP is found, without carrying it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from prospectr_db.platform.pgtap import find_pgtap


def install(folder: Path, version: str, script: str = "select 1;") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pgtap.control").write_text(f"default_version = '{version}'\n", encoding="utf-8")
    (folder / f"pgtap--{version}.sql").write_text(script, encoding="utf-8")


def test_nowhere(tmp_path: Path) -> None:
    assert find_pgtap(tmp_path, filesystem=tmp_path) is None


def test_the_newest_of_the_machine_s_packages(tmp_path: Path) -> None:
    for major, version in (("15", "1.2.0"), ("17", "1.10.1"), ("16", "1.3.3")):
        install(tmp_path / f"usr/share/postgresql/{major}/extension", version)
    found = find_pgtap(tmp_path / "project", filesystem=tmp_path)
    assert found is not None
    assert found.version == "1.10.1"
    assert found.open().names() == ("pgtap",)


def test_a_package_of_the_project_or_of_a_folder_above_it(tmp_path: Path) -> None:
    install(tmp_path / "extension", "1.3.5")
    dist = tmp_path / "repository/node_modules/@electric-sql/pglite-pgtap/dist"
    dist.mkdir(parents=True)
    with tarfile.open(dist / "pgtap.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "extension", arcname="share/postgresql/extension")
    found = find_pgtap(tmp_path / "repository/apps/web", filesystem=tmp_path / "none")
    assert found is not None
    assert (found.path, found.version) == (dist / "pgtap.tar.gz", "1.3.5")


def test_folders_without_it_and_broken_archives_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "usr/share/postgresql/16/extension").mkdir(parents=True)
    dist = tmp_path / "node_modules/@electric-sql/pglite-pgtap/dist"
    dist.mkdir(parents=True)
    (dist / "pgtap.tar.gz").write_bytes(b"broken")
    install(tmp_path / "usr/share/postgresql/15/extension", "1.2.0")
    found = find_pgtap(tmp_path, filesystem=tmp_path)
    assert found is not None
    assert found.version == "1.2.0"
