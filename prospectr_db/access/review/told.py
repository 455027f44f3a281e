"""One sentence, and the findings that it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.matrix.finding import Finding, Kind, Severity

__all__ = ["Say", "Split", "Told", "Words", "merged"]


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence for the findings that it tells, of which the first speaks for all."""

    sentence: str
    findings: tuple[Finding, ...]

    @property
    def kind(self) -> Kind:
        """What kind of finding it is."""
        return self.findings[0].kind

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.findings[0].severity

    @property
    def relation(self) -> str:
        """The relation, or the first of several."""
        return self.findings[0].relation

    @property
    def rule(self) -> str:
        """The rule that found it."""
        return self.findings[0].rule

    @property
    def statement(self) -> str:
        """The statement that shows it, where there is one."""
        return next((f.statement for f in self.findings if f.statement), "")


Words = tuple[str, ...]
Split = Callable[[Told], tuple[Words, Words] | None]
"""Returns what makes sentences one, and what alone tells one of them from the others."""
Say = Callable[[Words, Sequence[Words]], str]
"""Returns the sentence for several of the latter."""


def merged(told: Iterable[Told], split: Split, say: Say) -> Iterator[Told]:
    """Yield the sentences, those that one of them can tell as one; each where the first stood."""
    groups: dict[object, list[tuple[Told, tuple[Words, Words] | None]]] = {}
    for number, one in enumerate(told):
        found = split(one)
        key: object = number if found is None else (one.kind, one.severity, one.rule, found[0])
        groups.setdefault(key, []).append((one, found))
    for group in groups.values():
        one, found = group[0]
        if len(group) == 1 or found is None:
            yield one
            continue
        parts = list(dict.fromkeys(part[1] for _, part in group if part is not None))
        findings = tuple(finding for each, _ in group for finding in each.findings)
        yield Told(say(found[0], parts), findings)
