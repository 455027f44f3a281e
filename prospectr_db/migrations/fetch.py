"""How migration files are written from a history, so that they split into the same statements."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from prospectr_db.database.connection import connect
from prospectr_db.database.statements import split
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError
from prospectr_db.migrations.comparison import file_digests
from prospectr_db.migrations.history import digest, read_history, read_statements
from prospectr_db.project import Migration, Project

__all__ = ["Fetched", "FetchedFile", "fetch", "joined"]


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One version: ``action`` is written, same, differs or unknown (no statements are stored).

    ``diff`` leads from the recorded statements to the file, where both exist and differ.
    """

    version: str
    path: str
    action: str
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of each version."""

    target: str
    files: tuple[FetchedFile, ...]


def fetch(
    target: Target,
    project: Project,
    versions: Sequence[str] = (),
    *,
    overwrite: bool = False,
    only_diff: bool = False,
) -> Fetched:
    """Write the files that the history has and the project lacks; all of them, or some versions.

    A file that says something else stays, unless ``overwrite``; ``only_diff`` writes nothing.
    Raises UsageError for a version that was never applied.
    """
    with connect(target, autocommit=True) as connection:
        rows = {row.version: row for row in read_history(connection)}
        unknown = [version for version in versions if version not in rows]
        if unknown:
            raise UsageError(
                f"The history does not have {', '.join(unknown)}.",
                hint="`prospectr-db status` lists what it has.",
            )
        chosen = list(versions) or list(rows)
        stored = read_statements(connection, chosen) if chosen else {}
    files = {migration.version: migration for migration in project.migrations}
    results = []
    for version in chosen:
        known = files.get(version)
        name = rows[version].name or (known.name if known else "remote")
        path = project.migrations_folder / f"{version}_{name}.sql"
        label = known.label if known else path.relative_to(project.root).as_posix()
        statements = stored.get(version)
        if statements is None:
            results.append(FetchedFile(version, label, "unknown"))
        elif known and digest(statements) in file_digests(known):
            results.append(FetchedFile(version, label, "same"))
        elif only_diff or (known and not overwrite):
            results.append(FetchedFile(version, label, "differs", _diff(statements, known, label)))
        else:
            place = known.path if known else path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("w", encoding="utf-8", newline="") as stream:
                stream.write(joined(statements))
            results.append(FetchedFile(version, label, "written"))
    return Fetched(target.name, tuple(results))


def joined(statements: Sequence[str]) -> str:
    """Return a file that splits into exactly these statements.

    A statement that ends in a line comment would swallow its semicolon, and one that holds an odd
    piece another tool stored may need its own line; the plainest form that comes back is taken.
    """
    if not statements:
        return ""
    wanted = list(statements)
    for glue in (_plain, _careful, _on_own_lines):
        text = glue(wanted)
        if [piece.text for piece in split(text)] == wanted:
            return text
    return _on_own_lines(wanted)


def _plain(statements: Sequence[str]) -> str:
    return ";\n\n".join(statements) + ";\n"


def _careful(statements: Sequence[str]) -> str:
    """End each statement after its last comment, and leave a comment at the end as it is."""
    parts = [
        f"{text}\n;\n" if "--" in text.rsplit("\n", 1)[-1] else f"{text};\n"
        for text in statements[:-1]
    ]
    last = statements[-1]
    bare = "--" in last.rsplit("\n", 1)[-1] or last.endswith("*/")
    return "\n".join([*parts, f"{last}\n" if bare else f"{last};\n"])


def _on_own_lines(statements: Sequence[str]) -> str:
    return "\n;\n".join(statements) + "\n"


def _diff(statements: Sequence[str], known: Migration | None, label: str) -> str:
    if known is None:
        return joined(statements)
    here = joined([piece.text for piece in split(known.text)])
    return "".join(
        difflib.unified_diff(
            joined(statements).splitlines(keepends=True),
            here.splitlines(keepends=True),
            f"{label} (as applied)",
            f"{label} (the file)",
        )
    )
