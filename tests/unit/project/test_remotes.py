"""``[remotes.NAME]`` is laid over config.toml where that project is spoken to, as in the CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospectr_db.errors import ConfigError
from prospectr_db.project import for_remote, load

CONFIG = """
[api]
max_rows = 500
[db.seed]
sql_paths = ["./seeds/local.sql"]
[db.migrations]
enabled = true

[remotes.production]
project_id = "aaaaaaaaaaaaaaaaaaaa"
[remotes.production.db.migrations]
enabled = false

[remotes.staging]
project_id = "env(STAGING)"
[remotes.staging.api]
schemas = ["public", "shop"]
[remotes.staging.db.seed]
enabled = true
sql_paths = ["./seeds/staging.sql"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "supabase/seeds").mkdir(parents=True)
    (tmp_path / "supabase/config.toml").write_text(CONFIG)
    for name in ("local", "staging"):
        (tmp_path / f"supabase/seeds/{name}.sql").write_text(f"select '{name}'")
    return tmp_path


def test_a_remote_is_not_seeded_unless_its_block_says_so(root: Path) -> None:
    project = for_remote(load(root), "aaaaaaaaaaaaaaaaaaaa")
    assert not project.config.seed_enabled
    assert project.seeds == ()
    assert not project.config.migrations_enabled
    assert project.config.api_max_rows == 500


def test_a_remote_has_its_own_seeds(root: Path) -> None:
    environment = {"STAGING": "bbbbbbbbbbbbbbbbbbbb"}
    local = load(root, environment=environment)
    assert [seed.label for seed in local.seeds] == ["supabase/seeds/local.sql"]
    staging = for_remote(local, "bbbbbbbbbbbbbbbbbbbb", environment=environment)
    assert [seed.label for seed in staging.seeds] == ["supabase/seeds/staging.sql"]
    assert staging.config.api_schemas == ("public", "shop")
    assert staging.config.api_max_rows == 500
    assert staging.config.migrations_enabled


def test_a_project_that_no_block_names_is_as_the_file_says(root: Path) -> None:
    project = load(root)
    assert for_remote(project, "cccccccccccccccccccc") is project


def test_two_blocks_for_one_project_are_refused(root: Path) -> None:
    path = root / "supabase/config.toml"
    path.write_text(path.read_text().replace("env(STAGING)", "aaaaaaaaaaaaaaaaaaaa"))
    project = load(root)
    with pytest.raises(ConfigError, match=r"\[remotes\.production\], \[remotes\.staging\]"):
        for_remote(project, "aaaaaaaaaaaaaaaaaaaa")


def test_local_environments_choose_their_seeds_by_an_environment_variable(root: Path) -> None:
    path = root / "supabase/config.toml"
    path.write_text('[db.seed]\nsql_paths = ["env(SEEDS)"]\n')
    project = load(root, environment={"SEEDS": "./seeds/staging.sql"})
    assert [seed.label for seed in project.seeds] == ["supabase/seeds/staging.sql"]
