"""The matrix fits the width that there is, and says without colour what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.frozen import Frozen
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess, Verdict
from prospectr_db.report.access import finding_lines
from prospectr_db.report.access_matrix import matrix_text
from prospectr_db.report.access_size import size_of
from prospectr_db.report.style import Style

COLUMNS = tuple(f"column_{number}" for number in range(14))


def access(persona: str, rows: str, command: str, count: int = 14, *, ok: bool = True) -> Access:
    verdict = Verdict.ALLOWED if ok else Verdict.DENIED
    columns = COLUMNS[:count] if ok and command != "delete" else ()
    return Access(persona, rows, command, verdict, columns, (), "select 1")


def table(name: str, *more: Access) -> TableAccess:
    usual = [
        access("owner", "own", "select"),
        access("owner", "own", "insert", 4),
        access("owner", "own", "update", 12),
        access("owner", "own", "delete", ok=False),
        access("stranger", "other", "select", ok=False),
        access("anon", "other", "select", ok=False),
        *(access("service_role", "other", c, 12) for c in ("select", "insert", "update", "delete")),
    ]
    return TableAccess(
        name, "table", "user_id", True, True, (*usual, *more), columns=COLUMNS, writable=COLUMNS
    )


def matrix(*tables: TableAccess) -> AccessMatrix:
    return AccessMatrix(tables, (), 0, 0.0)


LONG = [f"linkedin_connection_events_{letter * 6}" for letter in "abcdefghijk"]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_eleven_tables_fit_the_width(width: int) -> None:
    text = matrix_text(matrix(*map(table, LONG)), Style(width=width, color=False))
    lines = text.splitlines()[:-2]
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_files_have_what_is_allowed_in_some_folder() -> None:
    files = [
        access("owner", "own in docs/user", "select"),
        access("owner", "own in docs/user [folder=another]", "delete"),
        access("owner", "own in docs/user to avatars", "update"),
        access("owner", "own in avatars/user", "insert"),
        access("stranger", "other in docs/user", "select", ok=False),
        *(access("service_role", "other in docs/user", c) for c in ("select", "delete")),
    ]
    told = TableAccess("storage.objects", "table", "folder or owner", True, True, tuple(files))
    text = matrix_text(matrix(told), Style(width=100, color=False))
    line = next(line for line in text.splitlines() if line.startswith("storage.objects"))
    assert line.split() == ["storage.objects", *"SI--", *"----", *"----", *"S--D"]
    assert "of files what is allowed in some folder" in text


def test_a_name_is_never_cut() -> None:
    text = matrix_text(matrix(*map(table, LONG)), Style(width=60, color=False))
    assert all(name in text for name in LONG)


def test_a_number_does_not_run_into_the_next_command() -> None:
    row = next(
        line
        for line in matrix_text(matrix(table("notes")), Style(80, color=False)).splitlines()
        if line.startswith("notes")
    )
    assert row.split() == [
        "notes",
        "S",
        "I4",
        "U12",
        "-",
        "-",
        "-",
        "-",
        "-",
        "-",
        "-",
        "-",
        "-",
        "S12",
        "I12",
        "U12",
        "D",
    ]


def test_what_is_wrong_is_marked_without_colour() -> None:
    open_table = table("notes", access("newcomer", "other", "select"))
    leak = Finding("leak", "error", "notes", "newcomer", "other", "select", (), "…")
    style = Style(80, color=False)
    assert "S!" in matrix_text(matrix(open_table), style, findings=[leak])
    plain = matrix_text(matrix(open_table), style)
    assert "!" not in plain


def test_states_that_are_treated_alike_are_one_line() -> None:
    states = [access("owner", f"own [status={s}]", "delete", ok=False) for s in ("sent", "failed")]
    text = matrix_text(matrix(table("jobs", *states)), Style(80, color=False))
    assert "    owner on own rows where status is sent or failed: not D" in text.splitlines()


def test_whoever_is_signed_in_is_not_listed_one_by_one() -> None:
    emptied = [access(p, "all", "truncate", 0) for p in ("anon", "owner", "stranger", "role=admin")]
    text = matrix_text(matrix(table("jobs", *emptied)), Style(80, color=False))
    assert "    everybody on the whole table: TRUNCATE" in text.splitlines()


def test_a_terminal_wraps_and_a_pipe_does_not() -> None:
    names = " ".join(["word"] * 30)
    piped, read = Style(60, color=True), Style(60, color=True, terminal=True)
    assert piped.wrap(names) == names
    lines = read.wrap(f"    {read.bad('word')} {names}", indent=8).splitlines()
    assert len(lines) > 2
    assert lines[0].startswith("    \x1b[31mword")
    assert all(line.startswith("        word") for line in lines[1:])
    assert max(len(line.replace("\x1b[31m", "").replace("\x1b[0m", "")) for line in lines) <= 60


def test_what_a_lesser_token_is_kept_from_has_a_line() -> None:
    lesser = [
        access("owner without a second factor", "own", "select", ok=False),
        access("owner without a second factor", "own", "delete", ok=False),
        access("role reporter", "other", "select"),
    ]
    text = matrix_text(matrix(table("notes", *lesser)), Style(80, color=False))
    assert "owner without a second factor on own rows: not S D" in text
    assert "role reporter on others' rows: S" in text


def test_a_parent_that_is_theirs_in_part_is_said_in_words() -> None:
    below = access("owner", "own under other's room_id [rooms as members]", "delete")
    state = access("owner", "own under other's room_id [locked=true]", "delete")
    text = matrix_text(matrix(table("notes", below, state)), Style(300, color=False))
    assert "where locked is true or rooms is theirs by members alone: D" in text


def test_whoever_is_in_a_table_has_a_line_of_what_only_he_may() -> None:
    staff = [
        access("in staff", "other", "select"),
        access("in staff", "other", "update", 3),
        access("in staff", "own", "select"),
        access("in staff", "own", "delete"),
        access("member", "own", "select"),
        access("member", "own", "insert", 4),
        access("colleague", "other", "delete", ok=False),
    ]
    lines = matrix_text(matrix(table("notes", *staff)), Style(80, color=False)).splitlines()
    assert "    in staff on others' rows: S U3" in lines
    assert "    in staff on own rows: S D" in lines
    assert not [line for line in lines if "member" in line or "colleague" in line]


def test_a_user_with_a_column_more_than_the_owner_is_told() -> None:
    more = access("role=admin", "own", "update", 13)
    text = matrix_text(matrix(table("notes", more)), Style(80, color=False))
    assert "    role=admin on own rows: U13" in text.splitlines()


def test_the_kind_of_a_finding_keeps_its_place_in_a_terminal() -> None:
    long = Finding("leak", "error", "notes", "", "", "", (), f"Notes {'are open ' * 12}.")
    terminal = Style(width=60, color=False, terminal=True)
    first, *more = next(finding_lines([long], terminal)).splitlines()
    assert first.startswith("leak        Notes are open")
    assert more
    assert all(len(line) - len(line.lstrip()) == len("unmentioned ") for line in more)
    unknown = Finding("vacuous", "error", "", "", "", "", (), "There is no table to observe.")
    (line,) = finding_lines([unknown], Style(width=100, color=False))
    assert line == "unproven    There is no table to observe."


def test_what_was_observed_is_counted_by_its_kind() -> None:
    def one(kind: str) -> TableAccess:
        return TableAccess("x", kind, "", owned=True, rls=True, accesses=())

    kinds = ("function", "table", "view", "table", "function", "function")
    assert size_of(map(one, kinds)) == "2 tables, 1 view, 3 functions"
    assert size_of([]) == ""


def test_what_stays_as_it_is_in_a_state_has_a_line() -> None:
    live = Frozen("owner", "own [status=live]", ("goal", "status=draft"), "update", "it is live")
    shown = replace(table("campaigns"), frozen=(live, replace(live, rows="own [status=over]")))
    text = matrix_text(matrix(shown), Style(width=80, color=False))
    assert "owner on own rows where status is live or over: not U of goal and status=draft" in text
