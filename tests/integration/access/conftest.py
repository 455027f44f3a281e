"""Fixtures of the tests that observe access."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import Run
from tests.integration.access.held import run as execute
from tests.integration.access.holding import Held, hold


@pytest.fixture
def held(target: Target) -> Callable[[str], Held]:
    """Write the contract of a schema; return what it says, in sentences, after a change."""
    return lambda schema: hold(target, schema)


@pytest.fixture
def run(target: Target) -> Run:
    """Run statements as migrations would be."""
    return partial(execute, target)
