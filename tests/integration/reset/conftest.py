"""A server for the tests that replace its working database, or look at which databases it has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from prospectr_db.server.embedded import EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings


@pytest.fixture(scope="session")
def own(
    settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[EmbeddedServer]:
    """A server whose database postgres these tests replace."""
    root = tmp_path_factory.mktemp("reset")
    (root / "supabase").mkdir()
    chosen = replace(settings, home=settings.home / f"reset-{worker_id}")
    yield ensure(root, chosen)
    stop(root, chosen)
    shutil.rmtree(chosen.home, ignore_errors=True)
