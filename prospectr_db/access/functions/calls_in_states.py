"""Calls with the owner's rows in other states: what gets through no longer, or only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from prospectr_db.access.functions.calling import Seeing, call_cell, call_probe
from prospectr_db.access.functions.known_secrets import Knowledge
from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.matrix.row_classes import plainer
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.view_states import Setting, on_top, opening
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER

__all__ = ["StateCalls"]

_CALLS_PER_STATE = 3
_TEXTS, _TEXTS_TOGETHER = 4, 2
_MOST_FURTHER, _MOST_TOGETHER, _MOST_BESIDE = 24, 80, 40

Key = tuple[str, str]
"""Command and row class."""


@dataclass(frozen=True, slots=True)
class _Mask:
    """A state in which calls answer with other columns of rows: with which, and which differ."""

    key: Key
    state: Setting
    texts: Sequence[str]
    cells: Sequence[Cell]
    columns: set[str]


@dataclass
class StateCalls:
    """The calls of one function in the states of the rows that it names.

    ``apart`` says how far apart it names some columns: several states near each other come first.
    ``asked`` are the users whose standing it asks for: nobody else gets as far as the rows.
    """

    seeing: Seeing
    knowledge: Knowledge
    singles: Sequence[Setting]
    statements: Sequence[str]
    apart: Callable[[Iterable[str]], int]
    asked: Collection[str] = ()
    tried: set[str] = field(default_factory=set)
    most_together: int = _MOST_TOGETHER
    masked: set[tuple[str, str, str]] = field(default_factory=set)
    """Who was answered in a state with other columns of which rows: persona, rows and command."""

    def cells(self, knocker: Knocker, plain: Sequence[Cell]) -> Iterator[Cell]:
        """Yield what comes of calls in each state.

        What got through is called again. Where nothing of others' rows was reached, it is called
        in what opens the function to whoever no policy binds, and with each further state on top.
        """
        yield from self._again(knocker, plain)
        reached = {cell.command for cell in plain if cell.verdict is Verdict.ALLOWED} - {"call"}
        asked = (knocker.actor or "") in self.asked
        if reached or not plain or not (asked or knocker.actor in (None, OTHER, NEWCOMER, OWNER)):
            return
        if all(cell.verdict is Verdict.DENIED for cell in plain):
            return
        texts = self._telling
        opened: dict[Key, list[Setting]] = {}
        openings = self._openings_of(knocker) if asked else self._openings
        found = [*self._opened(knocker, texts, openings, opened)]
        below = {one.name: one for settings in opened.values() for one in settings[:1]}
        more = [two for one in below.values() for two in on_top(one, self.singles)]
        more = more[:_MOST_FURTHER]
        if more:
            found += self._opened(knocker, texts, more, opened, opened)
            self._note_masks(knocker, found, more)
        yield from found

    def _again(self, knocker: Knocker, cells: Sequence[Cell]) -> Iterator[Cell]:
        """Call again what came to something, with the owner's row in each state.

        Where no call gets through any more nothing else is told: it goes without saying.
        """
        through: dict[Key, list[str]] = {}
        allowed = [cell for cell in cells if cell.verdict is Verdict.ALLOWED]
        weight = Counter(cell.statement for cell in allowed)
        for cell in sorted(allowed, key=lambda c: (-weight[c.statement], c.statement)):
            through.setdefault((cell.command, cell.rows), []).append(cell.statement)
        chosen = {key: texts[:_CALLS_PER_STATE] for key, texts in through.items()}
        texts = list(dict.fromkeys(text for found in chosen.values() for text in found))
        found = self._called(knocker, texts, self.singles)
        masks: list[_Mask] = []
        for state in self.singles:
            for key, mine in chosen.items():
                tried = [found[state.name, text] for text in mine]
                probe, outcome, told = next((t for t in tried if key in t[2]), tried[0])
                verdict = Verdict.ALLOWED if key in told else Verdict.FILTERED
                if outcome.state is not None:
                    verdict = Verdict.REFUSED
                closed = not any(("call", "all") in t[2] for t in tried)
                if key != ("call", "all") and closed:
                    continue
                rows = f"{key[1]} [{state.name}]"
                if key[0] == "select" and verdict is Verdict.ALLOWED:
                    usual = [c for c in allowed if (c.command, c.rows) == key and c.column]
                    got = [t for t in tried if key in t[2]]
                    seen, other = self._answered(knocker, rows, usual, got, state)
                    yield from seen
                    if other:
                        self.masked.add((knocker.name, rows, key[0]))
                        masks.append(_Mask(key, state, [p.statement for p, *_ in got], seen, other))
                else:
                    yield from self.seeing.cells(knocker, rows, key[0], verdict, probe, outcome)
        yield from self._above(knocker, masks)

    def _above(self, knocker: Knocker, masks: Iterable[_Mask]) -> Iterator[Cell]:
        """Yield where a further state shows what one hides of an answer, or hides what it shows."""
        for mask in masks:
            settings = [*islice(on_top(mask.state, self.singles), _MOST_FURTHER)]
            found = self._called(knocker, mask.texts, settings)
            for two in settings:
                calls = [found[two.name, text] for text in mask.texts]
                if not all(mask.key in told for _, _, told in calls):
                    continue
                rows = f"{mask.key[1]} [{two.name}]"
                seen, other = self._answered(knocker, rows, mask.cells, calls, two)
                if other & mask.columns:
                    self.masked.add((knocker.name, rows, mask.key[0]))
                    yield from seen

    def _note_masks(
        self, knocker: Knocker, cells: Iterable[Cell], settings: Iterable[Setting]
    ) -> None:
        """Note in which states on top of what opens the function it answers with other columns."""
        shown: dict[str, set[str]] = {}
        for cell in cells:
            if cell.command == "select" and cell.verdict is Verdict.ALLOWED and cell.column:
                shown.setdefault(cell.rows, set()).add(cell.column)
        for one in settings:
            for rows in [rows for rows in shown if rows.endswith(f" [{one.name}]")]:
                other = shown[rows] ^ shown.get(plainer(rows), shown[rows])
                if not {name.rpartition(".")[2] for name in other} <= one.given:
                    self.masked.add((knocker.name, rows, "select"))

    def _answered(
        self,
        knocker: Knocker,
        rows: str,
        usual: Sequence[Cell],
        calls: Sequence[tuple[Probe, Outcome, set[Key]]],
        state: Setting,
    ) -> tuple[list[Cell], set[str]]:
        """Return the columns that calls answer with in a state, and which of all a mask decides.

        The others are as usual. That the state itself leaves one empty is no mask.
        """
        texts = {probe.statement for probe, _, _ in calls}
        before = {c.column for c in usual if c.column and c.statement in texts}
        now = {n for p, outcome, _ in calls for n in self.seeing.shown(knocker, p, outcome)}
        other = {n for n in before ^ now if n.rpartition(".")[2] not in state.given}
        columns = ({c.column for c in usual if c.column} - (other - now)) | (other & now)
        probe, outcome, _ = calls[0]
        cell = call_cell(knocker, rows, "select", Verdict.ALLOWED, probe, outcome)
        seen = [replace(cell, column=name) for name in sorted(columns)]
        return (seen, other) if seen else ([cell], set())

    def _called(
        self, knocker: Knocker, texts: Sequence[str], settings: Sequence[Setting | None]
    ) -> dict[tuple[str, str], tuple[Probe, Outcome, set[Key]]]:
        """Return what each call came to in each state, or in none: command and row class."""
        tries = [
            (one, call_probe(text, one.preparation if one else None, self.seeing.question))
            for one in settings
            for text in texts
        ]
        probes = [probe for _, probe in tries]
        outcomes = run(self.seeing.observation, knocker.persona, probes, listening=True)
        reached = [
            self.seeing.reached(knocker, probe, outcome)
            for probe, outcome in zip(probes, outcomes, strict=True)
        ]
        self.knowledge.learn(knocker, zip(probes, reached, strict=True))
        return {
            (one.name if one else "", probe.statement): (
                probe,
                outcome,
                set(self.knowledge.rows(knocker, probe.statement, got).items()),
            )
            for (one, probe), outcome, got in zip(tries, outcomes, reached, strict=True)
        }

    def _opened(
        self,
        knocker: Knocker,
        texts: Sequence[str],
        settings: Sequence[Setting],
        opened: dict[Key, list[Setting]],
        wanted: dict[Key, list[Setting]] | None = None,
    ) -> Iterator[Cell]:
        """Yield what is reached in some states; where more is ``wanted``, also what is not."""
        self.tried |= {one.name for one in settings}
        found = self._called(knocker, texts, settings)
        keys = set(wanted or ())
        for one in settings:
            calls = [found[one.name, text] for text in texts]
            told = {key for _, _, got in calls for key in got if key[0] != "call"}
            for key in sorted(told | keys):
                probe, outcome, _ = next((c for c in calls if key in c[2]), calls[0])
                verdict = Verdict.ALLOWED if key in told else Verdict.FILTERED
                if verdict is Verdict.ALLOWED and wanted is None:
                    opened.setdefault(key, []).append(one)
                rows = f"{key[1]} [{one.name}]"
                yield from self.seeing.cells(knocker, rows, key[0], verdict, probe, outcome)

    @cached_property
    def _telling(self) -> list[str]:
        """The calls that rather reach something: such as hold a secret of the owner's."""
        secrets = self.knowledge.secrets
        return sorted(self.statements, key=lambda text: not secrets.are_in(text))[:_TEXTS]

    @cached_property
    def _openings(self) -> list[Setting]:
        """The states, alone or together, in which a superuser reaches the owner's rows.

        None where he does so without: then whose rows they are keeps everybody else out, unless
        they are in two states at once.
        """
        owner, newcomer = self._unbound(OWNER), self._unbound(NEWCOMER)
        reaching = self._through(owner, self._telling, [None])[0]
        for nobody in (newcomer,) if reaching else (newcomer, owner):
            plain, *there = self._through(nobody, self._telling, [None, *self.singles])
            pairs = zip(self.singles, there, strict=True)
            found = [setting for setting, seen in pairs if seen and not plain]
            if found or plain:
                return found
        if reaching:
            return self._together(newcomer, reaching[:1], min(_MOST_BESIDE, self.most_together))
        # Not even their owner sees them in any: then in several states at once, if at all.
        return self._together(owner, self._telling[:_TEXTS_TOGETHER], self.most_together)

    def _openings_of(self, knocker: Knocker) -> list[Setting]:
        """The states, alone or together, in which somebody with a standing reaches rows."""
        texts = self._telling[:_TEXTS_TOGETHER]
        there = self._through(knocker, texts, self.singles)
        alone = [one for one, seen in zip(self.singles, there, strict=True) if seen]
        return alone or self._together(knocker, texts, _MOST_BESIDE)

    def _together(self, knocker: Knocker, texts: Sequence[str], most: int) -> list[Setting]:
        """Return the states in which only several together show somebody the owner's rows."""

        def shows(settings: Sequence[Setting]) -> list[bool]:
            return [bool(found) for found in self._through(knocker, texts, settings)]

        def order(settings: Sequence[Setting]) -> int:
            return self.apart([column for one in settings for column in one.columns])

        return opening(self.singles, shows, most=most, order=order)

    def _unbound(self, key: str) -> Knocker:
        """Return a superuser in somebody's name."""
        return Knocker(self.seeing.observation.unbound(key), key)

    def _through(
        self, knocker: Knocker, texts: Sequence[str], settings: Sequence[Setting | None]
    ) -> list[list[str]]:
        """Return, for each state, the calls by which somebody gets on."""
        found = self._called(knocker, texts, settings)
        return [
            [
                text
                for text in texts
                if any(name != "call" for name, _ in found[one.name if one else "", text][2])
            ]
            for one in settings
        ]
