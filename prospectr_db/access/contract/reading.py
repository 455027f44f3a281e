"""How an access contract is read: every key known, every value of its type, errors with a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from prospectr_db.access.contract.layout import key_lines
from prospectr_db.access.matrix.baselines import can_lose
from prospectr_db.access.matrix.facts import CHANNEL, COMMANDS, COVERS, Entry, Facts, default_rows
from prospectr_db.access.matrix.row_classes import plainer, states_of
from prospectr_db.access.surroundings import GROUPS, LATER_GROUPS
from prospectr_db.errors import ConfigError
from prospectr_db.project.document import parse

__all__ = ["Parts", "read_parts"]

_VERSION = 1
_RELATIONS = ("tables", "views", "functions", "channels")
_SECTIONS = ("version", "covers", "personas", "database", "buckets", *_RELATIONS, "accepted")
_UNSEEN = "unseen_policies"
_LISTS = (
    *("columns", "server_only", "idle_grants", "outside_policies"),
    *("owner_columns", "standing", "members", "joined_by", "least", "once", "alternatives"),
    _UNSEEN,
)
_KEPT = ("frozen", "thawed")
_SWITCH = "row_level_security"
_ABOUT = ("owned_by", *_LISTS, "values", "states", _SWITCH)
_USUAL = ("anon", "newcomer", "stranger", "owner", "service_role")
_LIKES = ("owner", "stranger", "newcomer")
_YES_OR_NO = frozenset({"delete", "truncate", "call", "escalate"})
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)

_Keys = tuple[str, ...]


@dataclass(slots=True)
class Parts:
    """What a contract's text says; a Contract is made of it."""

    facts: Facts
    accepted: dict[str, str]
    owners: dict[str, tuple[str, ...]]
    values: dict[str, Mapping[str, str]]
    personas: dict[str, Mapping[str, Any]]


def read_parts(text: str, name: str) -> Parts:
    """Read a contract's text; raises ConfigError that names the line and what would be right."""
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise ConfigError(
            f"{name}:{line}: a merge conflict is not resolved.",
            hint="Take either side, then let `prospectr-db access write` state what is there, and "
            "look at the difference.",
            file=name,
            line=line,
        )
    return _Reader(text, name).read(parse(text, name))


@dataclass
class _Reader:
    """Reads one document; what it found is collected here."""

    text: str
    name: str
    allowed: dict[Entry, tuple[str, ...]] = field(default_factory=dict)
    forms: dict[Entry, tuple[str, ...]] = field(default_factory=dict)
    shut: set[Entry] = field(default_factory=set)
    kept: dict[str, dict[Entry, tuple[str, ...]]] = field(
        default_factory=lambda: {key: {} for key in _KEPT}
    )

    @cached_property
    def _lines(self) -> dict[_Keys, int]:
        return key_lines(self.text)

    def read(self, raw: Mapping[str, Any]) -> Parts:
        """Read the whole document."""
        self._known((), raw, _SECTIONS)
        version = raw.get("version", _VERSION)
        if version != _VERSION or isinstance(version, bool):
            raise self._bad(("version",), f"version must be {_VERSION}, not {version!r}")
        personas = self._personas(raw)
        lists: dict[str, dict[str, tuple[str, ...]]] = {key: {} for key in _LISTS}
        relations: dict[str, str] = {}
        owners: dict[str, str] = {}
        states: dict[str, Mapping[str, tuple[str | None, ...]]] = {}
        values: dict[str, Mapping[str, str]] = {}
        without_rls: set[str] = set()
        known = (*_USUAL, *personas)
        for section in _RELATIONS:
            for key in self._table((section,), raw.get(section, {})):
                place = (section, key)
                body = self._table(place, raw[section][key])
                relation = f"{CHANNEL} {key}" if section == "channels" else key
                relations[relation] = section[:-1]
                owners[relation] = self._text((*place, "owned_by"), body.get("owned_by", ""))
                if _SWITCH in body and not self._switch((*place, _SWITCH), body[_SWITCH]):
                    without_rls.add(relation)
                if "states" in body:
                    states[relation] = self._states((*place, "states"), body["states"])
                if "values" in body:
                    values[relation] = self._values((*place, "values"), body["values"])
                for part in _LISTS:
                    if part in body:
                        lists[part][relation] = self._strings((*place, part), body[part])
                owned = section == "functions" or owners[relation] != "nobody"
                for persona, grants in body.items():
                    if persona not in _ABOUT:
                        self._persona(place, relation, persona, grants, owned=owned, known=known)
        facts = Facts(
            relations=relations,
            owners=owners,
            allowed=self.allowed,
            forms=self.forms,
            server_only=lists["server_only"],
            idle=lists["idle_grants"],
            outside=lists["outside_policies"],
            columns=lists["columns"],
            database=self._database(raw),
            buckets=self._buckets(raw),
            shut=frozenset(self.shut),
            frozen=self.kept["frozen"],
            thawed=self.kept["thawed"],
            states=states,
            standing={relation: names for relation, names in lists["standing"].items() if names},
            covers=self._covers(raw.get("covers", [])),
            without_rls=frozenset(without_rls),
            alternatives=lists["alternatives"],
            once=lists["once"],
            members=lists["members"],
            joined_by=lists["joined_by"],
            least=lists["least"],
            unseen={relation: texts for relation, texts in lists[_UNSEEN].items() if texts},
        )
        accepted = {
            key: self._text(("accepted", key), reason).strip()
            for key, reason in self._table(("accepted",), raw.get("accepted", {})).items()
        }
        given = {relation: found for relation, found in values.items() if found}
        return Parts(facts, accepted, lists["owner_columns"], given, personas)

    def _persona(
        self,
        place: _Keys,
        relation: str,
        persona: str,
        grants: Any,
        *,
        owned: bool,
        known: Collection[str],
    ) -> None:
        if not isinstance(grants, Mapping):
            near = self._near(persona, (*_ABOUT, *known))
            raise self._bad((*place, persona), f"nothing reads {persona} of {relation}{near}")
        near = self._near(persona, known)
        if near and persona not in known and re.fullmatch(r"\w+", persona):
            raise self._bad((*place, persona), f"there is no persona {persona}{near}")
        self._grants(
            (*place, persona), relation, persona, default_rows(persona, owned=owned), grants
        )

    def _grants(
        self, place: _Keys, relation: str, persona: str, rows: str, grants: Mapping[str, Any]
    ) -> None:
        for key, value in grants.items():
            here = (*place, key)
            entry = (relation, persona, rows, key)
            if key == "forms":
                for command, only in self._table(here, value).items():
                    self._command((*here, command), command)
                    self.forms[(*entry[:3], command)] = self._strings((*here, command), only)
            elif key in COMMANDS:
                self._entry(here, entry, value)
            elif key in _KEPT:
                if not states_of(rows):
                    what = f"{key} is said of rows in a state, and {rows} names none"
                    raise self._bad(here, what)
                self.kept[key][(*entry[:3], "update")] = self._strings(here, value)
            elif isinstance(value, Mapping) and len(place) == 3:
                self._grants(here, relation, persona, key, value)
            else:
                self._command(here, key)

    def _command(self, place: _Keys, command: str) -> None:
        if command not in COMMANDS:
            near = self._near(command, (*COMMANDS, "forms", *_KEPT))
            raise self._bad(place, f"{command} is neither a command nor a row class{near}")

    def _entry(self, place: _Keys, entry: Entry, value: Any) -> None:
        relation, persona, rows, command = entry
        if value is False:
            if plainer(rows) != rows or can_lose(persona):
                where = "all" if command == "call" and plainer(rows) == rows else rows
                self.shut.add((relation, persona, where, command))
            return
        if value is not True and command in _YES_OR_NO:
            raise self._bad(place, f"{command} must be true or false, not {value!r}")
        columns = () if value is True else self._strings(place, value)
        if value is not True and not columns:
            what = f"{command} has an empty list: leave it out, or name columns"
            raise self._bad(place, what)
        where = "all" if command in ("truncate", "call") else rows
        self.allowed[relation, persona, where, command] = columns

    def _switch(self, place: _Keys, value: Any) -> bool:
        """Read whether row-level security is on, which only a table can say."""
        if place[0] != "tables":
            raise self._bad(place, f"nothing reads {_SWITCH} of {place[1]}, which is no table")
        if not isinstance(value, bool):
            raise self._bad(place, f"{_SWITCH} must be true or false, not {value!r}")
        return value

    def _states(self, place: _Keys, raw: Any) -> dict[str, tuple[str | None, ...]]:
        """Read ``states``: by column, ``true`` or the list of its values."""
        return {
            column: () if values is True else self._strings((*place, column), values)
            for column, values in self._table(place, raw).items()
        }

    def _covers(self, raw: Any) -> frozenset[str]:
        """Read ``covers``: what was asked when the contract was written."""
        found = self._strings(("covers",), raw)
        for name in found:
            if name not in COVERS:
                near = self._near(name, COVERS) or f"; there are {', '.join(COVERS)}"
                raise self._bad(("covers",), f"nothing is called {name!r}{near}")
        return frozenset(found)

    def _values(self, place: _Keys, raw: Any) -> dict[str, str]:
        """Read ``values``: each as the text that PostgreSQL reads."""
        found = {}
        for column, value in self._table(place, raw).items():
            if isinstance(value, dict | list):
                raise self._bad((*place, column), f"{column} must be a single value, as text")
            found[column] = str(value).lower() if isinstance(value, bool) else str(value)
        return found

    def _database(self, raw: Mapping[str, Any]) -> dict[str, tuple[str, ...]] | None:
        """Read ``[database]``: a list for each kind of thing around the tables."""
        if "database" not in raw:
            return None
        body = self._table(("database",), raw["database"])
        groups = (*GROUPS, *LATER_GROUPS)
        self._known(("database",), body, groups)
        said = [group for group in groups if group in body or group in GROUPS]
        return {group: self._strings(("database", group), body.get(group, [])) for group in said}

    def _buckets(self, raw: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found = self._table(("buckets",), raw.get("buckets", {}))
        for bucket in found:
            place = ("buckets", bucket)
            body = self._table(place, found[bucket])
            self._known(place, body, ("public", "file_size_limit", "allowed_mime_types"))
            if not isinstance(body.get("public", False), bool):
                raise self._bad((*place, "public"), "public must be true or false")
            limit = body.get("file_size_limit", 0)
            if isinstance(limit, bool) or not isinstance(limit, int):
                raise self._bad((*place, "file_size_limit"), "file_size_limit must be in bytes")
            self._strings((*place, "allowed_mime_types"), body.get("allowed_mime_types", []))
        return dict(found)

    def _personas(self, raw: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Read ``[personas.NAME]``: ``like`` (whose rows), ``role`` and ``claims``."""
        found = self._table(("personas",), raw.get("personas", {}))
        for persona in found:
            place = ("personas", persona)
            body = self._table(place, found[persona])
            self._known(place, body, ("like", "role", "claims"))
            if persona in _USUAL:
                raise self._bad(place, f"{persona} is a persona that every project has")
            like = body.get("like", "newcomer")
            if like not in _LIKES:
                what = f"like must be owner, stranger or newcomer, not {like!r}"
                raise self._bad((*place, "like"), what)
            self._text((*place, "role"), body.get("role", ""))
            self._table((*place, "claims"), body.get("claims", {}))
        return dict(found)

    def _known(self, place: _Keys, body: Mapping[str, Any], keys: Collection[str]) -> None:
        for key in body:
            if key not in keys:
                near = self._near(key, keys) or f"; there are {', '.join(keys)}"
                raise self._bad((*place, key), f"nothing reads {'.'.join((*place, key))}{near}")

    def _table(self, place: _Keys, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._bad(place, f"{'.'.join(place)} must be a table, not {value!r}")
        return value

    def _text(self, place: _Keys, value: Any) -> str:
        if not isinstance(value, str):
            raise self._bad(place, f"{'.'.join(place)} must be a text, not {value!r}")
        return value

    def _strings(self, place: _Keys, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        shown = ".".join(place)
        raise self._bad(place, f'{shown} must be "*" or a list of names in quotes, not {value!r}')

    def _near(self, name: str, names: Collection[str]) -> str:
        found = get_close_matches(name, names, n=1, cutoff=0.7)
        return f"; did you mean {found[0]}?" if found and found[0] != name else ""

    def _line(self, place: _Keys) -> int | None:
        """Return a key's line, or the nearest: an inline table has one line, a name many."""
        for n in range(len(place), 0, -1):
            begins = [line for keys, line in self._lines.items() if keys[:n] == place[:n]]
            if begins:
                return min(begins)
        return None

    def _bad(self, place: _Keys, what: str) -> ConfigError:
        """Return the error for a key, with its line; of an inline table, the line it is on."""
        line = self._line(place)
        where = f"{self.name}:{line}" if line else self.name
        end = "" if what.endswith("?") else "."
        shown = self.text.splitlines()[line - 1].rstrip() if line else None
        return ConfigError(
            f"{where}: {what}{end}",
            hint="docs/reference/access-toml.md shows every key; `access write` writes a contract.",
            file=self.name,
            line=line,
            excerpt=f"{line} | {shown}" if shown else None,
            key=".".join(place),
        )
