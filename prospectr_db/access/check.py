"""Whether a database keeps its access contract: every difference is a sentence, and red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
        elif finding.relation in contract.facts.relations and can_be_stated(finding):
            # The contract says so, or the comparison will object.
            yield replace(finding, severity="warning" if finding.kind == "loss" else "note")
        else:
            yield finding


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
    return found


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
