"""What differs between two sets of facts is told once, and by a rule of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.comparison.comparison import compare
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.matrix.facts import ALL, Facts

COLUMNS = ("id", "title", "is_pro", "sum")
OBSERVED = Facts(
    relations={"notes": "table"},
    owners={"notes": "user_id"},
    allowed={
        ("notes", "owner", "own", "select"): (ALL,),
        ("notes", "owner", "own", "update"): ("title",),
        ("notes", "service_role", "other", "update"): (ALL,),
    },
    forms={},
    server_only={},
    idle={},
    outside={},
    columns={"notes": COLUMNS},
    writable={"notes": COLUMNS[:3]},
)


def told(observed: Facts, contract: str) -> list[tuple[str, str]]:
    return [(f.rule, f.sentence) for f in compare(observed, parse_contract(contract).facts)]


def contract(*, update: str = '["title"]', server: str = '"*"', more: str = "") -> str:
    return f"""
[tables.notes]
owned_by = "user_id"
{more}
[tables.notes.owner]
select = "*"
update = {update}
[tables.notes.service_role]
update = {server}
"""


def test_every_column_by_name_is_what_the_asterisk_says() -> None:
    named = contract(server='["is_pro", "title", "id"]')
    assert told(OBSERVED, contract()) == told(OBSERVED, named) == []


@pytest.mark.parametrize(
    "text",
    [
        contract(update='["title", "titel"]'),
        contract(server='["id", "title", "is_pro", "titel"]'),
        contract(more='server_only = ["titel"]'),
    ],
    ids=["of the owner", "of whoever writes everything", "of the server"],
)
def test_a_column_that_is_not_there_is_said_once(text: str) -> None:
    assert told(OBSERVED, text) == [
        ("gone", "The contract speaks of notes.titel, which is not there.")
    ]


def test_writing_what_is_the_servers_is_one_sentence() -> None:
    entry = ("notes", "owner", "own", "update")
    opened = replace(OBSERVED, allowed={**OBSERVED.allowed, entry: ("title", "is_pro")})
    assert told(opened, contract(more='server_only = ["is_pro"]')) == [
        (
            "server-only",
            (
                "Owners can now update notes.is_pro on their own rows, "
                "which is the server's to write."
            ),
        )
    ]


def test_a_contract_that_contradicts_itself_is_told() -> None:
    entry = ("notes", "owner", "own", "update")
    opened = replace(OBSERVED, allowed={**OBSERVED.allowed, entry: ("title", "is_pro")})
    text = contract(update='["title", "is_pro"]', more='server_only = ["is_pro"]')
    assert told(opened, text) == [
        (
            "server-only",
            "notes.is_pro is the server's to write, and owners can write it.",
        )
    ]


def test_a_grant_that_lets_nobody_in_has_another_rule_than_what_no_policy_governs() -> None:
    held = replace(OBSERVED, idle={"notes": ("anon: select",)}, outside={"notes": ("anon: x",)})
    assert [rule for rule, _ in told(held, contract())] == ["idle-grant", "outside-policies"]


def test_a_loss_in_a_persona_with_can_in_its_name_is_told_as_a_loss() -> None:
    text = contract(more="") + '[tables.notes."role=can do"]\nselect = "*"\n'
    assert told(OBSERVED, text)[0][1].startswith("Users with role=can do can no longer read notes")
