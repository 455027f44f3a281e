"""A gain is a leak by what it is, whatever the words of its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.database import Target
from prospectr_db.migrations.access_change import access_changes
from prospectr_db.project import load


def found(rule: str, relation: str) -> Finding:
    sentence = f"{relation} now has something: authenticated: truncate."
    return Finding("leak", "error", relation, "authenticated", "", "", (), sentence, rule=rule)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [("idle-grant", "gain"), ("outside-policies", "leak"), ("server-only", "leak")],
)
def test_only_a_grant_that_no_policy_uses_is_expected(
    rule: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "supabase").mkdir()
    (tmp_path / "supabase" / "config.toml").write_text("", encoding="utf-8")
    findings = (found(rule, "what no policy uses"),)
    monkeypatch.setattr("prospectr_db.access.verify.access_difference", lambda *_, **__: findings)
    nowhere = Target("nowhere", "embedded", "host=nowhere")  # type: ignore[arg-type]
    changes = access_changes(nowhere, nowhere, load(tmp_path))
    assert [(change.kind, change.relation) for change in changes] == [(kind, "what no policy uses")]
