"""How TRUNCATE is tried: once per role, and stopped at the moment at which it would begin.

Nothing but the role's privileges decides about it, so that no claim needs to be tried. Emptying a
table makes new files for it and for all below it, and lets the server forget every plan; a trigger
that fires after all privileges were looked at, and before any of that, tells as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prospectr_db.access.personas.knocks import Probe
from prospectr_db.access.probes.running import Outcome
from prospectr_db.database.catalog import Catalog

__all__ = ["Truncations"]


class Truncations:
    """What each role was answered to each TRUNCATE."""

    def __init__(self, catalog: Catalog) -> None:
        # A trigger of the project's own may refuse, and may ask who it is: then nothing is spared.
        self._decided_by_role = not any(
            "TRUNCATE" in trigger.definition
            for relation in catalog.relations
            for trigger in relation.triggers
        )
        self._catalog = catalog
        self._known: dict[tuple[str, str], Outcome] = {}

    def unknown(self, role: str, probes: Sequence[tuple[int, Probe]]) -> list[Probe]:
        """Return what is still to be run as a role, each TRUNCATE with its stop."""
        return [
            self._stopped(role, oid, probe)
            for oid, probe in probes
            if (role, probe.statement) not in self._known
        ]

    def told(
        self, role: str, probes: Sequence[tuple[int, Probe]], outcomes: Sequence[Outcome]
    ) -> list[tuple[int, Probe, Outcome]]:
        """Put the outcomes of what was unknown beside the probes, and those that were known."""
        fresh = iter(outcomes)
        found = []
        for oid, probe in probes:
            place = role, probe.statement
            outcome = self._known.get(place)
            if outcome is None:
                outcome = next(fresh)
                if probe.command == "truncate" and self._decided_by_role:
                    self._known[place] = outcome
            found.append((oid, probe, outcome))
        return found

    def _stopped(self, role: str, oid: int, probe: Probe) -> Probe:
        relation = self._catalog.by_oid[oid]
        is_tried = probe.command == "truncate" and relation.holds(role, "D")
        if not is_tried or not self._decided_by_role:
            return probe
        stop = (
            "create trigger prospectr_access_stop before truncate on",
            relation.sql_name,
            "for each statement execute function prospectr_access.stop()",
        )
        return replace(probe, preparation=" ".join(stop))
