"""The steps of action.yml as the runner runs them, and the workflow that is to be copied."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

yaml = pytest.importorskip("yaml")

# What `prospectr-db access check` does, as far as a workflow sees it.
PROGRAM = """#!/bin/sh
echo "$@" >> "$CALLS"
[ "$ANSWER" = 2 ] && exit 2
while [ $# -gt 0 ]; do
  case "$1" in --sarif|--html|--junit|--markdown) echo x > "$2"; shift;; esac
  shift
done
exit "$ANSWER"
"""


def load(path: str) -> Any:
    return yaml.safe_load((REPOSITORY / path).read_text(encoding="utf-8"))


def step(name: str) -> Any:
    return next(s for s in load("action.yml")["runs"]["steps"] if s.get("name") == name)


def run(name: str, folder: Path, answer: int) -> tuple[int, dict[str, str], str]:
    """Run a step as the runner does; return its exit code, outputs, and the program's calls."""
    program = folder / "bin" / "prospectr-db"
    program.parent.mkdir()
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    script, output, calls = folder / "step.sh", folder / "output", folder / "calls"
    script.write_text(step(name)["run"], encoding="utf-8")
    output.touch()
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(output),
        "PROJECT": "my app",
        "REPORTS": "the reports",
        "ANSWER": str(answer),
        "CALLS": str(calls),
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = subprocess.run(shell, cwd=folder, env=environment, check=False)
    lines = output.read_text(encoding="utf-8").splitlines()
    return done.returncode, dict(line.split("=", 1) for line in lines), calls.read_text("utf-8")


@pytest.mark.parametrize("answer", [0, 1])
def test_the_answer_is_the_steps_own_and_every_report_is_an_output(
    answer: int, tmp_path: Path
) -> None:
    code, outputs, calls = run("Check access", tmp_path, answer)
    assert code == answer
    assert outputs == {
        "sarif": "the reports/access.sarif",
        "html": "the reports/access.html",
        "junit": "the reports/access.xml",
        "markdown": "the reports/access.md",
    }
    assert all((tmp_path / path).is_file() for path in outputs.values())
    assert calls.startswith("--project my app access check ")


def test_a_check_that_could_not_answer_has_no_outputs(tmp_path: Path) -> None:
    code, outputs, _ = run("Check access", tmp_path, 2)
    assert (code, outputs) == (2, {})


def test_stopping_the_server_never_fails(tmp_path: Path) -> None:
    code, _, calls = run("Stop the server", tmp_path, 2)
    assert (code, calls) == (0, "--project my app server stop\n")


def test_what_the_action_hands_out_is_set_by_its_steps() -> None:
    action = load("action.yml")
    said = step("Check access")["run"]
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"
        assert f"{name}:" in said
    given = {v for s in action["runs"]["steps"] for v in s.get("env", {}).values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in ("project", "reports", "requirement")} <= given
    # No input is pasted into a script: it could be one.
    assert not any("${{" in s.get("run", "") for s in action["runs"]["steps"])


def test_the_workflow_to_copy_uses_outputs_that_there_are() -> None:
    text = (REPOSITORY / "examples" / "github" / "access.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    used = set(re.findall(r"steps\.access\.outputs\.(\w+)", text))
    assert used == {"sarif", "html"} <= set(load("action.yml")["outputs"])
    assert workflow["permissions"]["security-events"] == "write"
    assert [s.get("id") for s in workflow["jobs"]["access"]["steps"]].count("access") == 1


def test_the_hooks_of_pre_commit_call_verbs_that_there_are() -> None:
    hooks = {hook["id"]: hook for hook in load(".pre-commit-hooks.yaml")}
    assert hooks["prospectr-db-access"]["entry"] == "prospectr-db access check"
    for hook in hooks.values():
        assert hook["pass_filenames"] is False
        assert re.match(hook["files"], "supabase/migrations/1_a.sql")
