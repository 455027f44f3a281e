"""Whether a database keeps its access contract: every difference is a sentence, and red."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from prospectr_db.access.contract import ALL, Contract, Entry, Facts, facts_of
from prospectr_db.access.findings import Finding, Kind, judge, phrase, who
from prospectr_db.access.matrix import Access, AccessMatrix, TableAccess

__all__ = ["CheckReport", "can_be_stated", "check", "compare"]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The answer of `access check`. ``sabotage`` says how the run was spoilt once, and was seen."""

    ok: bool
    findings: tuple[Finding, ...]
    matrix: AccessMatrix
    contract: str | None
    accepted: tuple[str, ...]
    sabotage: str
    seconds: float

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make it red."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def check(matrix: AccessMatrix, contract: Contract | None) -> tuple[Finding, ...]:
    """Return what is wrong: by the contract where there is one, and by the default rules.

    What the contract states has been reviewed, whatever the default rules think of it: it becomes
    a note. What no contract can state, or nobody could prove, needs a reason in ``accepted``.
    """
    findings = list(_accept(judge(matrix), contract))
    if contract is not None:
        differences = compare(facts_of(matrix), contract.facts, matrix)
        said = {finding.key for finding in differences}
        findings = [finding for finding in findings if finding.key not in said] + differences
        findings += _unreasoned(contract, {f.key for f in judge(matrix)})
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(set(findings), key=lambda f: (rank[f.severity], f.relation, f.sentence)))


def _accept(findings: tuple[Finding, ...], contract: Contract | None) -> Iterator[Finding]:
    for finding in findings:
        if contract is None:
            yield finding
        elif contract.accepted.get(finding.key):
            continue
        elif finding.kind == "oracle" and finding.severity == "warning":
            yield replace(finding, severity="error")
        elif can_be_stated(finding) and (
            finding.relation in contract.facts.relations or finding.rule in _AROUND
        ):
            # The contract says so, or the comparison will object.
            yield replace(finding, severity="warning" if finding.kind == "loss" else "note")
        else:
            yield finding


# Rules about what stands around the tables, which the contract holds under [database].
_AROUND = frozenset({"roles", "schemas"})


def can_be_stated(finding: Finding) -> bool:
    """Whether a contract has words for what a finding of the default rules says."""
    if finding.kind in ("leak", "surprise", "loss"):
        return finding.rule != "transfer" or bool(finding.columns)
    return False


def _unreasoned(contract: Contract, keys: set[str]) -> Iterator[Finding]:
    for key, reason in contract.accepted.items():
        if key not in keys:
            yield Finding(
                "gone",
                "warning",
                key.partition("/")[0],
                "",
                "",
                "",
                (),
                f"The contract accepts {key}, which is no longer there: remove the line.",
                rule="stale-acceptance",
            )
        elif not reason:
            yield Finding(
                "leak",
                "error",
                key.partition("/")[0],
                "",
                "",
                "",
                (),
                f"The contract accepts {key} without a reason: say why it may be.",
                rule="no-reason",
            )


def compare(observed: Facts, wanted: Facts, matrix: AccessMatrix | None = None) -> list[Finding]:
    """Return every difference between what is and what shall be."""
    found: list[Finding] = []
    unknown = set(observed.relations) - set(wanted.relations)
    gone = set(wanted.relations) - set(observed.relations)
    for relation in sorted(unknown):
        kind = observed.relations[relation]
        found.append(
            Finding(
                "unmentioned",
                "error",
                relation,
                "",
                "",
                "",
                (),
                f"The {kind} {relation} is not in the contract: say who may do what to it.",
                rule="unmentioned",
            )
        )
    found.extend(
        Finding(
            "gone",
            "error",
            relation,
            "",
            "",
            "",
            (),
            f"The contract speaks of {relation}, which is not there.",
            rule="gone",
        )
        for relation in sorted(gone)
    )
    skip = unknown | gone
    for entry in sorted({*observed.allowed, *wanted.allowed}):
        if entry[0] not in skip:
            found += _entry(entry, observed, wanted, matrix)
    for relation in sorted(set(observed.relations) - skip):
        found += _lists(relation, observed, wanted)
    found += _surroundings(observed, wanted)
    return found


def _plain(
    kind: Kind, relation: str, sentence: str, rule: str, *, persona: str = "", command: str = ""
) -> Finding:
    return Finding(kind, "error", relation, persona, "", command, (), sentence, rule=rule)


def _surroundings(observed: Facts, wanted: Facts) -> Iterator[Finding]:
    if observed.database is None or observed.buckets is None:
        return
    if wanted.database is None:
        sentence = "The contract has no section [database]: let `access write` add what is there."
        yield _plain("unmentioned", "database", sentence, "unmentioned")
    else:
        for group, now in observed.database.items():
            is_now, was = _atoms(now), _atoms(wanted.database.get(group, ()))
            for role, place in sorted({(role, place) for role, _, place in is_now ^ was}):
                for kind, words in (
                    ("leak", {w for r, w, p in is_now - was if (r, p) == (role, place)}),
                    ("loss", {w for r, w, p in was - is_now if (r, p) == (role, place)}),
                ):
                    if words:
                        what = f"{', '.join(sorted(words))}{place}"
                        yield _around(kind, group, role, what)  # type: ignore[arg-type]
    yield from _buckets(observed.buckets, wanted.buckets or {})


def _atoms(items: Iterable[str]) -> set[tuple[str, str, str]]:
    """Split ``role: select, update on place`` into one triple per privilege."""
    found = set()
    for item in items:
        role, _, what = item.partition(": ")
        words, mark, place = what.partition(" on ")
        tail = "".join((mark, place))
        found |= {(role, word, tail) for word in (words.split(", ") if mark else [what])}
    return found


def _around(kind: Kind, group: str, role: str, what: str) -> Finding:
    word = "now holds what it did not" if kind == "leak" else "no longer holds"
    sentence = f"{role} {word}: {what} ({group})."
    if role == "exposed":
        sentence = f"The API {'now' if kind == 'leak' else 'no longer'} shows the schema {what}."
    return _plain(kind, f"database.{group}", sentence, group, persona=role, command=what)


def _buckets(
    observed: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    for bucket in sorted({*observed, *wanted}):
        place = f"bucket {bucket}"
        if bucket not in wanted:
            sentence = f"The bucket {bucket} is not in the contract: say what it takes and shows."
            yield _plain("unmentioned", place, sentence, "unmentioned")
            continue
        if bucket not in observed:
            sentence = f"The contract speaks of the bucket {bucket}, which is not there."
            yield _plain("gone", place, sentence, "gone")
            continue
        is_now, was = observed[bucket], wanted[bucket]
        if bool(is_now.get("public")) != bool(was.get("public")):
            now = bool(is_now.get("public"))
            word = "is public: everybody reads every file of it" if now else "is no longer public"
            kind: Kind = "leak" if now else "loss"
            yield _plain(kind, place, f"The bucket {bucket} {word}.", "bucket", command="public")
        for key in ("file_size_limit", "allowed_mime_types"):
            now_value, then_value = is_now.get(key), was.get(key)
            if now_value != then_value:
                sentence = (
                    f"The bucket {bucket} has {key} {_limit(now_value)}; "
                    f"the contract says {_limit(then_value)}."
                )
                kind = "leak" if _wider(now_value, then_value) else "loss"
                yield _plain(kind, place, sentence, "bucket", command=key)


def _limit(value: Any) -> str:
    if value is None:
        return "no limit"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _wider(now: Any, then: Any) -> bool:
    if now is None or then is None:
        return now is None
    return bool(set(now) - set(then)) if isinstance(now, list) else bool(now > then)


def _entry(
    entry: Entry, observed: Facts, wanted: Facts, matrix: AccessMatrix | None
) -> Iterator[Finding]:
    relation, persona, rows, command = entry
    table, access = _find(matrix, entry)
    now, then = observed.allowed.get(entry), wanted.allowed.get(entry)
    columns = observed.columns.get(relation, ())
    is_now, was = _expand(now, columns), _expand(then, columns)
    more, less = tuple(c for c in is_now if c not in was), tuple(c for c in was if c not in is_now)
    if (now, then) != ((ALL,), (ALL,)) and ((now is not None and then is None) or more):
        yield _difference("leak", table, access, entry, more if then is not None else is_now)
    if (then is not None and now is None) or (less and now != (ALL,)):
        yield _difference("loss", table, access, entry, less)
    if now is not None and then is not None:
        is_form, was_form = observed.forms.get(entry, ()), wanted.forms.get(entry, ())
        if is_form != was_form:
            kind: Kind = "loss" if is_form and not was_form else "leak"
            forms = ", ".join(is_form) or "every form"
            yield Finding(
                kind,
                "error",
                relation,
                persona,
                rows,
                command,
                (),
                f"{who(persona).capitalize()} can {command} {relation} ({rows} rows) by {forms}; "
                f"the contract says {', '.join(was_form) or 'every form'}.",
                access.statement if access else "",
                "forms",
            )


def _expand(value: tuple[str, ...] | None, columns: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return ()
    return columns if value == (ALL,) else value


def _difference(
    kind: Kind, table: TableAccess, access: Access | None, entry: Entry, columns: tuple[str, ...]
) -> Finding:
    relation, persona, rows, command = entry
    said = Access(
        persona,
        rows,
        command,
        access.verdict if access else "allowed",  # type: ignore[arg-type]
        columns,
        (),
        "",
        columns_total=0,
    )
    sentence = phrase(table, said)
    word = " can now " if kind == "leak" else " can no longer "
    sentence = sentence.replace(" can ", word, 1) + "."
    statement = access.statement if access else ""
    if kind == "loss" and access is not None and access.reason:
        sentence = f"{sentence[:-1]}: {access.verdict.value}, {access.reason}."
    return Finding(
        kind,
        "error",
        relation,
        persona,
        rows,
        command,
        columns,
        sentence,
        statement,
        f"contract-{kind}",
    )


def _find(matrix: AccessMatrix | None, entry: Entry) -> tuple[TableAccess, Access | None]:
    relation, persona, rows, command = entry
    table = matrix.table(relation) if matrix else None
    if table is None:
        return TableAccess(relation, "table", "", True, True, ()), None
    return table, table.find(persona, rows, command)


def _lists(relation: str, observed: Facts, wanted: Facts) -> Iterator[Finding]:
    for name in wanted.server_only.get(relation, ()):
        writers = sorted(
            {
                entry[1]
                for entry, columns in observed.allowed.items()
                if entry[0] == relation
                and entry[3] in ("insert", "update")
                and entry[1] != "service_role"
                and (columns == (ALL,) or name in {c.partition("=")[0] for c in columns})
            }
        )
        for persona in writers:
            yield Finding(
                "leak",
                "error",
                relation,
                persona,
                "",
                "update",
                (name,),
                f"{relation}.{name} is the server's to write, and {who(persona)} can write it.",
                rule="server-only",
            )
    for is_now, was, what in (
        (
            observed.idle.get(relation, ()),
            wanted.idle.get(relation, ()),
            "holds a grant that no policy uses",
        ),
        (
            observed.outside.get(relation, ()),
            wanted.outside.get(relation, ()),
            "has what policies do not govern",
        ),
    ):
        for item in sorted(set(is_now) ^ set(was)):
            change = "now" if item in is_now else "no longer"
            yield Finding(
                "leak" if item in is_now else "loss",
                "error",
                relation,
                item.partition(":")[0],
                "",
                item.rpartition(" ")[2],
                (),
                f"{relation} {change} {what}: {item}.",
                rule="privileges",
            )


def with_findings(report: CheckReport, findings: tuple[Finding, ...]) -> CheckReport:
    """Return a report with other findings, and the answer that follows from them."""
    ok = not any(finding.severity == "error" for finding in findings)
    return replace(report, findings=findings, ok=ok)
