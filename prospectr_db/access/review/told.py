"""One sentence, and the findings that it tells."""

from __future__ import annotations

from dataclasses import dataclass

from prospectr_db.access.matrix.finding import Finding, Kind, Severity

__all__ = ["Told"]


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
