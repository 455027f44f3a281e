"""What differs in what stands around the tables: schemas, roles, sequences, buckets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from prospectr_db.access.matrix.facts import Facts
from prospectr_db.access.matrix.finding import Finding, Kind
from prospectr_db.access.surroundings import LATER_GROUPS, LOGIN, UPLOADS

__all__ = ["compare_surroundings"]


def compare_surroundings(
    observed: Facts, wanted: Facts, expected: str, serving: Container[str] = ()
) -> Iterator[Finding]:
    """Yield what differs in schemas, roles, sequences, default privileges and buckets.

    ``serving`` are schemas with helpers of policies. Whoever uses one that the API does not show
    reaches what is granted there, and that is told by itself.
    """
    if observed.database is None or observed.buckets is None:
        return
    if wanted.database is None:
        sentence = "The contract has no section [database]: let `access write` add what is there."
        yield _plain("unmentioned", "database", sentence, "unmentioned")
    else:
        shown = {item.partition(": ")[2] for item in observed.database.get("schemas", ())}
        for group, now in observed.database.items():
            if group in LATER_GROUPS and group not in wanted.database:
                continue
            is_now, was = _atoms(now), _atoms(wanted.database.get(group, ()))
            for role, place in sorted({(role, place) for role, _, place in is_now ^ was}):
                for kind, words in (
                    ("leak", {w for r, w, p in is_now - was if (r, p) == (role, place)}),
                    ("loss", {w for r, w, p in was - is_now if (r, p) == (role, place)}),
                ):
                    if words:
                        what = f"{', '.join(sorted(words))}{place}"
                        found = _around(kind, group, role, what)  # type: ignore[arg-type]
                        schema = place.removeprefix(" on ") if words == {"usage"} else ""
                        helping = schema in serving and schema not in shown
                        yield replace(found, severity="warning") if helping else found
    yield from _buckets(observed.buckets, wanted.buckets or {}, expected)


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
    if group == "sign_up":
        sentence = f"A sign-up {'now' if kind == 'leak' else 'no longer'} makes {what}."
    if group == UPLOADS:
        now = "now" if kind == "leak" else "no longer"
        sentence = f"{what} {now} refuses every file in the bucket {role}."
        kind = "loss" if kind == "leak" else "leak"
    if group == "cascades":
        sentence = _going(kind, role, what.removeprefix("with "))
    if role == LOGIN:
        named = what.replace("member of ", "")
        sentence = f"Tokens can {'now' if kind == 'leak' else 'no longer'} name the role {named}."
    return _plain(kind, f"database.{group}", sentence, group, persona=role, command=what)


def _going(kind: Kind, relation: str, what: str) -> str:
    if kind == "leak":
        return (
            f"Rows of {relation} now go with {what}: whoever deletes the one deletes the others, "
            "whosesoever they are."
        )
    return f"Rows of {relation} no longer go with {what}: what has some cannot be deleted so."


def _buckets(
    observed: Mapping[str, Mapping[str, Any]],
    wanted: Mapping[str, Mapping[str, Any]],
    expected: str,
) -> Iterator[Finding]:
    for bucket in sorted({*observed, *wanted}):
        place = f"bucket {bucket}"
        if bucket not in wanted:
            if observed[bucket].get("public"):
                sentence = f"The bucket {bucket} is public: everybody reads every file of it."
                yield _plain("leak", place, sentence, "bucket", command="public")
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
                    f"{expected} {_limit(then_value)}."
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


def _plain(
    kind: Kind, relation: str, sentence: str, rule: str, *, persona: str = "", command: str = ""
) -> Finding:
    return Finding(kind, "error", relation, persona, "", command, (), sentence, rule=rule)
