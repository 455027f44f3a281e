"""A server in a container that goes away while it is asked: it only initialised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from prospectr_db.database import Target
from prospectr_db.database import connection as database
from prospectr_db.errors import ServerError
from prospectr_db.server import container


def test_a_server_that_goes_away_is_not_ready(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = database.connect

    @contextmanager
    def cut(_: Target, *, autocommit: bool) -> Iterator[Any]:
        with (
            real(target, autocommit=autocommit) as asked,
            real(target, dsn=target.admin) as shutting,
        ):
            shutting.execute("select pg_terminate_backend(%s, 5000)", (asked.info.backend_pid,))
            yield asked

    monkeypatch.setattr(database, "connect", cut)
    with pytest.raises(ServerError, match="the server went away"):
        container.probe(target.dsn)
