"""This repository's own project, for the plugin's fixtures, and rows to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prospectr_db.server.settings import ServerSettings

from .rows import Rows


@pytest.fixture(scope="session")
def prospectr_root() -> Path:
    return Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def prospectr_settings(settings: ServerSettings) -> ServerSettings:
    return settings


@pytest.fixture
def rows(prospectr_connection: Any) -> Rows:
    return Rows(prospectr_connection)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each column that its class says is open or closed."""
    for name in ("closed_to_insert", "closed_to_update", "open_to_update"):
        argument = f"column_{name}"
        if argument in metafunc.fixturenames:
            columns = sorted(getattr(metafunc.cls, name)())
            metafunc.parametrize(argument, columns)
    if "refusal" in metafunc.fixturenames:
        refusals = metafunc.cls.refusals
        names = [f"{column}={str(value)[:12]}" for column, value in refusals]
        metafunc.parametrize("refusal", refusals, ids=names)
