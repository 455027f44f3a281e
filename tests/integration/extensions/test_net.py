"""pg_net's stand-in queues requests, never sends them, and takes the answer that a test gives."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

from prospectr_db.errors import UsageError
from prospectr_db.platform.requests import answer, queued


def test_requests_are_queued_with_url_headers_and_body(owner: Connection[Any]) -> None:
    owner.execute(
        'select net.http_get(\'https://example.com\', \'{"q": "a b&é"}\', \'{"X-Key": "1"}\'),'
        " net.http_post(url := 'https://example.com/x?y=1', body := '{\"a\": 1}',"
        ' params := \'{"z": "2"}\', headers := \'{"Authorization": "t"}\'),'
        " net.http_delete('https://example.com/x', timeout_milliseconds := 100)"
    )
    get, post, delete = queued(owner)
    assert (get.method, get.url) == ("GET", "https://example.com/?q=a%20b%26%C3%A9")
    assert get.headers == {"X-Key": "1"}
    assert get.body is None
    assert (post.method, post.url) == ("POST", "https://example.com/x?y=1&z=2")
    assert post.headers == {"Authorization": "t", "Content-Type": "application/json"}
    assert post.json() == {"a": 1}
    assert (delete.method, delete.timeout_milliseconds) == ("DELETE", 100)


def test_a_post_of_another_content_type_is_refused(owner: Connection[Any]) -> None:
    with pytest.raises(psycopg.Error, match='Content-Type header must be "application/json"'):
        owner.execute(
            "select net.http_post('https://example.com', headers := '{\"content-type\": \"a/b\"}')"
        )


def test_an_answer_takes_the_request_off_the_queue(owner: Connection[Any]) -> None:
    owner.execute("select net.http_get('https://example.com')")
    (request,) = queued(owner)
    pending = owner.execute(
        "select (net._http_collect_response(%s)).status::text", (request.id,)
    ).fetchone()
    assert pending == ("ERROR",)
    answer(owner, request, status=201, content='{"ok": true}', headers={"X-A": "b"})
    assert queued(owner) == ()
    row = owner.execute(
        "select r.status::text, (r.response).status_code, (r.response).body,"
        " (r.response).headers ->> 'X-A' from net._http_collect_response(%s, false) as r",
        (request.id,),
    ).fetchone()
    assert row == ("SUCCESS", 201, '{"ok": true}', "b")
    with pytest.raises(UsageError, match="There is no queued request"):
        answer(owner, request)


def test_an_answer_may_be_a_failure(owner: Connection[Any]) -> None:
    owner.execute("select net.http_get('https://example.com')")
    (request,) = queued(owner)
    answer(owner, request, error="Timeout of 5000 ms reached")
    assert owner.execute(
        "select r.status::text, r.message from net._http_collect_response(%s) as r", (request.id,)
    ).fetchone() == ("ERROR", "Timeout of 5000 ms reached")
    assert owner.execute("select timed_out, status_code from net._http_response").fetchone() == (
        True,
        None,
    )


def test_waiting_for_an_answer_that_never_comes_ends(owner: Connection[Any]) -> None:
    owner.execute("select net.http_get('https://example.com', timeout_milliseconds := 60)")
    (request,) = queued(owner)
    with pytest.raises(psycopg.Error, match="has no response") as late:
        owner.execute("select net._await_response(%s)", (request.id,))
    assert late.value.sqlstate == "57014"


def test_api_roles_may_ask_for_requests(owner: Connection[Any]) -> None:
    owner.execute("set local role authenticated")
    owner.execute("select net.http_get('https://example.com')")
    assert len(queued(owner)) == 1
