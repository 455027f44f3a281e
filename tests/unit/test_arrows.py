"""Which way the house's modules import: the arrows of CONTRIBUTING.md never reverse."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import prospectr_db

_HOUSE = Path(prospectr_db.__file__).parent
_CORE = sorted(
    path
    for path in _HOUSE.rglob("*.py")
    if path.relative_to(_HOUSE).parts[0] not in ("cli", "report", "pytest_plugin.py", "__main__.py")
)
# What only the rooms that speak to people may import, and the client only the room for the API.
_FOR_PEOPLE = ("typer", "rich", "prospectr_db.cli", "prospectr_db.report")
_FOR_THE_API = "supabase"
# From what texts say to what a person reads: a folder or module of access/ imports of earlier ones.
_ACCESS = (
    *("policies", "writing", "personas", "matrix", "ownership", "rows", "probes", "people"),
    *("world", "observation", "surroundings", "tables", "reached", "functions", "views"),
    *("services", "clones", "observe", "contract", "review", "comparison", "witness"),
    *("sabotage", "check", "mutants", "exposure", "hosted", "verify", "visitor"),
)


def _imports(tree: ast.AST, *, everywhere: bool) -> Iterator[str]:
    """Yield the modules that a module imports; only as it is loaded, unless ``everywhere``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if everywhere or not (for_types or isinstance(node, ast.FunctionDef)):
            yield from _imports(node, everywhere=everywhere)


def _imported(path: Path, *, everywhere: bool) -> list[str]:
    return list(_imports(ast.parse(path.read_text("utf-8")), everywhere=everywhere))


def test_the_core_imports_nothing_that_speaks_to_people() -> None:
    assert len(_CORE) > 100
    wrong = [
        f"{path.relative_to(_HOUSE)} imports {name}"
        for path in _CORE
        for name in _imported(path, everywhere=True)
        if any(name == other or name.startswith(f"{other}.") for other in _FOR_PEOPLE)
        or (name == _FOR_THE_API and path.parent.name != "api")
    ]
    assert not wrong


def test_every_folder_of_access_has_its_place() -> None:
    access = _HOUSE / "access"
    found = {path.relative_to(access).parts[0].removesuffix(".py") for path in access.rglob("*.py")}
    assert found - {"__init__"} == set(_ACCESS)


@pytest.mark.parametrize("room", _ACCESS)
def test_access_imports_of_earlier_folders_only(room: str) -> None:
    access = _HOUSE / "access"
    folder = access / room
    modules = sorted(folder.rglob("*.py")) if folder.is_dir() else [access / f"{room}.py"]
    assert modules
    later = {f"prospectr_db.access.{name}" for name in _ACCESS[_ACCESS.index(room) + 1 :]}
    wrong = [
        f"{path.relative_to(access)} imports {name}"
        for path in modules
        for name in _imported(path, everywhere=False)
        if ".".join(name.split(".")[:3]) in later
    ]
    assert not wrong
