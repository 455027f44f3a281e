"""A dump is cut where pg_dump cuts it, and only what a project made is taken from it."""

from __future__ import annotations

from prospectr_db.schema.entries import Entry, Place, read_entries, wanted

HEAD = """--
-- PostgreSQL database dump
--

\\restrict abc

SET check_function_bodies = false;

"""
TAIL = """--
-- PostgreSQL database dump complete
--

\\unrestrict abc

"""


def _entry(name: str, type_: str, sql: str, schema: str = "public", owner: str = "postgres") -> str:
    head = f"--\n-- Name: {name}; Type: {type_}; Schema: {schema}; Owner: {owner}\n--\n\n"
    return f"{head}{sql}\n\n\n"


def test_every_entry_says_what_it_is_and_nothing_of_psql_is_left() -> None:
    dump = HEAD + _entry("a; Type: b", "TABLE", "create table a (id int);") + TAIL
    settings, table = read_entries(dump)
    assert "restrict" not in settings.sql
    assert "check_function_bodies" in settings.sql
    assert (table.name, table.type, table.schema, table.owner) == (
        "a; Type: b",
        "TABLE",
        "public",
        "postgres",
    )
    assert "dump complete" not in table.sql
    assert "restrict" not in table.sql


def test_what_looks_like_an_entry_inside_of_a_text_is_text() -> None:
    fake = _entry("users", "TABLE", "create table auth.users ();", schema="auth")
    body = f"create function f() returns void language sql as $$\n{fake}select 1 $$;"
    comment = f"comment on table t is 'a\n{fake}b';"
    dump = HEAD + _entry("f()", "FUNCTION", body) + _entry("TABLE t", "COMMENT", comment) + TAIL
    _, function, remark = read_entries(dump)
    assert body in function.sql
    assert comment in remark.sql


def test_what_is_supabases_or_a_secret_or_there_already_is_not_taken() -> None:
    place = Place({"auth", "storage", "cron"}, {"auth.uid()", "auth.users"}, {"pgrst_ddl_watch"})

    def entry(name: str, type_: str, schema: str, owner: str = "postgres", sql: str = "") -> Entry:
        return Entry(name, type_, schema, owner, sql)

    mine = [
        entry("t", "TABLE", "public"),
        entry("app", "SCHEMA", "-"),
        entry("SCHEMA app", "ACL", "-"),
        entry("SCHEMA public", "ACL", "-", "pg_database_owner"),
        entry("tenant()", "FUNCTION", "auth"),
        entry("FUNCTION tenant()", "ACL", "auth"),
        entry("watch", "EVENT TRIGGER", "-", sql="… EXECUTE FUNCTION public.watched();"),
        entry("citext", "EXTENSION", "-", "-"),
        entry("supabase_realtime", "PUBLICATION", "-"),
    ]
    others = [
        entry("uid()", "FUNCTION", "auth"),
        entry("sso", "TABLE", "auth", "supabase_auth_admin"),
        entry("FUNCTION alter_job()", "ACL", "cron", "supabase_admin"),
        entry("SCHEMA cron", "ACL", "-", "supabase_admin"),
        entry("EXTENSION citext", "COMMENT", "-", ""),
        entry("pgrst_ddl_watch", "EVENT TRIGGER", "-", sql="EXECUTE FUNCTION x.y();"),
        entry("theirs", "EVENT TRIGGER", "-", sql="EXECUTE FUNCTION cron.watched();"),
        entry("USER MAPPING bob SERVER s", "USER MAPPING", "-"),
        entry("feed", "SUBSCRIPTION", "-"),
    ]
    assert list(wanted([*mine, *others], place)) == mine
