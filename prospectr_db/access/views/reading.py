"""How a view is read: as a persona and as a superuser, with the owner's rows in every state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import refreshing, tables_of_view
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.view_states import Setting, on_top, opening, settings_of_view
from prospectr_db.access.rows.inhabitants import NEWCOMER, OWNER
from prospectr_db.access.rows.markers import Markers
from prospectr_db.access.views.nobodys import nobodys_rows
from prospectr_db.access.views.shown import Columns
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["ViewReader"]

_LINES = " limit 500"
_MOST_FURTHER, _MOST_FILLING = 40, 80


class ViewReader:
    """Reads one view; what a superuser sees through it is found out first, and once."""

    def __init__(self, observation: Observation, view: Relation, markers: Markers) -> None:
        self.observation = observation
        self.view = view
        self.markers = markers
        again = refreshing(observation.catalog, view)
        self.singles = settings_of_view(observation, view, again)
        self._plain, *self._inside = self._control(OWNER, [None, *self.singles])
        outcomes = self._look()
        self.is_of_nobody = False
        if not (self.shows_owners or self.shows_owners_in_states or view.security_invoker):
            outcomes = self._look_for_nobodys(outcomes)
        self._columns = Columns(self.markers, [outcome.output for outcome in outcomes])

    def _look(self) -> list[Outcome]:
        """Find out what a superuser sees of the rows that are looked for, and in which states."""
        self.shows_owners = self._shows(self._plain)
        self.combined = self._combined()
        together = self._control(OWNER, [*self.combined, *self._above()])
        self.shows_owners_in_states = any(map(self._shows, (*self._inside, *together)))
        seen = [self._plain, *self._inside, *together]
        filling = self._filling(seen) if self.shows_owners else []
        self.combined += filling
        return [*seen, *self._control(OWNER, filling)]

    def _filling(self, seen: Sequence[Outcome]) -> list[Setting]:
        """Return the states that only together fill a column which is empty in each alone."""
        filled = Columns(self.markers, [outcome.output for outcome in seen]).filled
        empty = self.view.by_name.keys() - filled

        def fills(settings: Sequence[Setting]) -> list[bool]:
            found = self._control(OWNER, settings)
            return [bool(empty & Columns(self.markers, [one.output]).filled) for one in found]

        return opening(self.singles, fills, most=_MOST_FILLING) if empty else []

    def _look_for_nobodys(self, before: list[Outcome]) -> list[Outcome]:
        """Look for what belongs to nobody, where nothing of the owner's is shown in any state.

        Such a row is the same in every universe, so that nobody is told by it.
        """
        rows = nobodys_rows(self.observation, tables_of_view(self.observation.catalog, self.view))
        usual = self.markers, self.combined
        self.markers = Markers(self.observation.catalog, self.observation.world, rows)
        found = self._look()
        self.is_of_nobody = self.shows_owners or self.shows_owners_in_states
        if self.is_of_nobody:
            return found
        self.markers, self.combined = usual
        return before

    def probe(self, knocker: Knocker, setting: Setting | None = None) -> Probe:
        """Return the query of what a persona may read."""
        role = knocker.persona.role
        readable = [c.name for c in self.view.columns if "r" in c.privileges.get(role, "")]
        return self._query(readable or [c.name for c in self.view.columns], setting)

    def columns_shown(self, outcome: Outcome, knocker: Knocker) -> tuple[str, ...]:
        """Return the columns that show something of rows of the owner's."""
        seen = self.markers.see(outcome.output, knocker.actor)
        if not (seen.own if knocker.actor == OWNER else seen.other):
            return ()
        return self._columns.shown(outcome.output, knocker.actor)

    def is_told(self, outcome: Outcome, knocker: Knocker) -> bool:
        """Whether there is an answer: to a neighbour, of more than what is in his own tenant."""
        if knocker.actor not in self.observation.world.neighbours:
            return bool(outcome.output)
        return len(self.markers.found(outcome.output, knocker.actor)) < len(outcome.output)

    def settings(self, knocker: Knocker) -> list[Setting]:
        """Return the states to try as a persona: whose power they are does not try them himself."""
        if not (self.shows_owners or self.shows_owners_in_states):
            return []
        under = {relation.oid for relation in tables_of_view(self.observation.catalog, self.view)}
        if knocker.only is not None and not knocker.only & under:
            return []
        found = (*self.singles, *self.combined)
        return [one for one in found if not (one.personal and knocker.actor == OWNER)]

    def further(self, knocker: Knocker, opened: Sequence[Setting]) -> list[Setting]:
        """Return what is tried on top of the states that let a persona in.

        Where policies bind the reader, also on top of what opens the view to a superuser.
        """
        below = list(opened)
        if not opened and self.view.security_invoker:
            below = self._opening()
        singles = [one for one in self.singles if not (one.personal and knocker.actor == OWNER)]
        known = {one.name for one in self.settings(knocker)}
        more = {two.name: two for one in below for two in on_top(one, singles)}
        return [*islice((two for name, two in more.items() if name not in known), _MOST_FURTHER)]

    def _opening(self) -> list[Setting]:
        """Return the states that show a superuser rows which he does not see without."""
        if self.shows_owners:
            return []
        pairs = zip(self.singles, self._inside, strict=True)
        return self.combined or [one for one, outcome in pairs if self._shows(outcome)]

    def _above(self) -> list[Setting]:
        """Return what is on top of them: a column can be empty but for a further state."""
        more = (two for one in self._opening() for two in on_top(one, self.singles))
        return [*islice(more, _MOST_FURTHER)]

    def ask(
        self, knocker: Knocker, settings: Sequence[Setting]
    ) -> Iterator[tuple[Setting, Probe, Outcome]]:
        """Yield what a persona is answered in each setting.

        A materialized view holds the same rows for everybody, so a superuser's answer will do.
        """
        probes = [self.probe(knocker, setting) for setting in settings]
        if self.view.kind == "m":
            names = [c.name for c in self.view.columns]
            readable = {n for n in names if "r" in self._privileges(n, knocker)}
            found = [_only(readable, one) for one in self._control(OWNER, settings)]
        else:
            found = run(self.observation, knocker.persona, probes, listening=True)
        yield from zip(settings, probes, found, strict=True)

    def _privileges(self, column: str, knocker: Knocker) -> str:
        return self.view.by_name[column].privileges.get(knocker.persona.role, "")

    def _query(self, names: Sequence[str], setting: Setting | None) -> Probe:
        columns = ", ".join(quote_identifier(name) for name in names) or "*"
        text = " ".join(("select", columns, "from", self.view.sql_name)) + _LINES
        prepared = setting.preparation if setting else None
        return Probe(None, "all", "select", "query", None, text, prepared)

    def _control(self, key: str, settings: Sequence[Setting | None]) -> list[Outcome]:
        """Return what a superuser sees who says to be a user of the world."""
        persona = self.observation.unbound(key)
        names = [column.name for column in self.view.columns]
        probes = [self._query(names, setting) for setting in settings]
        known = self._known_controls.setdefault(key, {})
        new = [probe for probe in probes if probe.preparation not in known]
        for probe, outcome in zip(
            new, run(self.observation, persona, new, listening=True), strict=True
        ):
            known[probe.preparation] = outcome
        return [known[probe.preparation] for probe in probes]

    @cached_property
    def _known_controls(self) -> dict[str, dict[str | None, Outcome]]:
        return {}

    def _shows(self, outcome: Outcome) -> bool:
        return bool(self.markers.found(outcome.output, OWNER))

    def _combined(self) -> list[Setting]:
        """Return the states that only together show rows: to their owner, and to anybody."""
        found: dict[str, Setting] = {}
        owner_sees = self.shows_owners or any(map(self._shows, self._inside))
        for key in (OWNER, NEWCOMER):
            if key == NEWCOMER and not (owner_sees or found):
                break  # whom not even the owner sees
            outcomes = self._control(key, [None, *self.singles])
            if not any(map(self._shows, outcomes)):
                more = opening(self.singles, partial(self._seen_by, key))
                found |= {setting.name: setting for setting in more}
        return list(found.values())

    def _seen_by(self, key: str, settings: Sequence[Setting]) -> list[bool]:
        return [self._shows(outcome) for outcome in self._control(key, settings)]


def _only(names: set[str], outcome: Outcome) -> Outcome:
    """Return an answer without the columns that somebody may not read."""
    lines = (json.loads(line) for line in outcome.output)
    kept = ({name: value for name, value in line.items() if name in names} for line in lines)
    return replace(outcome, output=tuple(json.dumps(line, ensure_ascii=False) for line in kept))
