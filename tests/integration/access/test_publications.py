"""What a publication sends of a table is held to the contract: its columns and its rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold
from tests.integration.access.schemas import NOTES

# With updates and deletions every column would have to be part of the replica identity.
TABLE = f"{NOTES}alter publication supabase_realtime set (publish = 'insert');"
SOME = "alter publication supabase_realtime set table public.notes (id, title) where (is_pro)"
ALL = "alter publication supabase_realtime set table public.notes"
NAME = "The publication supabase_realtime"
SAYS = "the contract says where is_pro"
CHANGES = {
    "a column more": (
        SOME,
        SOME.replace("title", "title, body"),
        {f"{NAME} now also sends notes.body."},
    ),
    "a column less": (
        SOME,
        SOME.replace(", title", ""),
        {f"{NAME} no longer sends notes.title."},
    ),
    "no filter any more": (
        SOME,
        SOME.partition(" where")[0],
        {f"{NAME} now sends every row of notes; the contract says where is_pro."},
    ),
    "a wider filter": (
        SOME,
        SOME.replace("is_pro", "is_pro or id is not null"),
        {f"{NAME} now sends rows of notes where is_pro or (id is not null); {SAYS}."},
    ),
    "a narrower filter": (
        SOME,
        SOME.replace("is_pro", "is_pro and id is not null"),
        {f"{NAME} now sends only rows of notes where is_pro and (id is not null); {SAYS}."},
    ),
    "a filter": (
        ALL,
        f"{ALL} where (is_pro)",
        {f"{NAME} now sends only rows of notes where is_pro; the contract says every row."},
    ),
    "some columns only": (
        ALL,
        f"{ALL} (id, user_id, is_pro, body)",
        {f"{NAME} no longer sends notes.title."},
    ),
    "everything": (
        SOME,
        "drop publication supabase_realtime; create publication supabase_realtime for all tables",
        {
            f"{NAME} now also sends notes.user_id, notes.body, notes.is_pro.",
            f"{NAME} now sends every row of notes; the contract says where is_pro.",
        },
    ),
    "a whole schema": (
        SOME,
        "alter publication supabase_realtime set tables in schema public",
        {
            f"{NAME} now also sends notes.user_id, notes.body, notes.is_pro.",
            f"{NAME} now sends every row of notes; the contract says where is_pro.",
        },
    ),
    "columns to come": (
        f"{ALL} (id, user_id, title, body, is_pro)",
        ALL,
        {f"{NAME} now sends every column of notes, and whichever is added to it."},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_publication_sends_otherwise_is_told(name: str, target: Target) -> None:
    before, change, expected = CHANGES[name]
    held = hold(target, f"{TABLE}{before}")
    assert held.after(change) == expected


def test_the_contract_says_what_is_published(target: Target) -> None:
    held = hold(target, f"{TABLE}{SOME}")
    assert '"published: supabase_realtime (id, title) where is_pro"' in held.text


SPELLINGS = [
    "(title = 'a' and is_pro)",
    "((title)::text = ('a'::text) AND (IS_PRO))",
    "title = 'a' and (((is_pro)))",
]


@pytest.mark.parametrize("filtered", SPELLINGS)
def test_another_spelling_of_a_filter_is_no_difference(filtered: str, target: Target) -> None:
    held = hold(target, f"{TABLE}{ALL} where (title = 'a' and is_pro)")
    assert held.after(f"{ALL} where ({filtered})") == set()


def test_an_older_contract_knows_the_name_and_means_all_of_it(target: Target) -> None:
    held = hold(target, f"{TABLE}{SOME}")
    outside = {**held.contract.facts.outside, "notes": ("published: supabase_realtime",)}
    known = replace(held.contract.facts, outside=outside, covers=frozenset())
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet which columns and rows of notes are published"
    assert f"{say}: let `access write` add it." in older.warnings()
    assert older.after(ALL) == set()
    assert older.warnings() == set()
