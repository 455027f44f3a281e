"""Realtime: broadcasts from the database, and which subscriber may see which change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from psycopg import Connection, errors

from tests.integration.platform.conftest import Impersonate

ME = "00000000-0000-4000-8000-000000000001"
YOU = "00000000-0000-4000-8000-000000000002"


def _one(connection: Connection[Any], query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def test_a_broadcast_is_stored_for_its_topic(postgres: Connection[Any]) -> None:
    postgres.execute("""select realtime.send('{"text": "hi"}', 'said', 'room:1', false)""")
    postgres.execute("select realtime.send('[1]', 'list', 'room:1')")
    rows = postgres.execute(
        "select topic, event, extension, private, payload ->> 'text', payload ? 'id'"
        " from realtime.messages order by event"
    ).fetchall()
    assert rows == [
        ("room:1", "list", "broadcast", True, None, False),
        ("room:1", "said", "broadcast", False, "hi", True),
    ]
    assert _one(postgres, "select realtime.topic()") == "room:1"
    postgres.execute("select realtime.send_binary('\\x00ff', 'bytes', 'room:2')")
    row = _one(postgres, "select binary_payload from realtime.messages where topic = 'room:2'")
    assert row == b"\x00\xff"


def test_without_a_topic_there_is_none(postgres: Connection[Any]) -> None:
    assert _one(postgres, "select realtime.topic()") is None


def test_a_trigger_broadcasts_a_change(postgres: Connection[Any]) -> None:
    postgres.execute(
        """
        create table public.notes (id int primary key, text text);
        create function public.tell() returns trigger language plpgsql security definer as $$
        begin
            perform realtime.broadcast_changes(
                'notes:' || coalesce(new.id, old.id), tg_op, tg_op, tg_table_name,
                tg_table_schema, new, old
            );
            return null;
        end $$;
        create trigger tell after insert or update or delete on public.notes
            for each row execute function public.tell();
        insert into public.notes values (1, 'a');
        update public.notes set text = 'b';
        delete from public.notes;
        """
    )
    payloads = dict(postgres.execute("select event, payload from realtime.messages"))
    assert payloads["INSERT"]["record"] == {"id": 1, "text": "a"}
    assert payloads["UPDATE"]["old_record"]["text"] == "a"
    assert payloads["UPDATE"]["table"] == "notes"
    assert payloads["DELETE"]["record"] is None
    with pytest.raises(errors.RaiseException):
        postgres.execute(
            "select realtime.broadcast_changes('t', 'e', 'INSERT', 'notes', 'public',"
            " null::public.notes, null::public.notes, 'STATEMENT')"
        )


def test_policies_on_messages_decide_who_listens(
    postgres: Connection[Any], impersonate: Impersonate
) -> None:
    postgres.execute(
        "create policy listen on realtime.messages for select to authenticated"
        " using (realtime.topic() = 'user:' || auth.uid()::text)"
    )
    postgres.execute("select realtime.send('{}', 'e', %s)", (f"user:{ME}",))
    impersonate("authenticated", {"sub": ME})
    assert _one(postgres, "select count(*) from realtime.messages") == 1
    impersonate("authenticated", {"sub": YOU})
    assert _one(postgres, "select count(*) from realtime.messages") == 0
    impersonate("anon")
    assert _one(postgres, "select count(*) from realtime.messages") == 0


@pytest.mark.parametrize(
    ("operator", "kind", "left", "right", "answer"),
    [
        ("eq", "integer", "2", "2", True),
        ("neq", "integer", "2", "2", False),
        ("lt", "integer", "9", "10", True),
        ("lt", "text", "9", "10", False),
        ("gte", "date", "2026-01-02", "2026-01-01", True),
        ("in", "text", "b", "{a,b}", True),
        ("in", "integer", "3", "{1,2}", False),
        ("like", "text", "hello", "he%", True),
        ("ilike", "text", "HELLO", "he%", True),
        ("match", "text", "abc", "^a.c$", True),
        ("imatch", "text", "ABC", "^a.c$", True),
        ("is", "boolean", "true", "true", True),
        ("is", "boolean", None, "null", True),
        ("isdistinct", "integer", None, "1", True),
    ],
)
def test_a_filter_compares_as_the_columns_type_does(
    postgres: Connection[Any],
    operator: str,
    kind: str,
    left: str | None,
    right: str,
    answer: bool,
) -> None:
    query = "select realtime.check_equality_op(%s::realtime.equality_op, %s::regtype, %s, %s)"
    assert _one(postgres, query, operator, kind, left, right) is answer
    negated = query.replace("%s)", "%s, true)")
    assert _one(postgres, negated, operator, kind, left, right) is not answer


def test_helpers_quote_cast_and_prepare(postgres: Connection[Any]) -> None:
    postgres.execute('create table public."my notes" (id int primary key)')
    assert _one(postgres, """select realtime.quote_wal2json('public."my notes"')""") == (
        "public.my\\ notes"
    )
    assert _one(postgres, "select realtime.wal2json_escape_identifier('a.b')") == "a\\.b"
    assert _one(postgres, "select realtime.cast('7', 'integer')") == 7
    assert _one(postgres, "select realtime.to_regrole('anon')::text") == "anon"
    statement = _one(
        postgres,
        "select realtime.build_prepared_statement_sql('p', 'public.\"my notes\"', array["
        "row('id', 'int4', 23, '7', true, true)::realtime.wal_column])",
    )
    postgres.execute(statement.encode())
    assert _one(postgres, "execute p") is False


@pytest.fixture
def notes(superuser: Connection[Any]) -> Connection[Any]:
    """A protected table, two subscribers, and a third who filters."""
    superuser.execute(
        """
        set local role postgres;
        create table public.notes (id int primary key, owner uuid, secret text, kind text);
        alter table public.notes enable row level security;
        create policy own on public.notes for select to authenticated using (owner = auth.uid());
        grant select (id, owner, kind) on public.notes to authenticated;
        reset role;
        """
    )
    subscribe = (
        "insert into realtime.subscription (subscription_id, entity, claims, filters) values"
        " (%s, 'public.notes', %s, %s::realtime.user_defined_filter[])"
    )
    for number, sub, filters in (
        (1, ME, "{}"),
        (2, YOU, "{}"),
        (3, ME, '{"(kind,eq,todo,)"}'),
    ):
        claims = json.dumps({"sub": sub, "role": "authenticated"})
        superuser.execute(
            subscribe, (f"00000000-0000-4000-9000-00000000000{number}", claims, filters)
        )
    return superuser


def _change(action: str, **row: Any) -> str:
    types = {"id": 23, "owner": 2950, "secret": 25, "kind": 25}
    columns = [
        {"name": name, "type": "x", "typeoid": types[name], "value": value}
        for name, value in row.items()
    ]
    return json.dumps(
        {
            "action": action,
            "schema": "public",
            "table": "notes",
            "timestamp": "2026-01-01 00:00:00+00",
            "pk": [{"name": "id", "type": "integer"}],
            "columns": [] if action == "D" else columns,
            "identity": columns if action in "UD" else [],
        }
    )


def _receivers(connection: Connection[Any], change: str) -> tuple[dict[str, Any], list[int]]:
    rows = connection.execute(
        "select wal, is_rls_enabled, subscription_ids, errors from realtime.apply_rls(%s)",
        (change,),
    ).fetchall()
    assert len(rows) == 1
    wal, protected, receivers, problems = rows[0]
    assert protected is True
    assert problems == []
    return wal, [int(str(one)[-1]) for one in receivers]


def test_a_change_reaches_those_whose_policy_and_filter_let_it_through(
    notes: Connection[Any],
) -> None:
    notes.execute("insert into public.notes values (1, %s, 'x', 'todo')", (ME,))
    notes.execute("insert into public.notes values (2, %s, 'x', 'done')", (YOU,))
    wal, receivers = _receivers(notes, _change("I", id=1, owner=ME, secret="x", kind="todo"))
    assert receivers == [1, 3]
    assert wal["record"] == {"id": 1, "owner": ME, "kind": "todo"}
    assert wal["type"] == "INSERT"
    assert [column["name"] for column in wal["columns"]] == ["id", "owner", "kind"]
    _, receivers = _receivers(notes, _change("U", id=2, owner=YOU, secret="x", kind="done"))
    assert receivers == [2]
    # The session is as it was before the subscribers were impersonated.
    assert _one(notes, "select current_user::text") == "supabase_admin"
    assert _one(notes, "select auth.uid()") is None


def test_of_a_deleted_row_only_the_key_is_told(notes: Connection[Any]) -> None:
    wal, receivers = _receivers(notes, _change("D", id=1, owner=ME, secret="x"))
    assert receivers == [1, 2]
    assert wal["old_record"] == {"id": 1}


def test_a_role_that_sees_no_key_column_is_told_so(notes: Connection[Any]) -> None:
    notes.execute("revoke select on public.notes from authenticated")
    notes.execute("revoke select (id) on public.notes from authenticated")
    row = notes.execute(
        "select errors from realtime.apply_rls(%s)", (_change("I", id=1, owner=ME),)
    ).fetchone()
    assert row == (["Error 401: Unauthorized"],)


@pytest.mark.parametrize(
    "filters", ['{"(nothing,eq,1,)"}', '{"(secret,eq,1,)"}', '{"(id,eq,word,)"}']
)
def test_a_filter_on_what_the_role_cannot_see_is_refused(
    notes: Connection[Any], filters: str
) -> None:
    with pytest.raises(errors.DatabaseError) as caught:
        notes.execute(
            "insert into realtime.subscription (subscription_id, entity, claims, filters) values"
            " (gen_random_uuid(), 'public.notes', %s, %s::realtime.user_defined_filter[])",
            (json.dumps({"role": "authenticated"}), filters),
        )
    assert caught.value.sqlstate in {"P0001", "22P02"}
