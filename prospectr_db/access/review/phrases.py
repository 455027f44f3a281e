"""An access in words: who can do what to which rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

from prospectr_db.access.matrix.baselines import NEIGHBOURING, is_related
from prospectr_db.access.matrix.lesser import is_lesser, lesser_base, lesser_words
from prospectr_db.access.matrix.matrix import (
    BY,
    DEPENDENT,
    GIVES,
    KNOWING,
    LEAVE,
    SET,
    SIGN,
    THROUGH,
    TOGETHER,
    USER_METADATA,
    Access,
    TableAccess,
)
from prospectr_db.access.matrix.row_classes import ELSEWHERE, FILES, in_words
from prospectr_db.access.personas.role_names import is_in_role, role_words
from prospectr_db.access.review.along import is_along
from prospectr_db.access.review.phrases_files import file_phrase

__all__ = ["BY_TRUNCATE", "any_of", "joined", "on_rows", "people", "phrase", "verb_of", "who"]

_VERBS = {
    "select": "read",
    "insert": "insert",
    "update": "update",
    "delete": "delete",
    "truncate": "truncate",
    "call": "call",
    SIGN: "put themselves into",
    "escalate": "raise their own standing through",
}
BY_TRUNCATE = "with TRUNCATE, which no policy stops"
_MOST_NAMED = 6
_PEOPLE = {
    "anon": "visitors without a login",
    "owner": "owners",
    "stranger": "authenticated strangers",
    "newcomer": "authenticated users who own nothing",
    "service_role": "the service role",
    "member": "plain members",
    "colleague": "colleagues in the tenant",
    "removed member": "removed members",
}
_TOKENS = frozenset(
    {
        "no sub",
        "sub null",
        "no claims",
        "empty claims",
        "an empty object as claims",
        "a sub that is no uuid",
        "metadata of wrong types",
        "an anonymous sign-in",
    }
)


def joined(words: Sequence[str], *, word: str = "and") -> str:
    """Return words as a list in a sentence."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {word} {words[-1]}"


def who(persona: str) -> str:
    """Return a persona in words."""
    if persona in _TOKENS or persona.startswith("forged user_metadata"):
        return f"tokens with {persona}"
    if is_in_role(persona):
        return role_words(persona)
    if is_lesser(persona):
        return lesser_words(persona, who(lesser_base(persona)))
    if is_related(persona):
        return f"users who are {persona}"
    if NEIGHBOURING in persona:
        return _neighbour(persona)
    if persona.endswith(" elsewhere") and "=" not in persona:
        here, _, there = persona.removesuffix(" elsewhere").partition(", ")
        return f"{here}s who are {there}s elsewhere"
    if persona.endswith((".removed member", ".member")):
        table, _, kind = persona.rpartition(".")
        return f"{_PEOPLE[kind]} of {table}"
    if persona.endswith(" elsewhere") and ", " in persona:
        here, _, there = persona.removesuffix(" elsewhere").rpartition(", ")
        return f"users with {here} here and {any_of(there)} elsewhere"
    if persona.startswith(("in ", "not in ")):
        return f"users {persona}"
    return _PEOPLE.get(persona, f"users with {persona}" if "=" in persona else persona)


def _neighbour(persona: str) -> str:
    """Return in words who belongs to a second tenant of the owner's."""
    said, _, tenants = persona.partition(NEIGHBOURING)
    here, _, there = said.rpartition(", ")
    where = f"of neighbouring {tenants}"
    if not here:
        return f"{who(there)} {where}"
    return f"{who(here)} who are {there if '=' in there else f'{there}s'} {where}"


def any_of(powers: str) -> str:
    """Return what a user has in several other tenants, of which one may be enough."""
    return joined(powers.split(" and "), word="or")


def people(persona: str) -> str:
    """Return a persona in words that a sentence begins with."""
    name = who(persona)
    return name[0].upper() + name[1:]


def verb_of(command: str) -> str:
    """Return what somebody does, in words."""
    return _VERBS.get(command, command)


def phrase(table: TableAccess, access: Access, *, can: str = "can") -> str:
    """Return one access as a sentence without its full stop; ``can`` says whether it is new."""
    subject = people(access.persona)
    if table.kind == "function":
        return _call_phrase(table, access, f"{subject} {can}")
    if table.kind == "channel":
        return _channel_phrase(table, access, f"{subject} {can}")
    if table.relation == FILES and (said := file_phrase(access, f"{subject} {can}")):
        return said
    if access.rows.startswith(DEPENDENT):
        return f"{subject} {can} {_learning(table.relation, access.rows)}"
    verb = verb_of(access.command)
    if access.command == "truncate":
        return f"{subject} {can} empty {table.relation} {BY_TRUNCATE}"
    columns = access.columns
    if access.command == SET:
        return f"{subject} {can} {_setting(table.relation, columns)}"
    if access.command == LEAVE:
        return f"{subject} {can} leave {_leaving(columns)}, by what they do {on_rows(access.rows)}"
    what = _columns_of(table, access)
    only_states = columns and all("=" in name or name in table.states for name in columns)
    if access.command == "insert" and only_states:
        base, _, state = access.rows.partition(" [")
        rows = " ".join((table.relation, _inserted(base), "with", joined(_values(columns))))
        return f"{subject} {can} insert into {rows}{f', where {in_words(state)}' if state else ''}"
    if access.command == "insert":
        return f"{subject} {can} insert into {what} {_inserted(access.rows)}".rstrip()
    closed = {form.form for form in access.forms if form.verdict != "allowed"}
    together = any(TOGETHER in name for name in columns)
    if access.rows == ELSEWHERE:
        return f"{subject} {can} bring rows of their own from elsewhere here by updating {what}"
    how = " by a statement without WHERE" if "where" in closed and not together else ""
    return f"{subject} {can} {verb} {what} {on_rows(access.rows)}{how}"


def _columns_of(table: TableAccess, access: Access) -> str:
    """Return a table with the columns that an access is about."""
    columns = access.columns
    along = [name for name in columns if is_along(name, table.states)]
    alone = [name for name in columns if name not in along]
    whole = [name for name in alone if "=" not in name and TOGETHER not in name]
    if access.columns_total and len(whole) >= access.columns_total > 1:
        return f"{table.relation} (every column)"
    if not alone:
        return f"{table.relation}.{_few(along)}" if along else table.relation
    what = _few([f"{table.relation}.{name}" for name in alone])
    if along:
        moves = sorted({name.rpartition(TOGETHER)[2] for name in along})
        others = _few([name.rpartition(TOGETHER)[0] for name in along])
        what += f" (and together with {joined(moves)}: {others})"
    return what


def _values(columns: Sequence[str]) -> list[str]:
    """Return values of columns in words."""
    pairs = [name.partition("=") for name in columns]
    return [f"any value of {c}" if v in ("", "any value") else f"{c}={v}" for c, _, v in pairs]


def _few(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMED
    more = f" and {left} more column{'s' if left > 1 else ''}" if left > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _call_phrase(table: TableAccess, access: Access, subject_can: str) -> str:
    name = table.relation
    state = access.rows.partition(" [")[2].rstrip("]")
    if state:
        name = f"{name} where {state}"
    if KNOWING in access.rows:
        name += KNOWING + access.rows.partition(" [")[0].partition(KNOWING)[2]
    if access.command == "call":
        return f"{subject_can} call {name}"
    if access.command == "escalate":
        return f"{subject_can} raise their own standing by calling {name}"
    if access.rows.startswith(DEPENDENT):
        return f"{subject_can} {_learning(table.relation, access.rows)}"
    column, _, given = access.rows.partition(" [")[0].partition("as ")[2].partition(GIVES)
    if given:
        return f"{subject_can} give themselves {given} below other people's rows by calling {name}"
    if access.command == "insert" and column:
        return f"{subject_can} add rows that name them in {column}, and others, by calling {name}"
    if access.command == "insert":
        return f"{subject_can} add rows below other people's by calling {name}"
    verb = "get" if access.command == "select" else "change"
    whose = "rows of their own" if access.rows.startswith("own") else "other people's rows"
    whose = f"rows that name them in {column} only" if column else whose
    whose = "something of rows that are nobody's" if access.rows.startswith("any") else whose
    if access.columns and len(access.columns) < access.columns_total:
        named = list(access.columns[:_MOST_NAMED])
        more = len(access.columns) - len(named)
        whose = f"{joined([*named, f'{more} more columns'] if more else named)} of {whose}"
    return f"{subject_can} {verb} {whose} by calling {name}"


def _setting(name: str, columns: Sequence[str]) -> str:
    """Return what triggers do with what is written, in words."""
    said = []
    for text in columns:
        link = THROUGH if THROUGH in text else BY
        closed, _, written = text.partition(link)
        whole = closed if "." in closed else f"{name}.{closed}"
        verb = "set" if link == THROUGH else "decide about"
        place = written if written.startswith(USER_METADATA) else f"{name}.{written}"
        signing = " as they sign up" if place == written else ""
        said.append(f"{verb} {whole}{link}{place}{signing}")
    return joined(said)


def _leaving(columns: Sequence[str]) -> str:
    """Return what triggers add to other tables for what is changed, in words."""
    said: dict[str, list[str]] = {}
    for text in columns:
        place, _, command = text.partition(" on ")
        said.setdefault(command, []).append(place)
    found = []
    for command, places in said.items():
        rows = sorted(place.removesuffix(".*") for place in places if place.endswith(".*"))
        if rows:
            what = f"a row in {joined(rows)}"
        else:
            named = {" as caller": "their id in ", " as owner": "the owner's id in "}
            ends = [(p.partition(" as ")[0], f" as {p.partition(' as ')[2]}") for p in places]
            what = joined([f"{named.get(end, 'something in ')}{place}" for place, end in ends][:3])
        found.append(f"{what} on {command.replace(' of ', ' OF ').partition(' OF ')[0].upper()}")
        found[-1] += f" of {command.partition(' of ')[2]}" if " of " in command else ""
    return joined(found)


def _learning(name: str, rows: str) -> str:
    state = rows.partition(" [")[2].rstrip("]")
    where = f" where {state}" if state else ""
    return f"learn about other people's rows from the answer of {name}{where}"


def _channel_phrase(table: TableAccess, access: Access, subject_can: str) -> str:
    """Tell of a private channel; ``columns`` are Realtime's extensions."""
    what = " and ".join(name for name in access.columns if name != "*") or "anything"
    toward = "to" if access.command == "send" else "from"
    topic = table.relation.removeprefix("channel ")
    if topic == "any topic":
        place = f"{toward} every private channel"
    else:
        whose = {"own": "their own", "other": "somebody else's"}.get(access.rows, "the")
        place = f"{toward} {whose} private channel {topic}"
    return f"{subject_can} {access.command} {what} {place}"


def on_rows(rows: str) -> str:
    """Return which rows, in words."""
    base, _, state = rows.partition(" [")
    words = {
        "own": "on their own rows",
        "other": "on other people's rows",
        "orphan": "on rows without an owner",
        "any": "on any row",
        "all": "",
    }
    above, below = "own under other's ", "other's under own "
    if base.startswith(above):
        text = f"on their own rows under somebody else's {base.removeprefix(above)}"
    elif base.startswith(below):
        text = f"on other people's rows under their own {base.removeprefix(below)}"
    else:
        text = words.get(base) or _in_part(base)
    return f"{text} where {in_words(state)}" if state else text


def _in_part(base: str) -> str:
    """Return rows that are somebody's by one of several columns, in words."""
    whose, found, columns = f" {base}".partition(" as ")
    if not found:
        return f"on rows that are {base}"
    them = "somebody else" if whose else "them"
    return f"on rows that name {them} in {columns} only"


def _inserted(rows: str) -> str:
    base, _, state = rows.partition(" [")
    if state:
        return f"{_inserted(base)} where {in_words(state)}".lstrip()
    words = {
        "own": "for themselves",
        "other": "rows that belong to somebody else",
        "orphan": "rows without an owner",
        "any": "",
    }
    if rows.startswith("own under other's "):
        columns = rows.removeprefix("own under other's ")
        return f"rows that hang under somebody else's parent ({columns})"
    if rows.startswith("for another "):
        return f"rows under somebody else's name ({rows.removeprefix('for another ')})"
    return words.get(rows, rows)
