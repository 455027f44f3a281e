"""Whether a live database is the Supabase that we believe in, and where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from prospectr_db.platform.facts import Objects, expected, observe
from prospectr_db.platform.install import Profile

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Difference", "PlatformReport", "check", "compare", "likelier_profile"]

Severity = Literal["serious", "minor"]

# A difference here can turn a policy test, a migration or a seed round: it passes on one side and
# fails on the other. Everything else is told as minor.
_SERIOUS_KINDS = frozenset(
    {"columns", "constraints", "default_privileges", "grants", "schemas", "tables", "types"}
)
_SERIOUS_FACTS = {
    "functions": frozenset({"result", "security_definer"}),
    "roles": frozenset({"attributes", "member_of"}),
    "triggers": frozenset({"definition"}),
}
_MINOR_FACTS = frozenset({"owner"})
_GRANTED_ON = {"function": ("functions",), "schema": ("schemas",), "table": ("tables", "views")}

# A project adds its own here: not a difference from the platform.
_OPEN_KINDS = frozenset({"event_triggers", "extensions", "policies", "publications", "triggers"})
_OPEN_ROLES = "roles"

# Facts whose absence from the expectation means that there is none.
_TELLING_WHEN_ABSENT = frozenset({"default", "generated", "identity", "member_of", "settings"})
_HAS_SETTINGS = frozenset({"roles", "functions"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that a database does not share with our belief.

    ``what`` is missing (we believe in it, the database lacks it), extra (the reverse) or
    different. ``expected`` and ``found`` hold the facts in question.
    """

    what: Literal["missing", "extra", "different"]
    kind: str
    name: str
    severity: Severity
    expected: Mapping[str, Any] | None = None
    found: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PlatformReport:
    """What `check` found. ``agreeing`` counts the objects that are as believed."""

    profile: Profile
    agreeing: int
    differences: tuple[Difference, ...]

    @property
    def serious(self) -> tuple[Difference, ...]:
        """The differences that can change what a test or a migration does."""
        return tuple(found for found in self.differences if found.severity == "serious")

    @property
    def is_as_believed(self) -> bool:
        """Whether nothing serious differs, and something was compared at all."""
        return not self.serious and self.agreeing > 0


def check(connection: Connection[Any], profile: Profile | None = None) -> PlatformReport:
    """Compare a live database's platform with what we believe; changes nothing.

    Without a profile the era that fits better is taken. Raises psycopg.Error.
    """
    observed = observe(connection)
    chosen = profile or likelier_profile(observed)
    return compare(expected(chosen), observed, profile=chosen)


def likelier_profile(observed: Objects) -> Profile:
    """Return the era that leaves fewer differences."""
    return min(
        (Profile.CURRENT, Profile.SEED),
        key=lambda profile: len(compare(expected(profile), observed, profile=profile).differences),
    )


def compare(believed: Objects, observed: Objects, *, profile: Profile) -> PlatformReport:
    """Compare two sets of facts, object by object, in order of kind and name."""
    differences: list[Difference] = []
    agreeing = 0
    for kind in sorted(believed):
        wanted, found = believed[kind], observed.get(kind, {})
        for name in sorted(wanted.keys() | found.keys()):
            told = list(_object(kind, name, wanted.get(name), found.get(name)))
            if told and told[0].what == "extra" and _is_known(kind, name, believed):
                told = [replace(told[0], severity="serious")]
            differences += told
            agreeing += not told and name in wanted
    return PlatformReport(profile, agreeing, tuple(differences))


def _object(
    kind: str, name: str, wanted: Mapping[str, Any] | None, found: Mapping[str, Any] | None
) -> Iterator[Difference]:
    if wanted is None:
        if not _is_projects_own(kind, name):
            yield Difference("extra", kind, name, "minor", None, found)
        return
    if found is None:
        yield Difference("missing", kind, name, _severity(kind), wanted, None)
        return
    names = [fact for fact in wanted if found.get(fact) != wanted[fact]]
    if wanted:
        names += [
            fact
            for fact in sorted(_TELLING_WHEN_ABSENT & found.keys() - wanted.keys())
            if fact != "settings" or kind in _HAS_SETTINGS
        ]
    if names:
        severe = any(_severity(kind, fact) == "serious" for fact in names)
        yield Difference(
            "different",
            kind,
            name,
            "serious" if severe else "minor",
            {fact: wanted.get(fact) for fact in names},
            {fact: found.get(fact) for fact in names},
        )


def _severity(kind: str, fact: str | None = None) -> Severity:
    if fact in _MINOR_FACTS:
        return "minor"
    if kind in _SERIOUS_FACTS:
        return "serious" if fact is None or fact in _SERIOUS_FACTS[kind] else "minor"
    return "serious" if kind in _SERIOUS_KINDS else "minor"


def _is_known(kind: str, name: str, believed: Objects) -> bool:
    """Whether a privilege too many is on an object that we believe in; such a one is serious."""
    if kind == "default_privileges":
        return True
    word, _, rest = name.rpartition(" to ")[0].partition(" ")
    return kind == "grants" and any(
        rest in believed.get(granted_on, {}) for granted_on in _GRANTED_ON.get(word, ())
    )


def _is_projects_own(kind: str, name: str) -> bool:
    """Whether an object that the platform does not have is one that projects make."""
    if kind in _OPEN_KINDS or kind == _OPEN_ROLES:
        return True
    # Schemas of the project's own are not looked into; privileges in them are.
    return kind == "default_privileges" and " in public " in name
