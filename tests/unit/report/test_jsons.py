"""Every report has one JSON form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from uuid import UUID

import pytest

from prospectr_db.report.jsons import document, plain


class Color(Enum):
    RED = "red"


class Verdict(StrEnum):
    ALLOWED = "allowed"


@dataclass(frozen=True)
class Inner:
    path: Path
    at: datetime


@dataclass(frozen=True)
class Report:
    inner: tuple[Inner, ...]
    names: frozenset[str]
    color: Color
    verdict: Verdict
    ident: UUID
    price: Decimal


def test_a_report_becomes_jsons_own_types() -> None:
    report = Report(
        inner=(Inner(Path("a/b"), datetime(2026, 1, 2, tzinfo=UTC)),),
        names=frozenset({"b", "a"}),
        color=Color.RED,
        verdict=Verdict.ALLOWED,
        ident=UUID(int=1),
        price=Decimal("1.50"),
    )
    found = json.loads(json.dumps(document(report, verb="x", ok=True)))
    assert found == {
        "ok": True,
        "verb": "x",
        "inner": [{"path": "a/b", "at": "2026-01-02T00:00:00+00:00"}],
        "names": ["a", "b"],
        "color": "red",
        "verdict": "allowed",
        "ident": "00000000-0000-0000-0000-000000000001",
        "price": "1.50",
    }


def test_a_value_without_a_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())
