"""When a test file is green, by the rules of TAP; above all, when it is not."""

from __future__ import annotations

import pytest

from prospectr_db.pgtap.tap import read_tap


@pytest.mark.parametrize(
    "output",
    [
        "1..1\nok 1 - fine\n",
        "ok 1 - fine\n1..1\n",
        "TAP version 13\n1..2\nok\nok\n",
        "1..1\nnot ok 1 - later # TODO it is not written\n# Failed (TODO) test 1\n",
        "1..1\nok 1 - elsewhere # SKIP no network\n",
        "1..0 # SKIP nothing to do here\n",
        "noise\n1..1\n a row of a query\nok 1\n    not ok 1 - of a subtest\n",
    ],
)
def test_green(output: str) -> None:
    result = read_tap(output, file="t.sql")
    assert result.passed, result


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("", "It ran no test and announced no plan."),
        ("a row\n", "It ran no test and announced no plan."),
        ("1..5\nok 1\nok 2\nok 3\nok 4\n", "It planned 5 tests and ran 4."),
        ("1..1\nok 1\nok 2\n", "It planned 1 tests and ran 2."),
        ("1..2\n", "It planned 2 tests and ran 0."),
        ("ok 1\nok 2\n", "It ran 2 tests without a plan"),
        ("1..2\nok 1\nBail out! no database\nok 2\n", "The file bailed out: no database."),
        ("1..2\nok 1\nok 3\n", "Test 3 came where test 2 was due."),
        ("1..1\n1..1\nok 1\n", "The file announced more than one plan."),
        ("1..0\nok 1\n", "It planned 0 tests and ran 1."),
    ],
)
def test_red_although_every_test_passed(output: str, problem: str) -> None:
    result = read_tap(output, file="t.sql")
    assert not result.passed
    assert not result.failed
    assert any(told.startswith(problem) for told in result.problems), result.problems


def test_red_when_psql_failed_after_the_last_test() -> None:
    result = read_tap("1..1\nok 1\n", file="t.sql", exit_code=3, errors=("psql: ERROR",))
    assert not result.passed
    assert result.problems == ("psql ended with exit code 3.",)
    assert result.errors == ("psql: ERROR",)


def test_a_failed_test_keeps_its_comments() -> None:
    result = read_tap(
        '1..2\nok 1 - a\n# of no interest\nnot ok 2 - b\n# Failed test 2: "b"\n#   have: 1\n',
        file="t.sql",
    )
    (failed,) = result.failed
    assert (failed.number, failed.description) == (2, "b")
    assert failed.diagnostics == ('Failed test 2: "b"', "  have: 1")
    assert not result.passed


@pytest.mark.parametrize(
    ("line", "description", "directive", "reason"),
    [
        ("ok 1 - list # todos", "list # todos", None, None),
        ("ok 1 - a \\# TODO b", "a # TODO b", None, None),
        ("ok 1 - a # todo: b", "a", "todo", ": b"),
        ("ok 1 # skip", "", "skip", None),
        ("ok 1 - 3 apples", "3 apples", None, None),
        ("ok 12apples", "12apples", None, None),
    ],
)
def test_directives(line: str, description: str, directive: str | None, reason: str | None) -> None:
    (test,) = read_tap(f"1..1\n{line}\n", file="t.sql").tests
    assert (test.description, test.directive, test.reason) == (description, directive, reason)


def test_a_skipped_file_tells_why() -> None:
    assert read_tap("1..0 # SKIP no vault here\n", file="t.sql").skipped == "no vault here"
