"""How a test file's output is read: TAP, the Test Anything Protocol, and when a file is green.

The rules are those of the TAP specification (testanything.org, versions 12 and 13) and of prove:
a file is green when it announced a plan, ran exactly that many tests in order, every one passed or
was marked todo or skip, and the program that ran it ended well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Directive", "TapFile", "TapTest", "read_tap"]

Directive = Literal["todo", "skip"]

_TEST = re.compile(r"(?P<not>not )?ok\b(?:[ \t]+(?P<number>\d+)(?!\S))?[ \t]*(?P<rest>.*)")
_PLAN = re.compile(
    r"1\.\.(?P<count>\d+)[ \t]*(?:#[ \t]*skip\S*[ \t]*(?P<reason>.*))?$", re.IGNORECASE
)
# The first # that is not escaped, and a directive right after it.
_DIRECTIVE = re.compile(
    r"(?P<text>(?:[^\\#]|\\.)*)#[ \t]*(?P<name>todo|skip)\b[ \t]*(?P<reason>.*)$", re.IGNORECASE
)
_BAIL_OUT = re.compile(r"Bail out![ \t]*(?P<reason>.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TapTest:
    """One test. ``passed`` counts a failing todo as passed; ``diagnostics`` are a
    failed test's comments."""

    number: int
    passed: bool
    description: str
    directive: Directive | None = None
    reason: str | None = None
    diagnostics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TapFile:
    """What one test file said.

    ``planned`` is None where no plan was announced; ``skipped`` is the reason where the whole file
    was; ``problems`` say what is wrong beyond single failed tests; ``errors`` are psql's.
    """

    file: str
    tests: tuple[TapTest, ...]
    planned: int | None
    skipped: str | None = None
    problems: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> tuple[TapTest, ...]:
        """The tests that did not pass."""
        return tuple(test for test in self.tests if not test.passed)

    @property
    def passed(self) -> bool:
        """Whether the file is green."""
        return not self.problems and not self.failed


@dataclass(slots=True)
class _Reading:
    tests: list[TapTest]
    problems: list[str]
    planned: int | None = None
    skipped: str | None = None


def read_tap(
    output: str,
    *,
    file: str,
    exit_code: int = 0,
    errors: tuple[str, ...] = (),
    seconds: float = 0.0,
) -> TapFile:
    """Return what a test file's standard output and exit code mean. It is never green if empty."""
    reading = _Reading([], [])
    for line in output.splitlines():
        if not _read_line(reading, line.rstrip()):
            break
    _judge(reading, exit_code)
    return TapFile(
        file=file,
        tests=tuple(reading.tests),
        planned=reading.planned,
        skipped=reading.skipped,
        problems=tuple(reading.problems),
        errors=errors,
        seconds=seconds,
    )


def _read_line(reading: _Reading, line: str) -> bool:
    """Take one line in; return False where nothing after it counts."""
    if bail := _BAIL_OUT.match(line):
        reading.problems.append(f"The file bailed out: {bail['reason'] or 'no reason given'}.")
        return False
    if plan := _PLAN.match(line):
        _read_plan(reading, plan)
    elif test := _TEST.match(line):
        _read_test(reading, test)
    elif line.startswith("#") and reading.tests and not reading.tests[-1].passed:
        last = reading.tests[-1]
        reading.tests[-1] = TapTest(
            number=last.number,
            passed=last.passed,
            description=last.description,
            directive=last.directive,
            reason=last.reason,
            diagnostics=(*last.diagnostics, line[1:].removeprefix(" ")),
        )
    return True


def _read_plan(reading: _Reading, plan: re.Match[str]) -> None:
    if reading.planned is not None:
        reading.problems.append("The file announced more than one plan.")
        return
    reading.planned = int(plan["count"])
    if reading.planned == 0:
        reading.skipped = plan["reason"] or "no reason given"


def _read_test(reading: _Reading, test: re.Match[str]) -> None:
    expected = len(reading.tests) + 1
    number = int(test["number"]) if test["number"] else expected
    if number != expected:
        reading.problems.append(f"Test {number} came where test {expected} was due.")
    rest = test["rest"].removeprefix("-").strip()
    directive = _DIRECTIVE.match(rest)
    name: Directive | None = None
    if directive:
        name = "todo" if directive["name"].lower() == "todo" else "skip"
        rest = directive["text"].rstrip()
    reading.tests.append(
        TapTest(
            number=number,
            passed=not test["not"] or name == "todo",
            description=rest.replace("\\#", "#"),
            directive=name,
            reason=(directive["reason"] or None) if directive else None,
        )
    )


def _judge(reading: _Reading, exit_code: int) -> None:
    """Add what is wrong with the file as a whole."""
    ran = len(reading.tests)
    problems = reading.problems
    if reading.planned is None:
        problems.append(
            "It ran no test and announced no plan."
            if ran == 0
            else f"It ran {ran} tests without a plan: select plan(…) or no_plan(), and finish()."
        )
    elif reading.planned != ran:
        problems.append(f"It planned {reading.planned} tests and ran {ran}.")
    if exit_code:
        problems.append(f"psql ended with exit code {exit_code}.")
