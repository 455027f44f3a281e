"""pgmq's stand-in: queues with visibility timeouts, archives and metrics."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection


@pytest.fixture
def queue(owner: Connection[Any]) -> Connection[Any]:
    owner.execute("create extension pgmq")
    owner.execute("select pgmq.create('Jobs')")
    return owner


def ids(queue: Connection[Any], query: str) -> list[int]:
    return [row[0] for row in queue.execute(query.encode()).fetchall()]


def test_a_message_that_was_read_is_invisible_until_its_timeout(queue: Connection[Any]) -> None:
    assert ids(queue, """select pgmq.send('Jobs', '{"a": 1}')""") == [1]
    assert ids(queue, """select pgmq.send_batch('Jobs', array['{"b": 1}', '{"b": 2}']::jsonb[])""")
    assert ids(queue, "select msg_id from pgmq.read('Jobs', 30, 2)") == [1, 2]
    assert ids(queue, "select msg_id from pgmq.read('Jobs', 30, 5)") == [3]
    assert ids(queue, "select msg_id from pgmq.read('Jobs', 30, 5)") == []
    queue.execute("select pgmq.set_vt('Jobs', 2, 0)")
    assert ids(queue, "select read_ct from pgmq.read('Jobs', 30, 5)") == [2]


def test_a_delay_hides_a_message_and_a_condition_chooses(queue: Connection[Any]) -> None:
    queue.execute("""select pgmq.send('Jobs', '{"a": 1}', 60), pgmq.send('Jobs', '{"a": 2}')""")
    queue.execute("""select pgmq.send('Jobs', '{"a": 3}'::jsonb, '{"h": 1}'::jsonb)""")
    assert ids(queue, """select msg_id from pgmq.read('Jobs', 1, 9, '{"a": 3}')""") == [3]
    assert ids(queue, "select msg_id from pgmq.pop('Jobs')") == [2]
    assert ids(queue, "select msg_id from pgmq.pop('Jobs')") == []


def test_archive_and_delete(queue: Connection[Any]) -> None:
    queue.execute("select pgmq.send_batch('Jobs', array['1', '2', '3', '4']::jsonb[])")
    assert ids(queue, "select pgmq.archive('Jobs', 1)") == [True]
    assert ids(queue, "select pgmq.archive('Jobs', array[2, 99])") == [2]
    assert ids(queue, "select pgmq.delete('Jobs', 3)") == [True]
    assert ids(queue, "select pgmq.delete('Jobs', 3)") == [False]
    assert ids(queue, "select msg_id from pgmq.a_jobs order by msg_id") == [1, 2]
    assert ids(queue, "select msg_id from pgmq.q_jobs") == [4]


def test_metrics_count_what_is_there_and_what_was_sent(queue: Connection[Any]) -> None:
    queue.execute("select pgmq.send_batch('Jobs', array['1', '2']::jsonb[])")
    queue.execute("select pgmq.read('Jobs', 30, 1)")
    # now() is the transaction's time; a message sent in it becomes visible right after.
    row = queue.execute(
        "select queue_name, queue_length, total_messages from pgmq.metrics_all()"
    ).fetchone()
    assert row == ("Jobs", 2, 2)
    assert ids(queue, "select pgmq.purge_queue('Jobs')") == [2]


def test_queues_are_listed_dropped_and_go_with_the_extension(queue: Connection[Any]) -> None:
    queue.execute("select pgmq.create_unlogged('fast')")
    assert queue.execute(
        "select queue_name, is_unlogged from pgmq.list_queues() order by is_unlogged"
    ).fetchall() == [("Jobs", False), ("fast", True)]
    assert ids(queue, "select pgmq.drop_queue('fast')") == [True]
    assert ids(queue, "select pgmq.drop_queue('fast')") == [False]
    queue.execute("drop extension pgmq cascade")
    assert ids(queue, "select count(*) from pg_class where relname = 'q_jobs'") == [0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("pgmq.create('a;b')", "queue name contains invalid characters"),
        (f"pgmq.create('{'x' * 48}')", "queue name is too long"),
        ("pgmq.create_partitioned('p')", "pg_partman is required"),
    ],
)
def test_refusals(queue: Connection[Any], call: str, message: str) -> None:
    with pytest.raises(psycopg.Error, match=message):
        queue.execute(f"select {call}".encode())


def test_the_creator_owns_the_queues(queue: Connection[Any]) -> None:
    queue.execute("alter table pgmq.q_jobs enable row level security")
    assert ids(queue, "select pg_get_userbyid(relowner) from pg_class where relname = 'meta'") == [
        "postgres"
    ]
