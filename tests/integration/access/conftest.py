"""Fixtures of the tests that observe access."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.database import Target
from tests.integration.access.holding import Held, hold


@pytest.fixture
def held(target: Target) -> Callable[[str], Held]:
    """Write the contract of a schema; return what it says, in sentences, after a change."""
    return lambda schema: hold(target, schema)
