"""--local finds the stack at config.toml's port, or asks the Supabase CLI, or says what to do."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from prospectr_db.errors import ConnectionFailedError
from prospectr_db.server.local_stack import find_local_stack


def _cli(folder: Path, answer: str) -> dict[str, str]:
    """Put a Supabase CLI on a PATH of its own that prints this answer."""
    program = folder / "supabase"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    port = _closed_port()
    with pytest.raises(ConnectionFailedError, match=f"nothing listens on 127.0.0.1:{port}") as no:
        find_local_stack(tmp_path, port=port, environment={"PATH": ""})
    assert "supabase start" in (no.value.hint or "")


def test_a_stack_elsewhere_is_found_through_its_own_program(tmp_path: Path) -> None:
    url = "postgresql://postgres:of-this-stack@127.0.0.1:61234/postgres"
    environment = _cli(tmp_path, json.dumps({"API_URL": "http://x", "env": {"DB_URL": url}}))
    target = find_local_stack(tmp_path, port=_closed_port(), environment=environment)
    assert target.dsn.get("port") == "61234"
    assert target.is_local
    assert "of-this-stack" not in f"{target}"


@pytest.mark.parametrize("answer", ["no stack here", '{"env": {}}', '{"DB_URL": "postgresql://%"}'])
def test_a_program_that_knows_no_stack_changes_nothing(tmp_path: Path, answer: str) -> None:
    with pytest.raises(ConnectionFailedError, match="No local Supabase stack"):
        find_local_stack(tmp_path, port=_closed_port(), environment=_cli(tmp_path, answer))


def test_a_stranger_on_the_port_is_not_taken_for_the_stack(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.listen()
        stranger.settimeout(5)
        port = int(stranger.getsockname()[1])
        import threading

        def hang_up() -> None:
            for _ in range(2):
                stranger.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ConnectionFailedError, match="not this project's local stack"):
            find_local_stack(tmp_path, port=port, environment={"PATH": ""})
        thread.join()
