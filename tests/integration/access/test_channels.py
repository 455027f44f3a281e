"""Private channels: what policies on realtime.messages let each persona do, as Realtime asks."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin
from prospectr_db.report.access import matrix_text
from prospectr_db.report.style import Style
from tests.integration.access.held import Run
from tests.integration.access.schemas import NOTES

ROOMS = (
    NOTES
    + """
create table public.rooms (
    id uuid primary key default gen_random_uuid(),
    slug text not null unique
);
create table public.guests (
    room_id uuid not null references public.rooms (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (room_id, user_id)
);
alter table public.rooms enable row level security;
alter table public.guests enable row level security;
revoke all on public.rooms, public.guests from anon, authenticated;
grant select on public.guests to authenticated;
create policy "see own visits" on public.guests for select to authenticated
    using (user_id = (select auth.uid()));
"""
)
OWN_ROOM = (
    "exists (select 1 from public.guests as g where g.user_id = (select auth.uid())"
    " and 'room:' || g.room_id = (select realtime.topic()))"
)


def policy(name: str, command: str, condition: str, role: str = "authenticated") -> str:
    clause = "with check" if command == "insert" else "using"
    return (
        f'create policy "{name}" on realtime.messages for {command} to {role}'
        f" {clause} ({condition});"
    )


def errors(matrix: AccessMatrix) -> list[Finding]:
    return [f for f in judge(matrix) if f.severity == "error"]


def allowed(matrix: AccessMatrix, label: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return who may do what in a channel, with which extensions; without the service role."""
    table = matrix.table(f"channel {label}")
    assert table is not None, [t.relation for t in matrix.tables]
    return {
        (access.persona, access.command): access.columns
        for access in table.accesses
        if access.succeeds and access.persona != "service_role"
    }


RIGHT = {
    "the caller's own name": "(select realtime.topic()) = 'user:' || (select auth.uid())",
    "the column instead of the function": "topic = 'user:' || auth.uid()::text",
    "a pattern and a part": (
        "realtime.topic() like 'user:%' and split_part(realtime.topic(), ':', 2) = auth.uid()::text"
    ),
    "a room by membership": OWN_ROOM,
    "a part cast to uuid": (
        "split_part(realtime.topic(), ':', 1) = 'room' and split_part(realtime.topic(), ':', 2)"
        " in (select g.room_id::text from public.guests as g where g.user_id = auth.uid())"
    ),
    "the bare id": "realtime.topic() = auth.uid()::text",
    "an id inside": "realtime.topic() = 'room:' || auth.uid() || ':typing'",
    "a regular expression": (
        "substring(realtime.topic() from '^inbox/(.*)$') = (select auth.uid())::text"
    ),
    "what is behind the prefix": "substring(realtime.topic() from 7) = (select auth.uid())::text",
    "a claim": "realtime.topic() = 'tenant:' || (auth.jwt() -> 'app_metadata' ->> 'tenant')",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_channel_that_only_its_owner_may_use_is_found_and_left_alone(
    name: str, target: Target, run: Run
) -> None:
    run(ROOMS + policy("hear", "select", RIGHT[name]) + policy("say", "insert", RIGHT[name]))
    matrix = observe(target)
    assert [f.sentence for f in errors(matrix)] == []
    channels = [t for t in matrix.tables if t.kind == "channel" and t.owned]
    assert channels, "the channel of the policies was not tried"
    for channel in channels:
        assert allowed(matrix, channel.relation.removeprefix("channel ")) == {
            ("owner", "receive"): ("broadcast", "presence"),
            ("owner", "send"): ("broadcast", "presence"),
        }


LEAKS = {
    "everybody hears every channel": (policy("hear", "select", "true"), "channel any topic"),
    "visitors speak anywhere": (policy("say", "insert", "true", "anon"), "channel any topic"),
    "a prefix is all that is asked": (
        policy("hear", "select", "realtime.topic() like 'user:%'"),
        "channel user:{user}",
    ),
    "any room, whoever is in it": (
        policy(
            "hear",
            "select",
            "exists (select 1 from private.everybody() as g"
            " where 'room:' || g.room_id = (select realtime.topic()))",
        ),
        "channel room:{guests.room_id}",
    ),
    "only the extension is asked for": (
        policy("hear", "select", "extension in ('broadcast', 'presence')"),
        "channel any topic",
    ),
    "row-level security is off": ("", "channel any topic"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_channel_that_strangers_may_use_is_red(name: str, target: Target, run: Run) -> None:
    sql, relation = LEAKS[name]
    everybody = (
        "create schema private; grant usage on schema private to authenticated;"
        "create function private.everybody() returns setof public.guests language sql stable"
        " security definer set search_path = '' as $$ select * from public.guests $$;"
    )
    run(ROOMS + everybody + sql)
    if not sql:
        with connect_admin(target) as connection:
            connection.execute("alter table realtime.messages disable row level security")
    found = {(f.rule, f.relation) for f in errors(observe(target))}
    assert ("channel", relation) in found, found


def test_sending_receiving_and_the_extensions_are_told_apart(target: Target, run: Run) -> None:
    run(
        ROOMS
        + policy("hear", "select", f"extension = 'broadcast' and {OWN_ROOM}")
        + policy("show", "insert", f"extension = 'presence' and {OWN_ROOM}")
    )
    matrix = observe(target)
    assert allowed(matrix, "room:{guests.room_id}") == {
        ("owner", "receive"): ("broadcast",),
        ("owner", "send"): ("presence",),
    }
    text = render(facts_of(matrix), accepted={})
    assert (
        '[channels."room:{guests.room_id}".owner]\nreceive = ["broadcast"]\nsend = ["presence"]'
        in text
    )


def test_a_claim_that_users_write_themselves_opens_a_channel_to_a_forger(
    target: Target, run: Run
) -> None:
    condition = "(select auth.jwt() -> 'user_metadata' ->> 'role') = 'moderator'"
    run(ROOMS + policy("hear", "select", condition) + policy("own", "select", OWN_ROOM))
    found = {(f.rule, f.relation, f.command) for f in errors(observe(target))}
    assert ("claims", "channel any topic", "receive") in found


def test_a_policy_that_nobody_gets_through_is_red_until_the_contract_says_why(
    target: Target, run: Run
) -> None:
    riddle = "md5(realtime.topic()) = '900150983cd24fb0d6963f7d28e17f72'"
    run(ROOMS + policy("own", "select", OWN_ROOM) + policy("riddle", "select", riddle))
    matrix = observe(target)
    found = [f for f in errors(matrix) if f.kind == "vacuous"]
    assert [(f.relation, f.rows) for f in found] == [("realtime.messages", "riddle")]
    text = render(facts_of(matrix), accepted={found[0].key: "only the backend knows the topic"})
    assert "md5" in text
    contract = parse_contract(text)
    assert [f.sentence for f in check(matrix, contract) if f.severity == "error"] == []
    run("alter policy \"riddle\" on realtime.messages using (md5(realtime.topic()) = 'x')")
    changed = {f.relation for f in check(observe(target), contract) if f.severity == "error"}
    assert changed == {"database.platform_policies"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            policy("more", "insert", "true"),
            (
                "Authenticated strangers can now send broadcast and presence to every private "
                "channel."
            ),
        ),
        (
            'drop policy "hear" on realtime.messages',
            (
                "Owners can no longer receive broadcast and presence from their own private "
                "channel room:{guests.room_id}."
            ),
        ),
        (
            "alter policy \"hear\" on realtime.messages using (extension = 'broadcast' and "
            + OWN_ROOM
            + ")",
            (
                "Owners can no longer receive presence from their own private channel "
                "room:{guests.room_id}."
            ),
        ),
    ],
)
def test_a_change_of_a_channel_is_told_in_a_sentence(
    change: str, expected: str, target: Target, run: Run
) -> None:
    run(ROOMS + policy("hear", "select", OWN_ROOM))
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f for f in check(observe(target), contract) if f.severity == "error"] == []
    run(change)
    found = {f.sentence for f in check(observe(target), contract) if f.severity == "error"}
    assert expected in found


def test_another_spelling_of_a_channels_policy_keeps_the_contract(target: Target, run: Run) -> None:
    run(ROOMS + policy("hear", "select", OWN_ROOM))
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    run(
        'alter policy "hear" on realtime.messages using ((select realtime.topic()) in'
        " (select 'room:' || g.room_id from public.guests as g where g.user_id = auth.uid()))"
    )
    assert [f.sentence for f in check(observe(target), contract) if f.severity == "error"] == []


def test_a_project_without_channels_is_asked_nothing_about_them(target: Target, run: Run) -> None:
    run(NOTES)
    assert [t.relation for t in observe(target).tables if t.kind == "channel"] == []


def test_the_matrix_shows_who_receives_and_sends(target: Target, run: Run) -> None:
    run(
        ROOMS
        + policy("hear", "select", OWN_ROOM)
        + policy("say", "insert", f"extension = 'broadcast' and {OWN_ROOM}")
    )
    text = matrix_text(observe(target), Style(width=80, color=False))
    assert "private channels\n  any topic: nobody\n" in text
    assert "  room:{guests.room_id}: receive owner; send owner (broadcast)\n" in text
