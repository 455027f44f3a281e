"""The statements that make rows: as each owner, under each parent, column by column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.baselines import is_related, is_related_member
from prospectr_db.access.ownership.polymorphic import kinds_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.writing.statements import insert, literal, typed
from prospectr_db.access.writing.values import names_one, naming
from prospectr_db.database.catalog import Column, quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["after", "insert_classes", "inserts", "inserts_of", "inserts_with_states"]


def inserts(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield each kind of new row, with RETURNING, and with every column given."""
    for rows, wanted in insert_classes(plan, knocker):
        given = plan.fitted(wanted)
        if given is not None:
            yield from inserts_of(plan, knocker, rows, given)
    yield from _of_other_kinds(plan, knocker)


def _of_other_kinds(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield one's own new rows that refer to another kind of thing, one's own and a stranger's."""
    actor, role = knocker.actor, knocker.persona.role
    for fk in kinds_of(plan.relation) if actor is not None else ():
        home = plan.home(knocker)
        given = plan.insert_values(actor or "", home, role=role, forced=(fk.says, *fk.columns))
        for value, _, _ in fk.kinds[1:] if given is not None else ():
            for rows, whose in (
                ("own", home),
                (f"own under other's {fk.columns[0]}", OTHER if home == OWNER else OWNER),
            ):
                there = plan.referring(fk.says, value, whose)
                wanted = plan.fitted({**(given or {}), fk.says: value, **there}) if there else None
                if wanted is not None:
                    state = fk.says, value
                    yield _of_kind(plan, rows, wanted, "=".join(state))


def _of_kind(plan: Plan, rows: str, given: Mapping[str, str | None], state: str) -> Probe:
    text, room = insert(plan.relation, given), plan.make_room(given)
    return Probe(None, f"{rows} [{state}]", "insert", "values", None, text, room)


def inserts_of(
    plan: Plan,
    knocker: Knocker,
    kind: str,
    given: Mapping[str, str | None],
    state: tuple[str, str] | None = None,
) -> Iterator[Probe]:
    """Yield one kind of new row in every form; ``state`` is the parent's, and what makes it."""
    role = knocker.persona.role
    rows, before = (f"{kind} [{state[0]}]", state[1]) if state else (kind, None)
    preparation = after(before, plan.make_room(given))
    text = insert(plan.relation, given)
    # A trigger may have put other values in: then it is not the row that was asked for.
    known, question = None, None
    if plan.relation.is_filled:
        known, question = "new", _is_as_said(plan, kind, given)
    yield Probe(known, rows, "insert", "values", None, text, preparation, question)
    if knocker.brief or not plan.relation.holds_any(role, "a"):
        return
    shown = next((c.name for c in plan.relation.columns if "r" in c.privileges.get(role, "")), None)
    if shown:
        tail = " ".join(("returning", quote_identifier(shown)))
        text = insert(plan.relation, given, tail)
        yield Probe(known, rows, "insert", "returning", None, text, preparation, question)
    if _has_columns(knocker, kind):
        yield from _insert_columns(plan, knocker, rows, given, before)


def inserts_with_states(plan: Plan, knocker: Knocker, known: Collection[str]) -> Iterator[Probe]:
    """Yield new rows that are not one's own with each value that policies tell apart.

    ``known`` are the kinds of row that get in: a member whom an admin adds may be an admin or not.
    """
    for kind, wanted in insert_classes(plan, knocker) if plan.owner.states else ():
        given = plan.fitted(wanted)
        if given is None or kind not in known:
            continue
        if not _has_columns(knocker, kind):
            yield from _insert_columns(plan, knocker, kind, given, None, only=plan.owner.states)
        for name, there in dict(plan.states_behind(kind, given)).items():
            rows, only = f"{kind} [{name}]", plan.owner.states
            yield from _insert_columns(plan, knocker, rows, given, there, only=only)


def _has_columns(knocker: Knocker, kind: str) -> bool:
    """Whether a kind of row is tried column by column at once."""
    return kind in ("own", "any") or (knocker.actor is None and kind in ("orphan", "other"))


def after(before: str | None, room: str | None) -> str | None:
    """Return what is done before a statement, one thing after another."""
    return "; ".join(step for step in (before, room) if step) or None


def _insert_columns(
    plan: Plan,
    knocker: Knocker,
    rows: str,
    given: Mapping[str, str | None],
    before: str | None,
    *,
    only: Collection[str] | None = None,
) -> Iterator[Probe]:
    for column in plan.relation.columns:
        if only is not None and column.name not in only:
            continue
        if column.name in given and column.name not in plan.owner.states:
            text = insert(plan.relation, given)
            room = after(before, plan.make_room(given))
            yield Probe(None, rows, "insert", "column", column.name, text, room)
        elif column.is_writable:
            likely = [*_insert_values_of(plan, knocker, column)]
            if column.name in given and column.category != "D":
                likely.append(given[column.name])  # where policies name only some of the values
            for value in dict.fromkeys(likely):
                values = {**given, column.name: value, **plan.referring(column.name, value)}
                yield Probe(
                    "new",
                    rows,
                    "insert",
                    "column",
                    plan.shown(column, value),
                    insert(plan.relation, values),
                    after(before, plan.make_room(values)),
                    _is_new(plan, {column.name: value}),
                    value,
                )


def _is_new(plan: Plan, values: Mapping[str, str | None]) -> str:
    """Return the question whether a row that was not there before holds some values."""
    held = (
        "".join(
            (
                " and t.",
                quote_identifier(name),
                "::text is not distinct from ",
                typed(plan.relation, name, value),
                "::text",
            )
        )
        for name, value in values.items()
    )
    return "".join(
        (
            "select array(select 'new' from ",
            plan.relation.sql_name,
            " as t where not exists (select 1 from prospectr_access.rows as r where ",
            "r.relation = ",
            str(plan.source.oid),
            " and (r.partition, r.place) = (t.tableoid, t.ctid))",
            *held,
            " limit 1)",
        )
    )


def _is_as_said(plan: Plan, kind: str, given: Mapping[str, str | None]) -> str:
    """Return the question whether a new row belongs to whom the statement said it would."""
    said = {n: v for n, v in given.items() if plan.decides(n) and n not in plan.owner.states}
    if kind == "orphan":
        columns = (plan.relation.by_name[name] for name in plan.owner.saying)
        said |= {c.name: None for c in columns if c.default is None}
    return _is_new(plan, said)


def _insert_values_of(plan: Plan, knocker: Knocker, column: Column) -> Iterator[str | None]:
    if plan.slot is not None and column.name in plan.slot.values:
        yield plan.slot.values[column.name]
        return
    if column.name in plan.owner.states:
        yield from (v for v in plan.owner.states[column.name] if v is not None)
        return
    if column.name in plan.owner.listing:
        yield plan.listed(column.name, knocker.actor)
        return
    fk = plan.foreign_key(column.name)
    if fk is not None and len(fk.columns) == 1:
        parent = plan.parent_value(fk, column.name, plan.home(knocker) or OWNER)
        yield parent
        return
    default = column.default or ""
    for value in plan.fresh_values(column):
        if literal(value) not in default and value != default:
            yield value
            return


def insert_classes(plan: Plan, knocker: Knocker) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield the kinds of new row: mine, another's, nobody's, mine under another's parent …"""
    role, actor = knocker.persona.role, knocker.actor
    home = plan.home(knocker)
    if not plan.owner.owned:
        values = plan.insert_values(OWNER, OWNER, role=role)
        if values is not None:
            yield "any", values
        return
    if actor is not None:
        own = plan.insert_values(actor, home, role=role)
        if own is not None:
            yield "own", own
    strange = OTHER if actor == OWNER or plan.world.is_colleague(actor) else OWNER
    if plan.slot is not None and plan.slot.holder not in (OWNER, actor):
        strange = plan.slot.holder
    other = _values_of_another(plan, strange, role)
    if other is not None:
        yield "other", other
    if actor is not None:
        # Whoever is only related to the owner has no parents of his own.
        apart = is_related(knocker.name) and not is_related_member(knocker.name)
        above = plan.world.actors[strange].world if apart else home
        yield from _crossed(plan, actor, above, strange, role)
        yield from _for_others(plan, knocker, above)
    nobody = [n for n in plan.owner.saying if not plan.relation.by_name[n].not_null]
    if nobody and len(nobody) == len(plan.owner.saying):
        values = plan.insert_values(OWNER, OWNER, role=role)
        if values is not None:
            yield "orphan", {n: v for n, v in values.items() if n not in nobody}


def _values_of_another(plan: Plan, strange: str, role: str) -> dict[str, str | None] | None:
    """Return somebody else's new row, which says so even where the role may not say it.

    Without the column its default decides whose the row is, most often the caller's own.
    """
    home, owner = plan.world.actors[strange].world, plan.owner
    below = tuple(name for path in owner.parents for name in path.split(", "))
    saying = owner.deciding or tuple(owner.claims) or below
    values = plan.insert_values(strange, home, role=role)
    if values is None or not saying:
        return values
    unsaid = [plan.relation.by_name[name].default or "" for name in saying if name not in values]
    if len(unsaid) < len(saying) and not any("uid()" in default for default in unsaid):
        return values
    return plan.insert_values(strange, home, role=role, ungranted=saying)


def _crossed(
    plan: Plan, actor: str, home: str, strange: str, role: str
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield rows that mix my own with somebody else's: the links that should not be."""
    for fk in plan.links():
        values = plan.insert_values(actor, home, role=role, forced=fk.columns)
        if values is None:
            continue
        for other in plan.links():
            if plan.world.is_apart(plan.relation, plan.owner.users, other):
                values |= {name: plan.parent_value(other, name, home) for name in other.columns}
        for name in fk.columns:
            if name not in plan.owner.users:
                values[name] = plan.parent_value(fk, name, strange)
        names = ", ".join(name for name in fk.columns if name not in plan.owner.users)
        yield f"own under other's {names}", values


def _for_others(
    plan: Plan, knocker: Knocker, home: str
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield rows among my own that name somebody else.

    Whoever is related to the owner names him, where nothing but users is named.
    """
    role, actor = knocker.persona.role, knocker.actor or ""
    named = plan.world.named
    if is_related(knocker.name) and not is_related_member(knocker.name):
        if plan.links():
            return
        named = plan.world.actors[OWNER]
    if plan.owner.parents or len(plan.owner.users) > 1:
        for name in plan.owner.users:
            column = plan.relation.by_name[name]
            if name in plan.owner.listing or not names_one(column):
                continue
            values = plan.insert_values(actor, home, role=role, forced=(name,))
            if values is not None:
                values[name] = naming(column, named.id)
                yield f"for another {name}", values
    for name in plan.ways_of(actor):
        values = plan.insert_values(actor, home, role=role, forced=(name,))
        if values is not None and name in values:
            another = plan.listed(name, None, but=values[name])
            if another is not None:
                yield f"for another {name}", {**values, name: another}
