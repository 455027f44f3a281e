"""A contract that is written again keeps the order, comments and lines of the one before."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from prospectr_db.access.contract.layout import keep_layout

WRITTEN = """\
# Head.

version = 1

[tables.a]
owned_by = "user_id"
server_only = ["id", "kind"]

[tables.a.owner]
select = "*"
update = ["x", "y"]

[tables.b]
owned_by = "nobody"

[accepted]
"b/anon/select" = "shown # to all"
"""
BY_HAND = """\
# Our own head.

version = 1  # the only one there is

# b first: it matters more

[tables.b]
owned_by = "nobody"   # really

[tables.a]
server_only = [
    "kind",  # set by the trigger
    # and the key
    'id',
]
owned_by = "user_id"

  # owners and nobody else
[tables.a.owner]
# every column, as decided in March
select = "*"


update = ["y", "x"]

[accepted]
# asked twice
"b/anon/select" = "shown # to all"  # yes
# that is all
"""


def said(text: str) -> Any:
    """Return what a contract says; the order of a list is none of it."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return sorted(value) if isinstance(value, list) else value

    return plain(tomllib.loads(text))


def test_what_did_not_change_stays_to_the_letter() -> None:
    assert said(BY_HAND) == said(WRITTEN)
    assert keep_layout(WRITTEN, BY_HAND) == BY_HAND
    assert keep_layout(WRITTEN, WRITTEN) == WRITTEN


def test_a_value_that_changed_keeps_its_comments_and_its_place() -> None:
    changed = WRITTEN.replace('["id", "kind"]', '["id", "kind", "more"]').replace(
        'select = "*"', 'select = ["x"]'
    )
    text = keep_layout(changed, BY_HAND)
    assert said(text) == said(changed)
    for comment in ("# set by the trigger", "# and the key", "# every column, as decided in March"):
        assert comment in text
    assert text.index("[tables.b]") < text.index("[tables.a]")
    assert keep_layout(changed, text) == text


def test_what_is_new_comes_after_what_it_follows_and_what_is_gone_goes() -> None:
    more = WRITTEN.replace(
        "[tables.b]", "[tables.a.stranger]\nselect = true\n\n[tables.b]"
    ).replace('update = ["x", "y"]\n', "delete = true\n")
    text = keep_layout(more, BY_HAND)
    assert said(text) == said(more)
    headers = [line for line in text.splitlines() if line.startswith("[")]
    assert headers == [
        "[tables.b]",
        "[tables.a]",
        "[tables.a.owner]",
        "[tables.a.stranger]",
        "[accepted]",
    ]
    assert "update" not in text
    assert keep_layout(more, text) == text


@pytest.mark.parametrize(
    "line",
    [
        'key = "a # b"  # c',
        "key = 'a \" # b'",
        'key = "a \\" # b" # c',
        '"a = b" = 1',
        "'a.b'.c = 1",
        'key = """\n# no comment\n"""',
        "key = [\n  # [not.a.header]\n  1,\n]",
        'key = { a = "=", b = [1, 2] }',
    ],
)
def test_odd_lines_are_read_as_toml_reads_them(line: str) -> None:
    previous = f"# above\n{line}\n# below\n"
    assert keep_layout(f"{line}\n", previous) == previous


def test_a_file_without_a_head_gets_none_twice() -> None:
    previous = "# Head.\n\n[tables.b]\nowned_by = 'nobody'\n"
    text = keep_layout(WRITTEN, previous)
    assert text.count("# Head.") == 1
    assert said(text) == said(WRITTEN)
    assert keep_layout(WRITTEN, text) == text
