"""What is wrong with an access matrix, in sentences: who, what, which rows, which columns."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.matrix.finding import SEARCH_PATH, Finding, Kind
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess
from prospectr_db.access.matrix.row_classes import FILES
from prospectr_db.access.matrix.unobserved import UNBUILDABLE, is_unobserved
from prospectr_db.access.review.losses import losses_of, unexposed
from prospectr_db.access.review.phrases import on_rows, verb_of, who
from prospectr_db.access.review.review import review_access, review_channel
from prospectr_db.access.review.unbuilt import unbuilt

__all__ = ["UNTRIED_FILES", "judge"]

UNTRIED_FILES = "untried-files"
"""The rule of a policy on files through which nobody came: a contract holds its text."""


def judge(matrix: AccessMatrix) -> tuple[Finding, ...]:
    """Return what a careful reviewer would object to, knowing nothing of the application."""
    found: list[Finding] = []
    for table in matrix.tables:
        for access in table.accesses:
            if access.persona == "service_role" or not access.succeeds:
                continue
            if table.kind == "channel":
                found += review_channel(table, access)
            else:
                found += review_access(matrix, table, access)
        found += _vacuous(table)
        found += losses_of(table)
        found += _published(table)
    found += _token_findings(matrix)
    found += unexposed(matrix)
    found += _around(matrix)
    found += matrix.oracles
    return tuple(sorted(set(found), key=_order))


def _order(finding: Finding) -> tuple[int, str, str, str, str, str]:
    rank = ("error", "warning", "note").index(finding.severity)
    place = finding.relation, finding.persona, finding.command, finding.rows
    return rank, *place, finding.sentence


def _vacuous(table: TableAccess) -> Iterator[Finding]:
    for problem in table.unbuildable:
        call = table.kind == "function"
        # What a function does in its caller's name, its tables say.
        required = not table.rls if call else problem.startswith(("A: ", "B: "))
        yield Finding(
            "vacuous",
            "error" if required else "warning",
            table.relation,
            "",
            "",
            "",
            (),
            unbuilt(table, problem),
            rule=UNBUILDABLE,
        )
    for policy in table.untried:
        place = "realtime.messages" if table.kind == "channel" else table.relation
        files = place == FILES
        yield Finding(
            "vacuous",
            "warning" if files else "error",
            place,
            "",
            policy,
            "",
            (),
            f"Nothing was proven about the policy {policy!r} on {place}: nobody got through it by "
            "anything that was tried.",
            rule=UNTRIED_FILES if files else "untried",
        )
    for bucket, (function, reason) in table.hindered.items():
        yield Finding(
            "vacuous",
            "warning",
            table.relation,
            "",
            bucket,
            "insert",
            (),
            f"No file can be put into the bucket {bucket}: {function} refuses it "
            f"({reason.rstrip('.')}). What is told of its files is told as if it did not.",
            rule="refused-files",
        )
    if is_unobserved(table):
        return
    for access in table.accesses:
        if access.verdict == "unproven":
            yield Finding(
                "vacuous",
                "error",
                table.relation,
                access.persona,
                access.rows,
                access.command,
                (),
                f"Nothing was proven about {access.command} on {table.relation} by "
                f"{who(access.persona)} ({access.rows} rows): the same statement as a superuser "
                f"touched no row{f' ({access.reason})' if access.reason else ''}.",
                access.statement,
                "unproven",
            )


def _published(table: TableAccess) -> Iterator[Finding]:
    published = any(f"{name} ".startswith("supabase_realtime ") for name in table.publications)
    if table.kind == "table" and not table.rls and published:
        sentence = (
            f"Realtime sends every change of {table.relation} to whoever listens: "
            "it is published and has no row-level security."
        )
        yield Finding(
            "leak", "error", table.relation, "", "", "listen", (), sentence, rule="published"
        )


def _around(matrix: AccessMatrix) -> Iterator[Finding]:
    """Yield what gives visitors and users power over everything, whatever policies say."""
    if matrix.surroundings is None:
        return
    for group in ("roles", "schemas"):
        for item in matrix.surroundings.groups.get(group, ()):
            role, _, what = item.partition(": ")
            if role not in ("anon", "authenticated") or what.startswith("usage"):
                continue
            kind: Kind = "leak"
            sentence = f"{role} is {what}." if group == "roles" else f"{role} can {what}."
            place = f"database.{group}"
            yield Finding(kind, "error", place, role, "", what, (), sentence, rule=group)
    for label in matrix.surroundings.loose:
        sentence = (
            f"{label} has its owner's rights and no search_path of its own: "
            "a caller who can make objects decides what its names mean."
        )
        yield Finding("surprise", "warning", label, "", "", "call", (), sentence, rule=SEARCH_PATH)


def _token_findings(matrix: AccessMatrix) -> Iterator[Finding]:
    for detail in matrix.tokens:
        yield Finding(
            "leak",
            "error",
            detail.relation,
            detail.persona,
            detail.rows,
            detail.command,
            (),
            f"A token with {detail.persona} can {verb_of(detail.command)} "
            f"{detail.relation} {on_rows(detail.rows)}, which the same user without it cannot.",
            detail.statement,
            "claims",
        )
