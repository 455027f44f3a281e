"""The page of an access check in a real browser: a cell opens, and nobody's name is run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from prospectr_db.access.check import CheckReport
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import Access, AccessMatrix, TableAccess, Verdict
from prospectr_db.report.access_page import html_page

pytestmark = pytest.mark.peer

EVIL = "</script><script>document.title='run'</script><img src=x onerror=document.title='run'>"
# What a person does: opens a cell, reads, closes; then filters. The answer is left in the page.
VISIT = """
<script>
(() => {
  const cell = document.querySelectorAll("button.cell")[1];
  cell.focus();
  cell.click();
  const dialog = document.getElementById("detail");
  const found = {
    title: document.title,
    open: dialog.open,
    text: dialog.textContent,
    inside: dialog.contains(document.activeElement),
    label: cell.getAttribute("aria-label"),
  };
  dialog.querySelector(".close").click();
  found.closed = !dialog.open;
  found.back = document.activeElement === cell;
  const filter = document.getElementById("filter");
  filter.value = "PLAIN";
  filter.dispatchEvent(new Event("input"));
  found.rows = [...document.querySelectorAll("tbody tr")].filter(row => !row.hidden).length;
  found.images = document.images.length;
  found.red = document.querySelectorAll("#matrix .c.leak").length;
  const root = document.documentElement;
  found.sideways = root.scrollWidth > root.clientWidth;
  const answer = document.createElement("pre");
  answer.id = "seen";
  answer.textContent = encodeURIComponent(JSON.stringify(found));
  document.body.append(answer);
})();
</script>
"""


def access(persona: str, rows: str, command: str, statement: str) -> Access:
    return Access(persona, rows, command, Verdict.ALLOWED, (), (), statement)


def report() -> CheckReport:
    tables = tuple(
        TableAccess(
            name,
            "table",
            "user_id",
            True,
            True,
            (
                access("owner", "own", "select", "select 1"),
                access("stranger", "other", "delete", f"table {name}"),
            ),
            privileges={"anon": "", "authenticated": "rd"},
            policies=(f'create policy "{EVIL}" on t for delete to public using (true)',),
        )
        for name in (EVIL, "plain_" + "long_" * 20)
    )
    leak = Finding(
        "leak", "error", EVIL, "stranger", "other", "delete", (), f"Strangers: {EVIL}.", EVIL
    )
    matrix = AccessMatrix(tables, ("owner", "stranger"), 2, 0.1)
    return CheckReport(False, (leak,), matrix, None, (), "seen", 0.1)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_cell_opens_down_to_statement_grants_and_policy(width: int, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed")
    page = tmp_path / "page.html"
    page.write_text(html_page(report()) + VISIT, encoding="utf-8")
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},800",
        "--virtual-time-budget=2000",
        "--dump-dom",
        page.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-2000:]
    seen: dict[str, Any] = json.loads(unquote(found[1]))
    assert seen["title"] == "Database access"
    assert seen["open"]
    assert seen["inside"]
    assert f"table {EVIL};" in seen["text"]
    assert "authenticated: select, delete" in seen["text"]
    assert f'create policy "{EVIL}" on t for delete to public using (true);' in seen["text"]
    assert seen["label"] == f"stranger on {EVIL}: delete"
    assert seen["closed"]
    assert seen["back"]
    assert (seen["rows"], seen["images"], seen["red"]) == (1, 0, 1)
    assert not seen["sideways"]
