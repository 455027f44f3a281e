"""Global options are understood wherever people write them."""

from __future__ import annotations

import pytest

from prospectr_db.cli.main import global_options_first


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("reset --json", "--json reset"),
        ("migrate --to 3 --db-url X --json", "--db-url X --json migrate --to 3"),
        ("status --project=a --verbose", "--project=a --verbose status"),
        ("server psql -c x --json", "server psql -c x --json"),
        ("--json server psql --verbose", "--json server psql --verbose"),
        ("test -- --json", "test -- --json"),
        ("reset --project", "--project reset"),
    ],
)
def test_global_options_move_before_the_verb(words: str, expected: str) -> None:
    assert global_options_first(words.split()) == expected.split()
