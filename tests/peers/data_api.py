"""What the tests of the Data API share: the program, and a served copy of the project."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prospectr_db.api.node import Program, find_program
from prospectr_db.api.service import DataApi, data_api
from prospectr_db.database import Target
from prospectr_db.errors import ConfigError
from tests.conftest import REPOSITORY

SECRET = "only-for-tests-and-long-enough-to-be-one"
AUTH = {"enable_signup": True, "email": {"enable_signup": True, "enable_confirmations": False}}
PASSWORD = "prospectr-demo"


def node_modules() -> Path:
    """Where the npm packages of the tests are."""
    given = os.environ.get("PROSPECTR_DB_NODE_MODULES")
    return Path(given) if given else REPOSITORY / ".peers" / "node_modules"


def require(package: str) -> Path:
    """Return the folder of an npm package, or skip with the reason why it is not there."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = node_modules() / package
    if not folder.is_dir():
        pytest.skip(f"the npm package {package} is not in {node_modules()}: run .ci/peers")
    return folder


def program(home: Path) -> Program:
    """Return what serves, from the packages of the tests."""
    require("@supabase/lite")
    pytest.importorskip("supabase", reason="the extra api is not installed")
    environment = {**os.environ, "PROSPECTR_DB_NODE_MODULES": str(node_modules())}
    try:
        return find_program(home, environment)
    except ConfigError as error:
        pytest.skip(error.message)


@contextmanager
def served(target: Target, home: Path, *, rollback: bool = False) -> Iterator[DataApi]:
    """Serve a database for the length of a test."""
    with data_api(
        target, program(home), secret=SECRET, log=home / "serve.log", auth=AUTH, rollback=rollback
    ) as api:
        yield api
