"""Views and materialized views: what each persona sees, changes and learns through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prospectr_db.access.matrix.matrix import Access, Cell, TableAccess, Verdict, collapse
from prospectr_db.access.matrix.row_classes import ANYBODYS, states_of
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import (
    asks_as_another,
    reached_by_view,
    refreshing,
    tables_of_view,
    words_of_view,
)
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.dependence import Dependence
from prospectr_db.access.reached.effects import without_owners_rows
from prospectr_db.access.reached.view_states import Setting
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.markers import Markers
from prospectr_db.access.tables.extremes import Extremes
from prospectr_db.access.tables.summing_up import column_privileges
from prospectr_db.access.views.changes import view_changes
from prospectr_db.access.views.inserts import view_inserts
from prospectr_db.access.views.nobodys import is_closed, orphans
from prospectr_db.access.views.reading import ViewReader
from prospectr_db.database.catalog import Relation

__all__ = ["observe_views"]


def observe_views(
    observation: Observation, views: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona sees and changes through each view."""
    markers = Markers(observation.catalog, observation.world)
    extremes = Extremes(observation)
    users = observation.catalog.user_roles
    for view in views:
        reader = ViewReader(observation, view, markers)
        sources = tables_of_view(observation.catalog, view)
        reached = reached_by_view(observation.catalog, view)
        resting = _dependence(observation, reader, reached, extremes)
        tried = resting.tried
        cells: list[Cell] = []
        for knocker in personas:
            cells += _cells(reader, resting, knocker, tried)
        order = {column.name: column.number for column in view.columns}
        path = "rights of its reader" if view.security_invoker else f"rights of {view.owner}"
        accesses = collapse(cells, order, exact=True)
        yield TableAccess(
            view.label,
            "materialized view" if view.kind == "m" else "view",
            path,
            any(observation.ownership[source.oid].owned for source in sources),
            view.security_invoker,
            accesses,
            {role: view.privileges.get(role, "") for role in users},
            column_privileges=column_privileges(view, users, readable=True),
            columns=tuple(column.name for column in view.columns),
            writable=tuple(column.name for column in view.columns),
            links={r.label: r.label for r in reached if observation.ownership[r.oid].owned},
            states=_deciding(reader.singles, accesses),
            tried=frozenset(tried),
            usual={s.column: s.usual for one in reader.singles for s in one.states},
        )


def _cells(
    reader: ViewReader, resting: Dependence, knocker: Knocker, tried: set[str]
) -> Iterator[Cell]:
    """Yield what one persona sees, learns and changes; ``tried`` notes in which states."""
    observation, probe = reader.observation, reader.probe(knocker)
    outcome = run(observation, knocker.persona, [probe], listening=True)[0]
    mine = list(_view_cells(reader, knocker, probe, outcome))
    yield from mine
    if knocker.persona.role in observation.catalog.user_roles and not knocker.brief:
        yield from orphans(observation, reader.view, knocker, probe, outcome)
    settings: list[Setting] = []
    opening: Setting | None = None
    if outcome.state is None and knocker.persona.role in observation.catalog.user_roles:
        for setting, found in _in_states(reader, knocker, mine):
            yield from found
            settings.append(setting)
            opening = opening or (setting if _is_seen(found) else None)
        tried |= {setting.name for setting in settings}
        if not _is_seen(mine):
            only = opening is not None
            yield from resting.cells(knocker, [probe.statement], only_always=only)
    opening = None if _is_seen(mine) or reader.is_of_nobody else opening
    yield from view_changes(observation, reader.view, knocker, settings, opening)
    yield from view_inserts(observation, reader.view, knocker)


def _dependence(
    observation: Observation, reader: ViewReader, reached: Sequence[Relation], extremes: Extremes
) -> Dependence:
    """Return what tells whether a view's answers rest on others' rows.

    A view that asks in its reader's name shows him nothing that he could not count himself. A
    materialized view holds what was there when it was filled, so it is filled again.
    """
    view, again = reader.view, refreshing(observation.catalog, reader.view)
    asks = asks_as_another(observation.catalog, view.definition or "")
    gone = without_owners_rows(observation, reached)
    return Dependence(
        observation,
        reached,
        None if view.security_invoker and not asks else gone,
        [setting for setting in reader.singles if setting.owned],
        extremes,
        words_of_view(observation.catalog, view),
        "query",
        again,
    )


def _is_seen(cells: Iterable[Cell]) -> bool:
    """Whether rows of the owner's were read."""
    return any(cell.rows != ANYBODYS and cell.verdict is Verdict.ALLOWED for cell in cells)


def _view_cells(
    reader: ViewReader, knocker: Knocker, probe: Probe, outcome: Outcome
) -> Iterator[Cell]:
    mine = _whose(reader, knocker)
    if outcome.state is not None:
        denied = outcome.state == "42501"
        yield _cell(knocker, mine, Verdict.DENIED if denied else Verdict.REFUSED, probe, outcome)
    elif reader.is_of_nobody:
        verdict = Verdict.ALLOWED if outcome.output else Verdict.FILTERED
        yield _cell(knocker, mine, verdict, probe, outcome)
    elif columns := reader.columns_shown(outcome, knocker):
        yield from _column_cells(reader, knocker, mine, columns, probe, outcome)
    elif reader.shows_owners:
        yield _cell(knocker, mine, Verdict.FILTERED, probe, outcome)
    else:
        # Rows that cannot be told apart by owner: totals, constants, or public things.
        verdict = Verdict.ALLOWED if reader.is_told(outcome, knocker) else Verdict.FILTERED
        yield _cell(knocker, "any", verdict, probe, outcome)
        if reader.shows_owners_in_states:
            yield _cell(knocker, mine, Verdict.FILTERED, probe, outcome)


def _in_states(
    reader: ViewReader, knocker: Knocker, plain: Sequence[Cell]
) -> Iterator[tuple[Setting, list[Cell]]]:
    """Yield what is seen of rows in each state, and in further ones where a state lets in."""
    rows = _whose(reader, knocker)
    if reader.is_of_nobody and not is_closed(reader.observation, reader.view, knocker):
        return
    opened: list[Setting] = []
    usual = {cell.column for cell in plain if cell.column and cell.verdict is Verdict.ALLOWED}
    masks: list[tuple[Setting, set[str]]] = []
    for turn in (1, 2):
        if turn == 2 and _is_seen(plain):
            yield from _above(reader, knocker, usual, masks)
            return
        settings = reader.further(knocker, opened) if turn == 2 else reader.settings(knocker)
        for setting, probe, outcome in reader.ask(knocker, settings):
            columns = reader.columns_shown(outcome, knocker) if outcome.state is None else ()
            place = f"{rows} [{setting.name}]"
            if columns and reader.is_of_nobody:
                opened.append(setting)
                found = [_cell(knocker, place, Verdict.ALLOWED, probe, outcome)]
            elif columns:
                opened.append(setting)
                masks.append((setting, {*columns}))
                found = [*_column_cells(reader, knocker, place, columns, probe, outcome)]
            else:
                verdict = Verdict.REFUSED if outcome.state else Verdict.FILTERED
                found = [_cell(knocker, place, verdict, probe, outcome)]
            yield setting, found


def _above(
    reader: ViewReader,
    knocker: Knocker,
    usual: set[str],
    shown: Iterable[tuple[Setting, set[str]]],
) -> Iterator[tuple[Setting, list[Cell]]]:
    """Yield where a further state shows what one hides of rows, or hides what it shows."""
    rows = _whose(reader, knocker)
    for one, columns in shown:
        other = (usual ^ columns) - one.given
        settings = reader.further(knocker, [one]) if other else []
        for two, probe, outcome in reader.ask(knocker, settings):
            there = reader.columns_shown(outcome, knocker) if outcome.state is None else ()
            if there and other & (columns ^ {*there}) - two.given:
                place = f"{rows} [{two.name}]"
                yield two, [*_column_cells(reader, knocker, place, there, probe, outcome)]


def _whose(reader: ViewReader, knocker: Knocker) -> str:
    """Return whose the rows are that a view is watched for."""
    if reader.is_of_nobody:
        return ANYBODYS
    return "own" if knocker.actor == OWNER else "other"


def _column_cells(
    reader: ViewReader,
    knocker: Knocker,
    rows: str,
    shown: Sequence[str],
    probe: Probe,
    outcome: Outcome,
) -> Iterator[Cell]:
    for column in reader.view.columns:
        verdict = Verdict.ALLOWED if column.name in shown else Verdict.FILTERED
        yield _cell(knocker, rows, verdict, probe, outcome, column.name)


def _deciding(
    singles: Iterable[Setting], accesses: Iterable[Access]
) -> dict[str, tuple[str | None, ...]]:
    """Return the columns, with the values, of the states in which something else is told."""
    told = {state.partition("=")[0] for access in accesses for state in states_of(access.rows)}
    states = (state for one in singles for state in one.states)
    return {state.column: state.told for state in states if state.column in told}


def _cell(
    knocker: Knocker,
    rows: str,
    verdict: Verdict,
    probe: Probe,
    outcome: Outcome,
    column: str | None = None,
) -> Cell:
    told = outcome.message, outcome.state
    return Cell(knocker.name, rows, "select", "query", column, verdict, probe.statement, *told)
