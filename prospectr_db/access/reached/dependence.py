"""Answers that rest on other people's rows without showing one: a total, a yes, a rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from prospectr_db.access.matrix.matrix import AT_TIMES, DEPENDENT, Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.effects import without_anybodys_rows, without_owners_rows
from prospectr_db.access.reached.view_states import Setting, opening
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER
from prospectr_db.access.tables.extremes import Extremes
from prospectr_db.database.catalog import Relation

__all__ = ["Dependence"]

_MOST_TEXTS = 3
_MOST_TOGETHER = 150
Lines = list[str]


@dataclass
class Dependence:
    """Whether what a view or function answers rests on the owner's rows in some tables.

    ``gone`` takes these rows away, None where nothing is to be asked. ``settings`` are states in
    which they may count and otherwise not, ``words`` what is named of tables and columns. ``again``
    follows every change, ``tried`` notes the states in which it was asked.
    """

    observation: Observation
    relations: Sequence[Relation]
    gone: str | None
    settings: Sequence[Setting]
    extremes: Extremes
    words: frozenset[str]
    form: str
    again: str | None = None
    tried: set[str] = field(default_factory=set)
    _nobody: bool | None = None

    @cached_property
    def _named(self) -> list[Relation]:
        """The tables by name: what is built out of arguments may reach all there are."""
        return [relation for relation in self.relations if relation.name in self.words]

    @cached_property
    def _named_gone(self) -> str | None:
        return without_owners_rows(self.observation, self._named)

    def cells(
        self, knocker: Knocker, statements: Sequence[str], *, only_always: bool = False
    ) -> list[Cell]:
        """Return a cell for each way in which an answer changes with the owner's rows.

        Each question is put twice as the world is, and once without the rows. An answer that
        changes by itself, as chance does, proves nothing. Whose rows they are knows everything
        anyhow. States and amounts are tried as whoever has nothing to do with the rows, and not
        with ``only_always``: where states show the rows themselves.
        """
        if self.gone is None or knocker.actor == OWNER or not statements:
            return []
        found = self._ask(knocker.persona, statements, [None, "select 1", self.gone])
        steady = [
            text
            for text, (first, second, _) in found.items()
            if first.state is None and _lines(first) == _lines(second)
        ]
        plain = next((t for t in steady if _differs(found[t][2], _lines(found[t][0]))), None)
        cells = [self._cell(knocker, DEPENDENT, plain)] if plain else []
        outsider = knocker.actor in (None, OTHER, NEWCOMER)
        if only_always or not outsider or not steady or not self._named_gone:
            return cells
        telling = sorted(steady, key=lambda text: not found[text][0].output)
        if plain:
            without = self._without(knocker.persona, [plain], "")
            return cells + self._in_states(knocker, without, DEPENDENT, "")
        return self._at_times(knocker, telling[:_MOST_TEXTS])

    def _at_times(self, knocker: Knocker, texts: Sequence[str]) -> list[Cell]:
        """Return the cells where amounts or a state must be others before anything shows.

        Whoever has no rows is asked about the owner's alone: what everybody's rows say together
        does not change for one of them; and only where a superuser is told something, who says to
        be a user without rows.
        """
        if knocker.actor != OTHER:
            if self._nobody is None:
                nobody = Knocker(self.observation.unbound(NEWCOMER), NEWCOMER)
                found = self._alone(nobody, texts)
                self._nobody = any(cell.verdict is Verdict.ALLOWED for cell in found)
            if not self._nobody:
                return []
        return self._alone(knocker, texts)

    def _alone(self, knocker: Knocker, texts: Sequence[str]) -> list[Cell]:
        alone = ""
        if knocker.actor != OTHER:
            spared = (OWNER, *([knocker.actor] if knocker.actor else []))
            alone = without_anybodys_rows(self.observation, self._named, but=spared) or ""
        without = self._without(knocker.persona, texts, alone)
        plain = self._counting(knocker.persona, without, [""], alone)[0]
        cells = [self._cell(knocker, AT_TIMES, plain or texts[0], counts=bool(plain))]
        telling = {plain: without[plain]} if plain else without
        cells += self._in_states(knocker, telling, AT_TIMES, alone)
        if not any(cell.verdict is Verdict.ALLOWED for cell in cells):
            far = [self._far(great=great) or "" for great in (True, False)]
            counting = self._counting(knocker.persona, without, far, alone)
            cells += [self._cell(knocker, AT_TIMES, text) for text in counting if text][:1]
        return cells

    def _in_states(
        self, knocker: Knocker, without: Mapping[str, Lines], rows: str, alone: str
    ) -> list[Cell]:
        """Return a cell for each state, and for the smallest of several where none alone counts."""
        first = next(iter(without))
        singles = list(self.settings)
        counting = self._counting(knocker.persona, without, _steps(singles), alone)
        several = len({name for one in singles for name in one.columns}) > 1
        if several and not any(counting) and rows == AT_TIMES:
            together = self._together(first, alone)
            singles += together
            counting += self._counting(knocker.persona, without, _steps(together), alone)
        self.tried |= {setting.name for setting in singles}
        return [
            self._cell(knocker, f"{rows} [{one.name}]", text or first, counts=bool(text))
            for one, text in zip(singles, counting, strict=True)
        ]

    def _together(self, text: str, alone: str) -> list[Setting]:
        """Return what counts together, to a superuser who says to be somebody without rows."""
        persona = self.observation.unbound(NEWCOMER)
        without = self._without(persona, [text], alone)

        def count(some: Sequence[Setting]) -> list[bool]:
            return [*map(bool, self._counting(persona, without, _steps(some), alone))]

        return opening(self.settings, count, most=_MOST_TOGETHER)

    def _without(self, persona: Persona, texts: Sequence[str], alone: str) -> dict[str, Lines]:
        """Return what each question is answered where the owner's rows are not."""
        gone = _joined(alone, self._named_gone or "")
        return {text: _lines(found[0]) for text, found in self._ask(persona, texts, [gone]).items()}

    def _counting(
        self, persona: Persona, without: Mapping[str, Lines], steps: Sequence[str], alone: str
    ) -> list[str]:
        """Return for each step the question whose answer rests on the rows; empty if none's."""
        beside = {name for one in self.settings for name in one.columns}
        amounts = self.extremes.preparation(
            self._named, self.words, great=True, numbers_beside=beside
        )
        told = [_joined(alone, amounts or "", step) for step in steps]
        found = self._ask(persona, list(without), told)
        return [
            next((text for text, got in found.items() if _differs(got[n], without[text])), "")
            for n in range(len(steps))
        ]

    def _far(self, *, great: bool) -> str | None:
        return self.extremes.preparation(self._named, self.words, great=great)

    def _ask(
        self, persona: Persona, statements: Sequence[str], steps: Sequence[str | None]
    ) -> dict[str, list[Outcome]]:
        """Return what each question is answered after each step."""
        told = [
            step if step in (None, "select 1") else _joined(step or "", self.again or "") or None
            for step in steps
        ]
        probes = [
            Probe(None, "", "select", self.form, None, text, step)
            for step in told
            for text in statements
        ]
        found = run(self.observation, persona, probes, listening=True)
        count = len(statements)
        return {text: found[place::count] for place, text in enumerate(statements)}

    def _cell(self, knocker: Knocker, rows: str, text: str, *, counts: bool = True) -> Cell:
        verdict = Verdict.ALLOWED if counts else Verdict.FILTERED
        return Cell(knocker.name, rows, "select", self.form, None, verdict, text)


def _steps(settings: Sequence[Setting]) -> list[str]:
    return [one.preparation for one in settings]


def _joined(*steps: str) -> str:
    return "; ".join(step for step in steps if step)


def _lines(outcome: Outcome) -> Lines:
    return sorted(outcome.output)


def _differs(outcome: Outcome, lines: Lines) -> bool:
    return outcome.state is None and _lines(outcome) != lines
