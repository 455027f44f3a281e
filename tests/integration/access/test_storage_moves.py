"""Files that change their place or owner, and what decides: the folder, the owner, a state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Run

MINE = "(storage.foldername(name))[1] = (select auth.uid())::text"
OWNED = "owner_id = (select auth.uid())::text"
BUCKETS = """
insert into storage.buckets (id, name, public) values
('docs', 'docs', false), ('avatars', 'avatars', true);
"""
DOCS = f"""
create policy d_r on storage.objects for select to authenticated
    using (bucket_id = 'docs' and {MINE});
create policy d_i on storage.objects for insert to authenticated
    with check (bucket_id = 'docs' and {MINE});
create policy d_u on storage.objects for update to authenticated
    using (bucket_id = 'docs' and {MINE}) with check (bucket_id = 'docs' and {MINE});
create policy d_d on storage.objects for delete to authenticated
    using (bucket_id = 'docs' and {MINE});
"""
PICTURES = "bucket_id = 'avatars' and lower(storage.extension(name)) in ('png', 'jpg')"
AVATARS = f"""
create policy a_i on storage.objects for insert to authenticated
    with check ({PICTURES} and {OWNED});
create policy a_u on storage.objects for update to authenticated
    using (bucket_id = 'avatars' and {OWNED}) with check (bucket_id = 'avatars' and {OWNED});
create policy a_s on storage.objects for select to authenticated
    using (bucket_id = 'avatars' and {OWNED});
"""
CONTRACTS: dict[str, str] = {}
"""What was written for a schema: the same for each test that begins with it."""


@pytest.fixture
def told(target: Target, run: Run) -> Callable[[str, str], set[str]]:
    """Return what is told after a change; before it, nothing may be."""

    def tell(before: str, change: str) -> set[str]:
        run(before)
        if before not in CONTRACTS:
            matrix = observe(target)
            assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
            CONTRACTS[before] = render(facts_of(matrix), accepted={})
            found = check(matrix, parse_contract(CONTRACTS[before]))
            assert [f.sentence for f in found if f.severity == "error"] == []
        run(change)
        found = check(observe(target), parse_contract(CONTRACTS[before]))
        return {f.sentence for f in found if f.severity == "error"}

    return tell


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            "alter policy d_u on storage.objects using (bucket_id = 'docs')",
            "Authenticated strangers can now change other people's files in docs/user.",
            id="anybody's file is moved into one's own folder",
        ),
        pytest.param(
            f"alter policy d_i on storage.objects with check ({MINE})",
            "Owners can now upload files to any other bucket/user.",
            id="into whatever bucket there will be",
        ),
        pytest.param(
            "alter policy a_u on storage.objects using (bucket_id = 'avatars')",
            "Authenticated strangers can now change other people's files in avatars/user.",
            id="anybody's file is put under one's own name",
        ),
        pytest.param(
            f"alter policy d_u on storage.objects with check ({MINE})",
            "Owners can now move their own files from docs/user that have no owner"
            " to the bucket avatars.",
            id="a file leaves its bucket for a public one",
        ),
        pytest.param(
            "alter policy d_u on storage.objects with check (bucket_id = 'docs')",
            "Owners can now move their own files from docs/user to another's folder.",
            id="a file is put into another's folder",
        ),
        pytest.param(
            f"alter policy d_r on storage.objects using (bucket_id = 'docs' and {OWNED})",
            "Owners can now read their own files in docs/user in somebody else's folder.",
            id="the owner decides instead of the folder",
        ),
        pytest.param(
            "alter policy d_r on storage.objects using (bucket_id = 'docs'"
            " and (select auth.uid())::text = any (storage.foldername(name)))",
            "Owners can now read their own files in docs/user in somebody else's folder.",
            id="any folder of the name decides",
        ),
        pytest.param(
            "alter policy a_i on storage.objects with check (" + PICTURES + ")",
            "Authenticated strangers can now upload files for other people to avatars/user.",
            id="uploads under another's name",
        ),
        pytest.param(
            "create policy m on storage.objects for select to authenticated"
            " using (bucket_id = 'docs' and user_metadata ->> 'shared' = 'true')",
            "Authenticated strangers can now read other people's files in docs/user"
            " where user_metadata:shared=true.",
            id="a key of the metadata",
        ),
        pytest.param(
            "create policy m on storage.objects for select to anon"
            " using (bucket_id = 'docs' and (storage.foldername(name))[1] = 'public')",
            "Visitors without a login can now read other people's files in docs/user"
            " where folder=public.",
            id="a folder with a name",
        ),
    ],
)
def test_a_policy_on_files_that_loses_a_condition_is_told(
    change: str, sentence: str, told: Callable[[str, str], set[str]]
) -> None:
    assert sentence in told(BUCKETS + DOCS + AVATARS, change)


def test_another_spelling_of_the_folder_is_no_news(told: Callable[[str, str], set[str]]) -> None:
    change = (
        "alter policy d_r on storage.objects using"
        " (bucket_id = 'docs' and split_part(name, '/', 1) = (select auth.uid())::text)"
    )
    assert told(BUCKETS + DOCS + AVATARS, change) == set()


def test_a_lost_kind_of_file_takes_no_move_away(told: Callable[[str, str], set[str]]) -> None:
    change = f"alter policy a_i on storage.objects with check (bucket_id = 'avatars' and {OWNED})"
    sentences = told(BUCKETS + DOCS + AVATARS, change)
    assert sentences == {"Owners can now upload files to avatars/user where extension=exe."}


def test_a_new_bucket_that_is_public_is_told_without_what_the_backend_may(
    told: Callable[[str, str], set[str]],
) -> None:
    change = "insert into storage.buckets (id, name, public) values ('x', 'x', true)"
    assert told(BUCKETS + DOCS, change) == {
        "The bucket x is public: everybody reads every file of it.",
        "The bucket x is not in the contract: say what it takes and shows.",
    }


def test_who_can_read_buckets_is_told_where_the_contract_has_none(
    told: Callable[[str, str], set[str]],
) -> None:
    change = "create policy b on storage.buckets for select to authenticated using (true)"
    sentences = told(BUCKETS + DOCS, change)
    assert (
        "Authenticated strangers can now read storage.buckets on other people's rows." in sentences
    )
    assert not [s for s in sentences if "service role" in s or "not in the contract" in s]


def test_a_file_that_only_a_statement_without_where_moves_is_told_beside_other_buckets(
    told: Callable[[str, str], set[str]],
) -> None:
    # Files of the other bucket must not be moved, and would end a statement that reaches them all.
    bucket = """
        insert into storage.buckets (id, name, public) values ('private', 'private', false);
    """
    policy = f"""
        create policy p_all on storage.objects for all to authenticated
            using (bucket_id = 'private' and {MINE}) with check (bucket_id = 'private' and {MINE});
    """
    found = told(
        BUCKETS + DOCS + bucket + policy,
        "alter policy d_u on storage.objects with check (bucket_id = 'docs')",
    )
    assert found == {"Owners can now move their own files from docs/user to another's folder."}
