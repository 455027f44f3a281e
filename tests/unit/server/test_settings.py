"""The environment's choices about the server become one value, or an explained refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospectr_db.errors import ConfigError
from prospectr_db.server.settings import settings_from


def test_an_ordinary_users_files_are_kept_in_his_state_folder() -> None:
    assert settings_from({"HOME": "/h"}, is_root=False).home == Path("/h/.local/state/prospectr-db")
    chosen = settings_from({"HOME": "/h", "XDG_STATE_HOME": "/s"}, is_root=False)
    assert chosen.home == Path("/s/prospectr-db")


def test_roots_files_are_kept_where_another_account_can_reach_them() -> None:
    assert settings_from({"HOME": "/r"}, is_root=True).home == Path("/var/lib/prospectr-db")


def test_every_choice_can_be_made_by_a_variable() -> None:
    settings = settings_from(
        {
            "PROSPECTR_DB_HOME": "/x",
            "PROSPECTR_DB_BIN": "/pg/bin",
            "PROSPECTR_DB_ACCOUNT": "me",
            "PROSPECTR_DB_PROFILE": "S",
            "PROSPECTR_DB_EXTENSIONS": "/a:/b",
        },
        is_root=False,
    )
    assert settings.home == Path("/x")
    assert settings.bin_dir == Path("/pg/bin")
    assert settings.account == "me"
    assert settings.profile == "s"
    assert settings.extension_dirs == (Path("/a"), Path("/b"))


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match="PROSPECTR_DB_PROFILE") as caught:
        settings_from({"PROSPECTR_DB_PROFILE": "x"}, is_root=False)
    assert "Use c" in str(caught.value.hint)
