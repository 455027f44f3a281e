"""What is read of a supabase/ folder, and what is said about one that cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from prospectr_db.errors import ConfigError, MigrationFileError, ProjectNotFoundError
from prospectr_db.project import load

MakeProject = Callable[[Mapping[str, str | bytes]], Path]
M = "supabase/migrations/"


def test_migrations_are_ordered_by_version_as_text_and_others_are_skipped_with_a_note(
    make_project: MakeProject,
) -> None:
    root = make_project(
        {
            M + "9_nine.sql": "",
            M + "10_ten.sql": "-- c",
            M + "20240101000000_a.b.sql": "",
            M + "1_x.down.sql": "select 1",
            M + "readme.md": "",
            M + "draft_x.sql": "",
            M + "nested/3_x.sql": "",
            M + "123_6ba7b810-9dad-11d1-80b4-00c04fd430c8.sql": "",
        }
    )
    project = load(root)
    assert [m.version for m in project.migrations] == ["1", "10", "123", "20240101000000", "9"]
    assert [m.name for m in project.migrations][:2] == ["x.down", "ten"]
    assert sorted(note.split(" was ")[0] for note in project.notes) == [
        M + "draft_x.sql",
        M + "nested",
        M + "readme.md",
    ]


def test_a_first_init_of_2021_is_skipped_as_the_cli_skips_it(make_project: MakeProject) -> None:
    project = load(make_project({M + "20210101000000_init.sql": "", M + "2_x.sql": ""}))
    assert [m.version for m in project.migrations] == ["2"]


def test_a_version_given_twice_names_both_files(make_project: MakeProject) -> None:
    root = make_project({M + "1_a.sql": "", M + "1_b.sql": ""})
    with pytest.raises(MigrationFileError, match=r"1_a\.sql and supabase/migrations/1_b\.sql"):
        load(root)


def test_a_byte_order_mark_goes_and_line_endings_stay(make_project: MakeProject) -> None:
    raw = b"\xef\xbb\xbfselect 1;\r\n-- \xc3\xa9"
    (migration,) = load(make_project({M + "1_a.sql": raw})).migrations
    assert migration.text == "select 1;\r\n-- é"
    assert migration.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("raw", "said", "line"),
    [
        (b"select 1;\n-- \xff", "byte 13 on line 2", 2),
        (b"\xff\xfes\x00e\x00", "byte 0 on line 1", 1),
        (b"select 1;\n\n\x00", "NUL character on line 3", 3),
    ],
)
def test_a_file_that_is_not_text_is_refused_with_its_place(
    make_project: MakeProject, raw: bytes, said: str, line: int
) -> None:
    with pytest.raises(MigrationFileError, match=said) as caught:
        load(make_project({M + "1_a.sql": raw}))
    assert caught.value.details["line"] == line
    assert caught.value.hint


def test_links_are_followed_and_a_dangling_one_is_explained(make_project: MakeProject) -> None:
    root = make_project({"shared.sql": "select 1", M + "keep.txt": ""})
    (root / M / "1_linked.sql").symlink_to(root / "shared.sql")
    assert load(root).migrations[0].text == "select 1"
    (root / "shared.sql").unlink()
    with pytest.raises(MigrationFileError, match=r"symbolic link to .*does not exist"):
        load(root)


def test_a_folder_named_like_a_migration_is_explained(make_project: MakeProject) -> None:
    with pytest.raises(MigrationFileError, match=r"1_a\.sql is a folder"):
        load(make_project({M + "1_a.sql/x": ""}))


def test_seeds_come_in_config_order_and_byte_sorted_inside_a_glob(
    make_project: MakeProject,
) -> None:
    config = '[db.seed]\nsql_paths = ["./z.sql", "seeds/*.sql", "none/*.sql", "../outside.sql"]'
    root = make_project(
        {
            "supabase/config.toml": config,
            "supabase/z.sql": "",
            "supabase/seeds/b.sql": "",
            "supabase/seeds/B.sql": "x",
            "supabase/seeds/a10.sql": "",
            "outside.sql": "",
        }
    )
    project = load(root)
    assert [seed.label for seed in project.seeds] == [
        "supabase/z.sql",
        "supabase/seeds/B.sql",
        "supabase/seeds/a10.sql",
        "supabase/seeds/b.sql",
        "outside.sql",
    ]
    assert any("none/*.sql" in note for note in project.notes)


def test_without_a_config_the_defaults_hold(make_project: MakeProject) -> None:
    project = load(make_project({"supabase/seed.sql": "select 1"}))
    assert [seed.label for seed in project.seeds] == ["supabase/seed.sql"]
    assert project.config.api_schemas == ("public", "graphql_public")
    assert project.config.auto_expose_new_tables is None
    assert project.notes == ()


def test_disabled_seeds_are_none(make_project: MakeProject) -> None:
    files = {"supabase/config.toml": "[db.seed]\nenabled = false", "supabase/seed.sql": ""}
    assert load(make_project(files)).seeds == ()


def test_config_values_are_typed_and_environment_is_substituted(make_project: MakeProject) -> None:
    root = make_project(
        {
            "supabase/config.toml": """
            project_id = "env(REF)"
            [api]
            auto_expose_new_tables = true
            max_rows = 50
            [db.vault]
            key = "env(KEY)"
            empty = "env(NOT_SET)"
            [storage.buckets.images]
            public = true
            file_size_limit = "50MiB"
            allowed_mime_types = ["image/png"]
            objects_path = "./images"
            [remotes.staging]
            project_id = "abc"
            [auth.hook.custom_access_token]
            enabled = true
            uri = "pg-functions://postgres/public/hook"
            [db.settings]
            max_connections = 10
            """
        }
    )
    project = load(root, environment={"REF": "xyz", "KEY": "s3cret"})
    config = project.config
    assert (config.project_id, config.api_max_rows) == ("xyz", 50)
    assert config.auto_expose_new_tables is True
    assert list(config.vault) == ["key"]
    assert config.vault["key"].reveal() == "s3cret"
    assert "s3cret" not in repr(config.vault)
    assert (config.buckets[0].file_size_limit, config.buckets[0].public) == (50 * 1024**2, True)
    assert config.remotes[0].project_id == "abc"
    assert config.auth_hooks[0].enabled
    said = "\n".join(project.notes)
    assert "db.settings" in said
    assert "NOT_SET" in said
    assert "./images" in said


def test_broken_toml_is_shown_at_its_place(make_project: MakeProject) -> None:
    with pytest.raises(ConfigError, match=r"supabase/config\.toml:2:9: ") as caught:
        load(make_project({"supabase/config.toml": "[api]\nport =  = 1\n"}))
    assert caught.value.details["excerpt"].splitlines() == ["2 | port =  = 1", "            ^"]


def test_a_value_of_the_wrong_type_names_its_key(make_project: MakeProject) -> None:
    with pytest.raises(ConfigError, match=r"api\.schemas must be a list of strings"):
        load(make_project({"supabase/config.toml": '[api]\nschemas = "public"'}))


def test_a_folder_without_supabase_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFoundError, match="There is no supabase/ folder") as caught:
        load(tmp_path)
    assert "--project" in str(caught.value.hint)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFoundError, match="does not exist"):
        load(tmp_path / "nowhere")


def test_being_inside_the_supabase_folder_is_recognised(make_project: MakeProject) -> None:
    root = make_project({M + "1_a.sql": ""})
    for inside in (root / "supabase", root / "supabase/migrations"):
        with pytest.raises(ProjectNotFoundError, match="inside a supabase/ folder") as caught:
            load(inside)
        assert str(root) in str(caught.value.hint)


def test_rollbacks_repeatable_roles_and_contract_are_found(make_project: MakeProject) -> None:
    project = load(
        make_project(
            {
                "supabase/rollbacks/1_a.sql": "drop table a",
                "supabase/repeatable/b.sql": "",
                "supabase/repeatable/a.sql": "",
                "supabase/roles.sql": "create role x",
                "supabase/access.toml": "",
            }
        )
    )
    assert [file.version for file in project.rollbacks] == ["1"]
    assert [file.path.name for file in project.repeatable] == ["a.sql", "b.sql"]
    assert project.roles is not None
    assert project.access_contract is not None
