"""The answer of an access check as SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from prospectr_db import __version__
from prospectr_db.access.check import CheckReport
from prospectr_db.access.review.telling import tell
from prospectr_db.access.review.told import Told
from prospectr_db.project import Project
from prospectr_db.report.access_places import Places

__all__ = ["sarif_document"]


def sarif_document(report: CheckReport, project: Project) -> dict[str, Any]:
    """Return SARIF; each result points at the migration's line that decided it.

    Source: the SARIF 2.1.0 standard (OASIS), and what GitHub's code scanning supports of it.
    """
    told = tell(report.findings)
    rules = sorted({_rule(one) for one in told})
    places = Places(project)
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "prospectr-db",
                        "version": __version__,
                        "rules": [
                            {
                                "id": rule,
                                "shortDescription": {"text": rule.replace("-", " ")},
                                "properties": {"tags": ["security", "access"]},
                            }
                            for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, places, rules) for one in told],
            }
        ],
    }


def _rule(one: Told) -> str:
    return one.rule or one.kind


def _result(one: Told, places: Places, rules: list[str]) -> dict[str, Any]:
    # A sentence about several tables is shown at each: one that only is first explains nothing.
    about = {finding.relation: finding for finding in reversed(one.findings)}
    found = [places.of(about[name]) for name in dict.fromkeys(f.relation for f in one.findings)]
    shown = f"\n{one.statement};" if one.statement else ""
    return {
        "ruleId": _rule(one),
        "ruleIndex": rules.index(_rule(one)),
        "level": one.severity,
        "message": {"text": f"{one.sentence}{shown}"},
        "partialFingerprints": {
            "access/v1": "|".join((one.findings[0].key, *one.findings[0].columns))
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.path), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": place.line},
                }
            }
            for place in dict.fromkeys(found)
        ],
    }
