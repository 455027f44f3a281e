"""A check says once what was gained or lost: idle grants, and what follows from something."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.observation import prepared
from prospectr_db.access.witness.why import explain
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin
from prospectr_db.errors import UsageError
from tests.integration.access.held import run
from tests.integration.access.holding import Held
from tests.integration.access.schemas import NOTES

VIEW = "create view public.titles as select n.title from public.notes as n;"


def test_a_grant_is_told_where_nobody_uses_it_and_otherwise_by_what_he_can(
    held: Callable[[str], Held],
) -> None:
    after = held(NOTES + "revoke update (user_id) on public.notes from authenticated;")
    idle = "notes now holds a grant that no policy uses: anon: select."
    assert after("grant select on public.notes to anon") == {idle}
    # Used now, so that what he can is all that is said of it.
    found = after("create policy all_read on public.notes for select to anon using (true)")
    assert found
    assert not any("grant" in sentence for sentence in found), found
    found = after(
        "drop policy all_read on public.notes; revoke select on public.notes from anon;"
        "revoke select on public.notes from authenticated;"
    )
    assert not any("that made no difference" in sentence for sentence in found), found
    assert any("Owners can no longer read notes" in sentence for sentence in found), found


def test_why_names_the_tables_of_a_view_and_brings_what_matters_of_users(target: Target) -> None:
    run(target, NOTES + VIEW + "create table public.others (id int primary key);")
    with prepared(target) as observation:
        with pytest.raises(UsageError) as refused:
            explain(observation, "titles")
        assert refused.value.hint == "Ask about one of those: notes."
        script = explain(observation, "notes").script
    assert "-- Of auth.users only the columns that must be" in script
    assert "raw_user_meta_data" not in script
    assert script.count('into "auth"."users"') == 2
    with connect_admin(target) as connection:
        assert connection.execute(script.encode()).statusmessage == "BEGIN"
