from __future__ import annotations

import pytest

from prospectr_db.access.matrix.matrix import Verdict
from prospectr_db.access.matrix.verdicts import Outcome, classify


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [(-1, Verdict.ALLOWED), (0, Verdict.FILTERED), (1, Verdict.ALLOWED), (9, Verdict.ALLOWED)],
)
def test_a_count_tells_allowed_from_filtered(rows: int, verdict: Verdict) -> None:
    outcome = classify(rows)
    assert outcome is not None
    assert outcome.verdict is verdict


def test_an_outcome_reads_as_a_sentence() -> None:
    assert str(Outcome(Verdict.FILTERED, 0)) == "filtered (0 rows)"
    assert str(Outcome(Verdict.ALLOWED)) == "allowed (no count)"
    assert (
        str(Outcome(Verdict.DENIED, sqlstate="42501", message="permission denied for table t"))
        == "denied (42501: permission denied for table t)"
    )
