"""Which line of which migration a finding points at: the statement that last decided it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.database.statements import split
from prospectr_db.database.statements.classification import leading_words
from prospectr_db.project import Project

__all__ = ["Place", "Places"]

_MOST_WORDS = 400
_GRANTS = frozenset({"truncate", "idle-grant", "outside-policies"})
_MAKES = ("table", "view", "function")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, relative to the repository, and a 1-based line."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class _Saying:
    """What one statement says about a relation, and about which policy for which command."""

    verb: str
    what: str
    schema: str | None
    name: str
    path: Path
    line: int
    policy: str = ""
    command: str = ""
    is_open: bool = False

    def is_about(self, label: str) -> bool:
        """Whether a finding's relation is meant; without a schema it is in ``public``."""
        schema, _, name = label.partition("(")[0].rpartition(".")
        if self.name == "*":
            return self.schema == (schema or "public")
        return self.name == name and self.schema in (None, schema or "public")


class Places:
    """The places of findings in a project's migrations, read once and only where one is asked."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def of(self, finding: Finding) -> Place:
        """Return the line that last decided what a finding is about.

        For a policy's leak that is the policy for its command, where it was made or altered last;
        for a privilege the grant; for a loss the last statement about the relation.
        """
        mine = [said for said in self._said if said.is_about(finding.relation)]
        chosen = next((found[-1] for found in _preferred(finding, mine) if found), None)
        if chosen is not None:
            return Place(self._shown(chosen.path), chosen.line)
        return self._mentioned(finding) or self._contract(finding)

    @cached_property
    def _said(self) -> list[_Saying]:
        return [
            said
            for migration in self._project.migrations
            for statement in split(migration.text)
            for said in _read(statement.text, migration.path, migration.text, statement.offset)
        ]

    @cached_property
    def _repository(self) -> Path:
        root = self._project.root.resolve()
        return next((p for p in (root, *root.parents) if (p / ".git").exists()), root)

    def _shown(self, path: Path) -> str:
        whole = path if path.is_absolute() else self._project.root / path
        try:
            return whole.resolve().relative_to(self._repository).as_posix()
        except ValueError:
            return path.as_posix()

    def _mentioned(self, finding: Finding) -> Place | None:
        """Return the last line that has the relation's name: in a DO block, in a function."""
        name = finding.relation.partition("(")[0].rpartition(".")[2]
        if not name:
            return None
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        for migration in reversed(self._project.migrations):
            found = list(pattern.finditer(migration.text))
            if found:
                line = migration.text.count("\n", 0, found[-1].start()) + 1
                return Place(self._shown(migration.path), line)
        return None

    def _contract(self, finding: Finding) -> Place:
        """Return the relation's section of the contract, or whatever file there is."""
        path = self._project.supabase / "access.toml"
        if path.is_file():
            head = re.compile(rf'\[\w+\."?{re.escape(finding.relation)}"?[.\]]')
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found = (number for number, line in enumerate(lines, 1) if head.match(line))
            return Place(self._shown(path), next(found, 1))
        first = next((migration.path for migration in self._project.migrations), path)
        return Place(self._shown(first), 1)


def _preferred(finding: Finding, mine: Sequence[_Saying]) -> Iterator[list[_Saying]]:
    """Yield the statements that may have decided it, the likelier ones first."""
    alive = _alive(mine)
    grants = [said for said in mine if (said.verb, said.what) == ("grant", "grant")]
    made = [said for said in mine if said.what in _MAKES]
    row_security = [said for said in mine if said.what == "rls"]
    if finding.rule in _GRANTS:
        yield grants
    elif finding.kind in ("loss", "gone"):
        yield [s for s in mine if s.what == "policy" and s.command in (finding.command, "all")]
        yield [s for s in mine if s.what != "policy"]
    elif finding.rule == "rls-off":
        yield [said for said in row_security if said.verb == "disable"]
        yield made
    elif finding.rule == "published":
        yield [said for said in mine if said.what == "publication"]
    elif finding.command:
        bound = [said for said in alive if said.command in (finding.command, "all")]
        yield [said for said in bound if said.is_open]
        yield [said for said in row_security if said.verb == "disable"]
        yield bound
        yield grants
    yield made
    yield list(mine)


def _alive(mine: Iterable[_Saying]) -> list[_Saying]:
    """Return the policies that are there at the end, each where it was made or altered last."""
    policies: dict[str, _Saying] = {}
    for said in mine:
        if said.what != "policy":
            continue
        before = policies.pop(said.policy, None)
        if said.verb == "alter" and before is not None:
            policies[said.policy] = _altered(before, said)
        elif said.verb != "drop":
            policies[said.policy] = said
    return sorted(policies.values(), key=lambda said: _order(mine, said))


def _order(mine: Iterable[_Saying], said: _Saying) -> int:
    """Return where a statement stands among those about its relation."""
    places = [(each.path, each.line) for each in mine]
    return places.index((said.path, said.line))


def _altered(before: _Saying, said: _Saying) -> _Saying:
    """ALTER POLICY keeps the command."""
    return _Saying(
        said.verb,
        said.what,
        said.schema,
        said.name,
        said.path,
        said.line,
        said.policy,
        before.command,
        said.is_open,
    )


def _read(text: str, path: Path, whole: str, offset: int) -> Iterator[_Saying]:
    """Yield what one statement says about which relations."""
    words = list(leading_words(text, limit=_MOST_WORDS))
    if not words:
        return
    first = re.search(re.escape(words[0]), text, re.IGNORECASE)
    line = whole.count("\n", 0, offset + (first.start() if first else 0)) + 1
    verb = words[0].lower()
    if verb in ("create", "alter", "drop") and words[1:2] == ["POLICY"]:
        yield from _policy(verb, words, path, line)
    elif verb in ("grant", "revoke") and "ON" in words:
        for schema, name in _granted(words[words.index("ON") + 1 :]):
            yield _Saying(verb, "grant", schema, name, path, line)
    elif verb in ("create", "alter", "drop"):
        yield from _object(verb, words, path, line)


def _policy(verb: str, words: Sequence[str], path: Path, line: int) -> Iterator[_Saying]:
    at = 4 if words[2:4] == ["IF", "EXISTS"] else 2
    if "ON" not in words[at + 1 : at + 2]:
        return
    schema, name, end = _qualified(words, at + 2)
    command = "all"
    if words[end : end + 1] == ["AS"]:
        end += 2
    if words[end : end + 1] == ["FOR"]:
        command = words[end + 1].lower()
    rest = list(words[end:])
    is_open = any(rest[i : i + 3] == ["(", "TRUE", ")"] for i in range(len(rest)))
    policy = _name(words[at])
    if rest[:2] == ["RENAME", "TO"]:
        yield _Saying("drop", "policy", schema, name, path, line, policy, command)
        verb, policy = "create", _name(rest[2])
    yield _Saying(verb, "policy", schema, name, path, line, policy, command, is_open)


def _granted(words: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    if list(words[:4]) == ["ALL", "TABLES", "IN", "SCHEMA"]:
        for word in words[4:]:
            if word in ("TO", "FROM"):
                return
            if word != ",":
                yield _name(word), "*"
    at = 1 if words[:1] in (["TABLE"], ["FUNCTION"], ["PROCEDURE"], ["ROUTINE"]) else 0
    depth = 0
    expected = True
    while at < len(words) and words[at] not in ("TO", "FROM"):
        depth += (words[at] == "(") - (words[at] == ")")
        if expected and not depth:
            schema, name, at = _qualified(words, at)
            expected = False
            yield schema, name
            continue
        expected = expected or (words[at] == "," and not depth)
        at += 1


def _object(verb: str, words: Sequence[str], path: Path, line: int) -> Iterator[_Saying]:
    kinds = {
        "TABLE": "table",
        "VIEW": "view",
        "FUNCTION": "function",
        "PROCEDURE": "function",
        "PUBLICATION": "publication",
    }
    found = next((i for i, word in enumerate(words[:6]) if word in kinds), None)
    if found is None:
        return
    kind, at = kinds[words[found]], found + 1
    if kind == "publication":
        for i, word in enumerate(words):
            if word == "TABLE" and i + 1 < len(words):
                schema, name, _ = _qualified(words, i + 2 if words[i + 1] == "ONLY" else i + 1)
                yield _Saying(verb, kind, schema, name, path, line)
        return
    while at < len(words) and words[at] in ("IF", "NOT", "EXISTS", "ONLY"):
        at += 1
    schema, name, end = _qualified(words, at)
    tail = list(words[end:])
    if kind == "table" and tail[1:4] == ["ROW", "LEVEL", "SECURITY"]:
        yield _Saying(tail[0].lower(), "rls", schema, name, path, line)
    else:
        yield _Saying(verb, kind if verb == "create" else "change", schema, name, path, line)


def _qualified(words: Sequence[str], at: int) -> tuple[str | None, str, int]:
    """Return a schema, a name, and where it ends."""
    first = _name(words[at]) if at < len(words) else ""
    if words[at + 1 : at + 2] == ["."] and at + 2 < len(words):
        return first, _name(words[at + 2]), at + 3
    return None, first, at + 1


def _name(word: str) -> str:
    if word.startswith('"'):
        return word[1:].removesuffix('"').replace('""', '"')
    return word.lower()
