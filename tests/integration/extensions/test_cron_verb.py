"""`prospectr-db cron` from the command line."""

from __future__ import annotations

import json

from tests.conftest import MakeProject, RunCli

MIGRATION = """
    select cron.schedule('good', '0 3 * * *', 'select 1');
    select cron.schedule('bad', '0 4 * * *', 'select 1/0');
"""


def test_jobs_are_listed_and_run(cli: RunCli, make_project: MakeProject) -> None:
    root = make_project({"supabase/migrations/1_jobs.sql": MIGRATION})
    assert cli("reset", project=root).code == 0
    listed = json.loads(cli("cron", "list", "--json", project=root).out)
    assert [(job["name"], job["schedule"]) for job in listed["jobs"]] == [
        ("good", "0 3 * * *"),
        ("bad", "0 4 * * *"),
    ]
    assert "good" in cli("cron", "list", project=root).out
    good = cli("cron", "run", "good", project=root)
    assert (good.code, good.out.split()[0]) == (0, "succeeded")
    bad = cli("cron", "run", "2", "--json", project=root)
    assert bad.code == 1
    assert json.loads(bad.out)["message"] == "ERROR: division by zero"
    missing = cli("cron", "run", "none", project=root)
    assert missing.code == 2
    assert "The jobs are: good (1), bad (2)." in missing.err
