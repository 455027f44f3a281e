"""Storage's functions: what policies call, what lists a bucket, and what guards it."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection, errors, sql

from tests.integration.platform.conftest import Impersonate


def _one(connection: Connection[Any], query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def bucket(postgres: Connection[Any]) -> Connection[Any]:
    """A bucket `b` of five objects, in folders and out of them."""
    postgres.execute("insert into storage.buckets (id, name) values ('b', 'b'), ('c', 'c')")
    for number, name in enumerate(
        ["a/1.png", "a/2.png", "a/deep/3.txt", "readme.md", "Zoo/z.tar.gz"]
    ):
        postgres.execute(
            "insert into storage.objects (bucket_id, name, metadata, created_at, updated_at)"
            " values ('b', %s, jsonb_build_object('size', 10), %s::timestamptz, %s::timestamptz)",
            (name, f"2026-01-0{number + 1}", f"2026-01-0{number + 1}"),
        )
    postgres.execute("insert into storage.objects (bucket_id, name) values ('c', 'a/other.png')")
    return postgres


@pytest.mark.parametrize(
    ("name", "folders", "file", "extension"),
    [
        ("a/b/c.tar.gz", ["a", "b"], "c.tar.gz", "gz"),
        ("top.png", [], "top.png", "png"),
        ("a/noext", ["a"], "noext", "noext"),
        ("a/", ["a"], "", None),
        (None, None, None, None),
    ],
)
def test_a_name_is_taken_apart(
    postgres: Connection[Any],
    name: str | None,
    folders: list[str] | None,
    file: str | None,
    extension: str | None,
) -> None:
    row = postgres.execute(
        "select storage.foldername(%(name)s), storage.filename(%(name)s),"
        " storage.extension(%(name)s)",
        {"name": name},
    ).fetchone()
    assert row is not None
    assert row[0] == folders
    assert row[1] == file
    assert (row[2] or None) == extension


def test_the_usual_policy_lets_a_user_into_the_folder_that_bears_his_id(
    bucket: Connection[Any], impersonate: Impersonate
) -> None:
    me = "00000000-0000-4000-8000-000000000001"
    bucket.execute(
        'create policy "Own folder" on storage.objects to authenticated'
        " using (bucket_id = 'b' and (storage.foldername(name))[1] = auth.uid()::text)"
        " with check (bucket_id = 'b' and (storage.foldername(name))[1] = auth.uid()::text)"
    )
    impersonate("authenticated", {"sub": me, "role": "authenticated"})
    insert = "insert into storage.objects (bucket_id, name) values ('b', %s)"
    bucket.execute(insert, (f"{me}/photo.png",))
    with pytest.raises(errors.InsufficientPrivilege), bucket.transaction():
        bucket.execute(insert, ("a/photo.png",))
    assert _one(bucket, "select count(*) from storage.objects") == 1


def test_a_folder_is_listed_by_name_or_by_time(bucket: Connection[Any]) -> None:
    def names(*arguments: Any) -> list[tuple[str, bool]]:
        defaults = (None, None, 100, 1, 0, "", "name", "asc")
        return bucket.execute(
            "select name, id is null from storage.search(%s, %s, %s, %s, %s, %s, %s, %s)",
            arguments + defaults[len(arguments) :],
        ).fetchall()

    assert names("", "b") == [("a", True), ("readme.md", False), ("Zoo", True)]
    assert names("", "b", 9, 1, 0, "", "name", "desc")[0] == ("Zoo", True)
    assert names("a/", "b", 100, 2) == [("1.png", False), ("2.png", False), ("deep", True)]
    assert names("A/", "b", 100, 2, 0, "2") == [("2.png", False)]
    assert names("", "b", 1, 1, 1) == [("readme.md", False)]
    assert names("a/", "b", 100, 2, 0, "", "created_at", "desc") == [
        ("deep", True),
        ("2.png", False),
        ("1.png", False),
    ]
    assert names("nothing/", "b", 100, 2) == []


def test_the_newer_listing_pages_by_the_last_entry(bucket: Connection[Any]) -> None:
    query = b"select name, id is null from storage.search_v2(%s, 'b', %s, %s, %s, %s, %s, %s)"

    def names(*arguments: Any) -> list[tuple[str, bool]]:
        return bucket.execute(query, arguments).fetchall()

    everything = [("Zoo/", True), ("a/", True), ("readme.md", False)]
    assert names("", 100, 1, "", "asc", "name", "") == everything
    assert names("", 2, 1, "", "asc", "name", "") == everything[:2]
    assert names("", 2, 1, "a/", "asc", "name", "") == everything[2:]
    assert names("", 9, 1, "", "desc", "name", "") == everything[::-1]
    by_time = names("a/", 9, 2, "", "desc", "created_at", "")
    assert by_time == [("a/2.png", False), ("a/1.png", False), ("a/deep/", True)]
    assert names("a/", 9, 2, "a/2.png", "desc", "created_at", "2026-01-02") == by_time[1:]


def test_the_s3_listing_folds_at_the_delimiter(bucket: Connection[Any]) -> None:
    query = b"select name, id is null from storage.list_objects_with_delimiter('b', %s, '/', %s)"
    assert bucket.execute(query, ("", 100)).fetchall() == [
        ("Zoo/", True),
        ("a/", True),
        ("readme.md", False),
    ]
    assert bucket.execute(query, ("a/", 2)).fetchall() == [("a/1.png", False), ("a/2.png", False)]
    after = bucket.execute(
        "select name from storage.list_objects_with_delimiter('b', '', '/', 9, '', 'a/')"
    )
    assert after.fetchall() == [("readme.md",)]
    assert _one(bucket, "select storage.get_common_prefix('a/b/c', 'a/', '/')") == "a/b/"
    for outside in ("'a/b', 'a/', '/'", "'b/c/d', 'a/', '/'", "'a/b/c', 'a/', ''"):
        assert _one(bucket, f"select storage.get_common_prefix({outside})") is None


def test_unfinished_uploads_are_listed(superuser: Connection[Any]) -> None:
    superuser.execute("insert into storage.buckets (id, name) values ('b', 'b')")
    superuser.execute(
        "insert into storage.s3_multipart_uploads (id, upload_signature, bucket_id, key, version)"
        " values ('1', 's', 'b', 'a/x', 'v'), ('2', 's', 'b', 'a/y', 'v'),"
        " ('3', 's', 'b', 'z', 'v')"
    )
    rows = superuser.execute(
        "select key, id from storage.list_multipart_uploads_with_delimiter('b', '', '/', 9)"
    ).fetchall()
    assert [key for key, _ in rows] == ["a/", "z"]


def test_sizes_are_added_up_by_bucket(bucket: Connection[Any]) -> None:
    rows = bucket.execute(
        "select bucket_id, size from storage.get_size_by_bucket() order by bucket_id"
    ).fetchall()
    assert rows == [("b", 50), ("c", None)]


def test_asking_whether_one_may_upload_leaves_nothing_behind(
    bucket: Connection[Any], impersonate: Impersonate
) -> None:
    ask = b"select storage.can_insert_object('b', 'new.png', null, '{}')"
    with pytest.raises(errors.DatabaseError) as caught, bucket.transaction():
        bucket.execute(ask)
    assert caught.value.sqlstate == "PT200"
    assert _one(bucket, "select count(*) from storage.objects where name = 'new.png'") == 0
    impersonate("anon")
    with pytest.raises(errors.InsufficientPrivilege), bucket.transaction():
        bucket.execute(ask)


@pytest.mark.parametrize("table", ["objects", "buckets"])
def test_rows_are_deleted_by_the_storage_api_only(bucket: Connection[Any], table: str) -> None:
    identifier = sql.Identifier("storage", table)
    for role in ("postgres", "service_role"):
        bucket.execute(f"set local role {role}".encode())
        with pytest.raises(errors.InsufficientPrivilege) as caught, bucket.transaction():
            bucket.execute(sql.SQL("delete from {} where false").format(identifier))
        assert "Direct deletion from storage tables" in str(caught.value)
    bucket.execute("set local storage.allow_delete_query = 'true'")
    assert bucket.execute("delete from storage.objects").rowcount == 6


def test_a_policy_may_ask_which_call_is_served(postgres: Connection[Any]) -> None:
    ask = (
        "select storage.operation(), storage.allow_only_operation('object.list'),"
        " storage.allow_only_operation('storage.object.list'),"
        " storage.allow_any_operation(array['object.get', 'object.list']),"
        " storage.allow_any_operation('{}')"
    )
    assert postgres.execute(ask).fetchone() == (None, False, False, False, False)
    postgres.execute("set local storage.operation = 'storage.object.list'")
    assert postgres.execute(ask).fetchone() == ("storage.object.list", True, True, True, False)


def test_a_buckets_name_is_at_most_100_characters(postgres: Connection[Any]) -> None:
    insert = "insert into storage.buckets (id, name) values ('long', %s)"
    with pytest.raises(errors.RaiseException), postgres.transaction():
        postgres.execute(insert, ("x" * 101,))
    postgres.execute(insert, ("x" * 100,))


def test_an_update_is_dated(bucket: Connection[Any]) -> None:
    bucket.execute("update storage.objects set metadata = '{}' where name = 'readme.md'")
    assert _one(bucket, "select updated_at = now() from storage.objects where name = 'readme.md'")
