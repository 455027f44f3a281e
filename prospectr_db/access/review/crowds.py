"""How several personas are named together: everybody, any signed-in user, users with some role."""

from __future__ import annotations

from collections.abc import Iterable

from prospectr_db.access.matrix.baselines import NEIGHBOURING
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.review.phrases import any_of, joined, who

__all__ = ["crowd"]

_SIGNED_IN = frozenset({"owner", "stranger", "newcomer"})


def crowd(personas: Iterable[str], *, own: bool = False) -> str:
    """Return several personas in words.

    Whoever is signed in is meant by "any signed-in user": a stranger is one without any standing,
    and so is the owner where ``own`` says that each does it to a row that is his.
    """
    names = list(dict.fromkeys(personas))
    found = set(names)
    if {"anon", "stranger"} <= found:
        return "everybody, even without a login,"
    standing = any("=" in name and not is_lesser(name) for name in found)
    everyone = "stranger" in found and found & {"owner", "newcomer"}
    if everyone or (own and standing and "owner" in found):
        rest = [n for n in names if n not in _SIGNED_IN and ("=" not in n or is_lesser(n))]
        return joined(["any signed-in user", *(who(name) for name in rest)])
    groups: dict[str, list[str]] = {}
    for name in names:
        shown, form = _standing(name)
        groups.setdefault(form, []).append(shown)
    return joined([form.format(joined(shown, word="or")) for form, shown in groups.items()])


def _standing(name: str) -> tuple[str, str]:
    """Return what tells a persona from others like it, and the words around that."""
    if "=" not in name or is_lesser(name):
        return name, who(name).replace("{", "{{").replace("}", "}}")
    if NEIGHBOURING in name:
        return name, who(name).replace("{", "{{").replace("}", "}}")
    if not name.endswith(" elsewhere"):
        return name, "users with {}"
    here, _, there = name.removesuffix(" elsewhere").rpartition(", ")
    return (
        any_of(there),
        f"users with {here} here and {{}} elsewhere" if here else "users with {} elsewhere",
    )
