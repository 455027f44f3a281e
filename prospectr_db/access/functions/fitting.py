"""Arguments that a function takes, found by calling it where none of the likely ones fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from prospectr_db.access.functions.arguments import IDS, Accepted, options
from prospectr_db.access.functions.call_texts import call_text
from prospectr_db.access.functions.calling import Seeing, call_probe
from prospectr_db.access.functions.further_values import further_values, in_turn
from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database.catalog import Function

__all__ = ["Fit", "fit"]

_MOST_CALLS = 160
_MOST_AT_ONCE = 80
_MOST_SEARCHING = 2
_MOST_ACCEPTED = 4
_REFUSED, _THROUGH, _REACHED = 1, 2, 3


Arguments = tuple[str, ...]
Reason = tuple[str, str]
"""SQLSTATE and message."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found: arguments that are ``accepted``, for the parameters that had none.

    Where no call got through, ``refusal`` is what the one ended in that came furthest, if that is
    about its data: nothing is known then of what the function does.
    """

    accepted: Accepted = field(default_factory=dict)
    refusal: str | None = None


def fit(seeing: Seeing, function: Function, plain: Sequence[tuple[Knocker, Sequence[Cell]]]) -> Fit:
    """Look for arguments that fit where nobody's calls got through, or none of them did anything.

    Asked by whoever is refused for something else than a privilege, of those with the same reasons
    by the first.
    """
    cells = [cell for _, cells in plain for cell in cells]
    through = [cell for cell in cells if cell.verdict is Verdict.ALLOWED]
    if not function.argument_types or any(cell.command != "call" for cell in through):
        return Fit()
    if through:
        return _reaching(seeing, function, plain)
    stuck: dict[frozenset[Reason], Knocker] = {}
    for knocker, mine in plain:
        refused = [cell for cell in mine if cell.verdict is Verdict.REFUSED]
        if refused:
            reasons = frozenset(_reason(cell.sqlstate, cell.reason) for cell in refused)
            if not all(map(_is_broken, reasons)):
                stuck.setdefault(reasons, knocker)
    order = sorted(
        stuck.items(), key=lambda one: (not any(map(_is_about_data, one[0])), one[1].actor != OWNER)
    )
    searches = [_Search(seeing, function, k, _MOST_CALLS) for _, k in order[:_MOST_SEARCHING]]
    fitting = next((one for one in searches if one.fits), None)
    if fitting is not None:
        return Fit(fitting.accepted)
    return Fit(refusal=next((one.refusal for one in searches if one.refusal), None))


def _reaching(
    seeing: Seeing, function: Function, plain: Sequence[tuple[Knocker, Sequence[Cell]]]
) -> Fit:
    """Look for arguments with which a function does something to the owner's rows for him."""
    owner = next((k for k, cells in plain if k.name == "owner" and cells), None)
    if owner is None or function.volatility != "v" or len(function.argument_types) < 2:
        return Fit()
    search = _Search(seeing, function, owner, _MOST_CALLS)
    return Fit(search.accepted) if search.best.rank == _REACHED else Fit(refusal=search.refusal)


@dataclass(frozen=True, slots=True)
class Node:
    """A call, and how far it came: its rank, and of one that was refused the line in the function.

    Of the others ``line`` is the less the more of its ids are unlikely.
    """

    arguments: Arguments
    rank: int
    line: int
    reason: Reason
    message: str

    @property
    def score(self) -> tuple[int, int]:
        """How far it came."""
        return self.rank, self.line


@dataclass
class _Search:
    """Calls as one user, each with one argument other than in one that came far already.

    One that comes further is gone on from; so is, of errors about data in the same line, one that
    ends in an error that was not there yet: two arguments of one statement may both have to fit.
    A call that does nothing because there is no such row is no end.
    """

    seeing: Seeing
    function: Function
    knocker: Knocker
    left: int

    @cached_property
    def _options(self) -> list[list[str]]:
        return options(self.seeing.observation, self.function)

    @property
    def best(self) -> Node:
        """The call that came furthest."""
        return self._found[1]

    @property
    def fits(self) -> bool:
        """Whether a call got through, and not just because it was about no row at all."""
        return self.best.rank > _REFUSED and self.refusal is None

    @property
    def refusal(self) -> str | None:
        """What ended the call that came furthest, where that is about its data."""
        first, best, _ = self._found
        astray = best.rank == _THROUGH and best.line < 0 and first.reason[0].startswith(_NO_VALUE)
        last = first if astray else best
        return last.message if astray or _is_about_data(last.reason) else None

    @cached_property
    def accepted(self) -> dict[int, tuple[str, ...]]:
        """For each parameter that needed another argument than the likeliest those that fit."""
        _, best, around = self._found
        found: dict[int, tuple[str, ...]] = {}
        for place, (argument, likely) in enumerate(zip(best.arguments, self._options, strict=True)):
            if argument != likely[0]:
                others = [
                    node.arguments[place]
                    for node in around
                    if node.rank == best.rank and node.arguments[place] != argument
                ]
                found[place] = (argument, *others)[:_MOST_ACCEPTED]
        return found

    @cached_property
    def _found(self) -> tuple[Node, Node, list[Node]]:
        """The likeliest call, the one that came furthest, those with one argument other in it."""
        first = best = self._called([tuple(likely[0] for likely in self._options)])[0]
        waiting, around = [best], list[Node]()
        seen: set[tuple[int, Reason]] = set()
        while waiting and self.left > 0:
            node = waiting.pop(0)
            changes = list(self._changes(node))
            tried = self._called([_with(node.arguments, *change) for change in changes])
            further = max(tried, key=lambda one: one.score, default=node)
            if node is best:
                around = tried
                if best.rank == _REACHED:
                    break
            for (place, _), other in zip(changes, tried, strict=False):
                if _is_promising(node, other) and (place, other.reason) not in seen:
                    seen.add((place, other.reason))
                    waiting.append(other)
            if further.score > best.score:
                best, around = further, []
                waiting = [best] if best.rank == _REACHED else [*waiting, best]
            waiting.sort(key=lambda one: (one.rank == _THROUGH, -one.line))
        return first, best, around

    def _changes(self, node: Node) -> Iterator[tuple[int, str]]:
        """Yield other arguments with their places; of what reaches something only where needed."""
        each = []
        for place, argument in enumerate(node.arguments):
            likely = self._options[place]
            if node.rank < _REACHED or argument != likely[0]:
                further = further_values(self.seeing.observation, self.function, place, argument)
                values = dict.fromkeys([*likely, *further])
                each.append([(place, value) for value in values if value != argument])
        yield from islice(in_turn(each), _MOST_AT_ONCE)

    def _called(self, tries: Sequence[Arguments]) -> list[Node]:
        """Return how far calls came, as many as are left to make."""
        seeing = self.seeing
        tries = tries[: self.left]
        self.left -= len(tries)
        probes = [
            call_probe(call_text(self.function, arguments), None, seeing.question)
            for arguments in tries
        ]
        outcomes = run(seeing.observation, self.knocker.persona, probes, listening=True)
        found = []
        for arguments, probe, outcome in zip(tries, probes, outcomes, strict=True):
            reached = seeing.reached(self.knocker, probe, outcome).keys() - {"call"}
            rank = _REACHED if reached else _THROUGH if outcome.state is None else _REFUSED
            reason = _reason(outcome.state, outcome.message)
            line = _line(self.function, outcome) if rank == _REFUSED else -self._moved(arguments)
            found.append(Node(arguments, rank, line, reason, outcome.message or ""))
        return found

    def _moved(self, arguments: Arguments) -> int:
        """Return how many ids are others than the likeliest: of no row, little is refused."""
        types = self.function.argument_types
        return sum(
            argument != likely[0] and type_name.removesuffix("[]") in IDS
            for argument, likely, type_name in zip(arguments, self._options, types, strict=True)
        )


def _with(arguments: Arguments, place: int, value: str) -> Arguments:
    return (*arguments[:place], value, *arguments[place + 1 :])


def _is_promising(node: Node, other: Node) -> bool:
    """Whether a refused call came further than another, or ended there for another reason.

    Of the latter only where the first was about data, or did not get to any.
    """
    if other.rank != _REFUSED or node.rank == _THROUGH:
        return _is_about_data(other.reason) and node.rank == _THROUGH
    elsewhere = other.reason != node.reason and _is_about_data(node.reason)
    return other.line > node.line or (other.line == node.line and elsewhere)


def _reason(state: str | None, message: str | None) -> Reason:
    """Return why a call was refused, whatever value the message names."""
    return state or "", re.sub(r"\"[^\"]*\"$|'[^']*'|\d+", "", message or "")


# Classes of SQLSTATE (PostgreSQL manual, appendix A): what no type, function or check takes, and a
# key that refers to nothing.
_NO_VALUE = ("22", "23514")
_ABOUT_DATA = (*_NO_VALUE, "23503")


def _is_broken(reason: Reason) -> bool:
    """Whether no other value changes anything: a name is none, or what is written is no SQL."""
    return reason[0].startswith("42") and reason[0] != "42501"


def _is_about_data(reason: Reason) -> bool:
    return reason[0].startswith(_ABOUT_DATA)


def _line(function: Function, outcome: Outcome) -> int:
    """Return where in a function a call was refused: its line, or of SQL the statement."""
    name = re.escape(function.name)
    place = re.compile(rf'\b{name}\([^\n]*\) line (\d+)|SQL function "{name}" statement (\d+)')
    found = place.findall(outcome.context or "")
    return max((int(line or number) for line, number in found), default=0)
