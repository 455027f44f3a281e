"""Findings that differ only in who, or in which table, are told as one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.matrix.finding import ROW_SECURITY, Finding
from prospectr_db.access.review.crowds import crowd
from prospectr_db.access.review.phrases import people
from prospectr_db.access.review.telling import tell


def found(
    persona: str, *, what: str = "read notes on other people's rows", **facts: str
) -> Finding:
    given = {
        "relation": "notes",
        "rows": "other",
        "command": "select",
        "rule": "other-rows",
        **facts,
    }
    return Finding(
        "leak",
        "error",
        given["relation"],
        persona,
        given["rows"],
        given["command"],
        ("id",),
        f"{people(persona)} can {what}.",
        "select 1",
        given["rule"],
    )


def told(*findings: Finding) -> list[str]:
    return [one.sentence for one in tell(findings)]


def test_what_everybody_can_is_one_sentence() -> None:
    same = [found(persona) for persona in ("anon", "stranger", "owner")]
    brief = replace(found("newcomer", what="read notes"), columns=())
    assert told(*same, brief) == [
        "Everybody, even without a login, can read notes on other people's rows."
    ]
    assert tell([*same, brief])[0].findings == (*same, brief)


def test_what_differs_stays_apart() -> None:
    sentences = told(found("stranger"), found("anon", what="read notes.title"))
    assert len(sentences) == 2
    assert len(told(found("stranger"), replace(found("anon"), severity="note"))) == 2
    assert len(told(found("stranger"), found("anon", command="delete"))) == 2


def test_a_newcomer_who_reaches_more_than_a_stranger_is_told() -> None:
    newcomer = found("newcomer", what="read notes.secret")
    assert told(found("stranger"), newcomer)[1] == newcomer.sentence


def test_every_table_that_can_be_emptied_is_in_one_sentence() -> None:
    findings = [
        found(
            persona,
            what=f"empty {table} with TRUNCATE, which no policy stops",
            relation=table,
            rows="all",
            command="truncate",
            rule="truncate",
        )
        for table in ("a", "b", "c")
        for persona in ("anon", "owner", "stranger")
    ]
    assert told(*findings) == [
        (
            "Everybody, even without a login, can empty a, b and c with TRUNCATE, "
            "which no policy stops."
        )
    ]
    assert sum(len(one.findings) for one in tell(findings)) == 9


def test_a_hundred_tables_are_counted() -> None:
    findings = [
        found(
            "anon",
            what=f"empty t{number} with TRUNCATE, which no policy stops",
            relation=f"t{number}",
            rows="all",
            command="truncate",
            rule="truncate",
        )
        for number in range(100)
    ]
    assert told(*findings) == [
        (
            "Visitors without a login can empty 100 tables (t0, t1, t2, t3 …) with TRUNCATE, "
            "which no policy stops."
        )
    ]


def test_a_sentence_about_nobody_is_kept_as_it_is_and_told_once() -> None:
    lonely = replace(found("anon"), persona="", sentence="There is no table to observe.")
    assert told(lonely, lonely) == [lonely.sentence]


@pytest.mark.parametrize(
    ("personas", "words"),
    [
        (["stranger"], "authenticated strangers"),
        (["stranger", "newcomer"], "any signed-in user"),
        (["stranger", "owner", "role=admin"], "any signed-in user"),
        (["anon", "stranger", "role=admin"], "everybody, even without a login,"),
        (["role=admin", "role=owner"], "users with role=admin or role=owner"),
        (["owner", "anon"], "owners and visitors without a login"),
        (["anon"], "visitors without a login"),
    ],
)
def test_a_crowd_has_a_name(personas: list[str], words: str) -> None:
    assert crowd(personas) == words


def test_what_has_one_cause_is_one_sentence() -> None:
    rule = "contract-leak"
    commands = [
        found("stranger", what=f"now {verb} on other people's rows", command=command, rule=rule)
        for verb, command in (("delete notes", "delete"), ("update notes.title", "update"))
    ]
    states = [
        found(
            "owner",
            what=f"no longer delete notes on their own rows where status={status}",
            rows=f"own [status={status}]",
            command="delete",
            rule=rule,
        )
        for status in ("sent", "failed")
    ]
    grants = [
        replace(found(role, rule="idle-grant"), persona=role, sentence=f"notes now holds {what}.")
        for role, what in (
            ("anon", "a grant that no policy uses: anon: select"),
            ("authenticated", "a grant that no policy uses: authenticated: update (title, body)"),
        )
    ]
    more, less, held = told(*commands, *states, *grants)
    assert more.endswith(" can now delete notes and update notes.title on other people's rows.")
    assert (
        less == "Owners can no longer delete notes on their own rows where status=sent or failed."
    )
    assert held == (
        "notes now holds grants that no policy uses: "
        "anon: select; authenticated: update (title, body)."
    )
    assert told(commands[0], states[0], grants[0]) == [
        one.sentence for one in (commands[0], states[0], grants[0])
    ]


def alone(relation: str, rule: str, sentence: str, *, severity: str = "warning") -> Finding:
    return Finding("loss", severity, relation, "", "", "select", (), sentence, rule=rule)  # type: ignore[arg-type]


def test_functions_that_look_names_up_for_their_caller_are_one_sentence() -> None:
    tail = "its owner's rights and no search_path of its own: a caller decides what its names mean."
    some = [alone(f"{name}()", "search-path", f"{name}() has {tail}") for name in "abc"]
    assert told(some[0]) == [f"a() has {tail}"]
    assert told(*some) == [
        (
            "a(), b() and c() have their owner's rights and no search_path of their own: "
            "a caller decides what their names mean."
        )
    ]
    one, other = alone("a(uuid, text)", "search-path", f"a(uuid, text) has {tail}"), some[1]
    assert told(one, other)[0].startswith("a(uuid, text) and b() have their owner's rights")
    many = [alone(f"{name}()", "search-path", f"{name}() has {tail}") for name in "abcdefgh"]
    assert told(*many)[0].startswith("8 functions (a(), b(), c(), d() …) have their owner's")


def test_random_keys_that_somebody_could_guess_are_one_sentence() -> None:
    head = "Authenticated strangers can find out whether a value of"
    tail = "exists on rows that they cannot read: inserting it fails as a duplicate only then."
    notes, tags = (
        alone(name, "oracle", f"{head} {name}.id {tail}", severity="note")
        for name in ("notes", "tags")
    )
    assert told(notes) == [notes.sentence]
    assert told(notes, tags) == [
        (
            "Authenticated strangers can find out whether a uuid of notes.id or tags.id exists on "
            "rows that they cannot read, if they guess it."
        )
    ]
    # What can be guessed is no note, and stays by itself.
    names = replace(tags, severity="warning")
    assert told(notes, names) == [notes.sentence, names.sentence]


def test_policies_without_a_grant_are_told_with_the_switch_that_gives_it() -> None:
    vain = [
        alone(
            name,
            "idle-policy",
            f"No user that was tried can read {name}, although 'own' says that some can: "
            "no role of the API is granted it.",
            severity="error",
        )
        for name in ("notes", "tags")
    ]
    cause = alone("", "unexposed", "No table is granted.")
    assert told(*vain) == [one.sentence for one in vain]
    assert told(*vain, cause) == [
        "No table is granted. Until then policies on notes and tags are in vain."
    ]
    assert [one.severity for one in tell((*vain, cause))] == ["error"]


def test_power_in_any_of_several_other_tenants_is_enough() -> None:
    both = "role=member, role=owner and role=admin elsewhere"
    assert people(both) == "Users with role=member here and role=owner or role=admin elsewhere"


def test_row_security_that_is_off_is_told_instead_of_all_that_follows() -> None:
    def off(persona: str, command: str, *, table: str = "codes", rows: str = "other") -> Finding:
        one = found(persona, relation=table, rows=rows, command=command)
        return replace(one, cause=ROW_SECURITY)

    everybody = [
        off(persona, command)
        for persona in ("anon", "newcomer", "stranger")
        for command in ("select", "insert")
    ]
    follows = [
        off("owner", "update", rows="own"),
        off("owner", "insert", rows="own under other's a"),
    ]
    whole = (
        "Row-level security is off on codes: everybody, even without a login, can read and insert"
    )
    assert told(*everybody) == [f"{whole} any row."]
    assert told(*everybody, *follows) == [f"{whole} any row and owners can update any row."]
    other = [replace(one, relation="keys") for one in everybody]
    assert told(*everybody, *other) == [f"{whole} any row.".replace("codes", "codes and keys")]
    by_contract = Finding(
        "leak",
        "error",
        "codes",
        "",
        "",
        "",
        (),
        "Row-level security is off on codes, and the contract does not say so: no policy keeps "
        "anybody from a row. If that is meant, `prospectr-db access write` states it.",
        rule=ROW_SECURITY,
    )
    now = [replace(f, sentence=f.sentence.replace(" can ", " can now ")) for f in everybody]
    assert told(by_contract) == [by_contract.sentence]
    assert told(*now, by_contract) == [
        by_contract.sentence.replace(
            "no policy keeps anybody from a row",
            "everybody, even without a login, can now read and insert any row",
        )
    ]


def test_what_differs_only_in_tables_and_columns_is_one_sentence() -> None:
    def one(table: str, what: str, rule: str = "link", rows: str = "own") -> Finding:
        return found("owner", what=what, relation=table, rule=rule, rows=rows)

    hang = "rows that hang under somebody else's parent"
    links = [
        one(table, f"insert into {table} {hang} ({column})", rows=f"own under other's {column}")
        for table, column in (("items", "order_id"), ("items", "product_id"), ("orders", "shop_id"))
    ]
    assert told(*links) == [
        f"Owners can insert {hang} into items (order_id, product_id) and orders (shop_id)."
    ]
    assert told(links[0]) == [links[0].sentence]
    moves = [
        one(table, f"move their rows of {table} under somebody else's shops by updating {column}")
        for table, column in (("items", "shop_id"), ("orders", "shop_id"))
    ]
    assert told(*moves) == [
        (
            "Owners can move their rows of items (shop_id) and orders (shop_id) under somebody "
            "else's by updating these columns."
        )
    ]
    reads = [
        one(table, f"now read {table} (every column) on other people's rows", "contract-leak")
        for table in ("items", "orders")
    ]
    assert told(*reads) == [
        "Owners can now read items and orders (every column) on other people's rows."
    ]
    writes = [
        one(t, f"now update {t}.a, {t}.b and 2 more columns on their own rows", "contract-leak")
        for t in ("items", "orders")
    ]
    assert told(*writes) == [
        (
            "Owners can now update items (a, b and 2 more columns) and orders (a, b and 2 more "
            "columns) on their own rows."
        )
    ]
    # Values, and tables whose sentences say anything else besides, stay apart.
    apart = [
        one("items", "now update items.state=sent on their own rows", "contract-leak"),
        one("orders", "now update orders.state=paid on their own rows", "contract-leak"),
    ]
    assert told(*apart) == [f.sentence for f in apart]


def test_several_commands_on_several_tables_are_one_sentence() -> None:
    findings = [
        found(
            "stranger",
            what=f"now {what} on other people's rows",
            relation=table,
            command=command,
            rule="contract-leak",
        )
        for table in ("items", "orders")
        for command, what in (
            ("delete", f"delete {table}"),
            ("select", f"read {table} (every column)"),
        )
    ]
    assert told(*findings) == [
        (
            "Authenticated strangers can now delete and read items and orders (every column) on "
            "other people's rows."
        )
    ]


def test_whoever_has_such_a_row_is_any_signed_in_user() -> None:
    what = "change their own profiles.role, which decides what they may do"
    some = [
        found(persona, what=what, rows="own", rule="escalation")
        for persona in ("owner", "role=buyer", "role=supplier")
    ]
    assert told(*some) == [f"Any signed-in user can {what}."]
    assert told(*some[1:]) == [f"Users with role=buyer or role=supplier can {what}."]
    news = [replace(one, rule="contract-leak") for one in some]
    assert told(*news) == [f"Owners and users with role=buyer or role=supplier can {what}."]


def test_policies_of_one_table_that_nobody_came_through_are_one_sentence() -> None:
    vain = [
        alone(
            "notes",
            "idle-policy",
            f"No user that was tried can {verb} notes, although {p!r} says that some can.",
        )
        for verb, p in (("read", "own"), ("delete", "mine"))
    ]
    assert told(*vain) == [
        (
            "No user that was tried can read or delete notes, although 'own' and 'mine' say that "
            "some can."
        )
    ]
