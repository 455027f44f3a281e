"""Which statements are tried: every command, form, row class and column, for one persona."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.between import between
from prospectr_db.access.probes.crossings import crossings
from prospectr_db.access.probes.elsewhere import elsewhere
from prospectr_db.access.probes.insert import inserts
from prospectr_db.access.probes.plan_new import NewRows
from prospectr_db.access.probes.rows import deletes, selects, truncate
from prospectr_db.access.probes.update import updates
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.database.catalog import Column

__all__ = ["Plan"]


class Plan(NewRows):
    """The probes of one relation."""

    def probes(self, knocker: Knocker) -> Iterator[Probe]:
        """Yield every probe for one persona."""
        if knocker.only is not None and self.source.oid not in knocker.only:
            return
        targets = self._targets_for(knocker)
        yield from selects(self, knocker, targets)
        yield from updates(self, knocker, targets)
        yield from deletes(self, knocker, targets)
        if self.relation.is_table and (self.slot is not None or not self.relation.is_partition):
            yield from inserts(self, knocker)
        yield from truncate(self, knocker)
        yield from crossings(self, knocker)
        yield from between(self, knocker)
        yield from elsewhere(self, knocker)

    def _targets_for(self, knocker: Knocker) -> list[tuple[str, Row, str | None]]:
        """Return (row class, row, preparation) for each row that this persona tries."""
        found: list[tuple[str, Row, str | None]] = []
        targets = self.targets_of(knocker)
        for key, row in targets.items():
            found.append((self.row_class(knocker, key), row, None))
        if OWNER in targets:
            rows = self.row_class(knocker, OWNER)
            for name, preparation in self.variants(knocker=knocker):
                row = self.in_state(targets[OWNER], name)
                found.append((f"{rows} [{name}]", row, preparation))
        return found

    def shown(self, column: Column, value: str | None) -> str:
        """Name a column; with its value where policies tell its values apart, a time by its day."""
        values = self.owner.states.get(column.name)
        if values is None:
            return column.name
        if column.category == "D" and value:
            return f"{column.name}={value.partition(' ')[0]}"
        return f"{column.name}={value if value in values else 'anything else'}"
