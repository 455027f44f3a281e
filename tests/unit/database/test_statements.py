"""Where statements end, and what each is to the runner."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospectr_db.database.statements import Kind, classify, split

# What version 3.1.0 of the Supabase CLI stored for each of these files.
RECORDED_BY_THE_CLI = [
    ("select 1; select 2;", ["select 1", "select 2"]),
    ("", []),
    (";;; ;select 1;;;", ["select 1"]),
    ("-- only comment", ["-- only comment"]),
    ("/* ; /* ; */ ; */ select 1; -- tail", ["/* ; /* ; */ ; */ select 1", "-- tail"]),
    ("select 'a;b', E'it\\'s; x', $$;$$, $a$ ; $$ ; $a$; x", None),
    ("select n'\\'; select 2", ["select n'\\'", "select 2"]),
    ("select 1e'\\';'; select 2", ["select 1e'\\'", "'; select 2"]),
    ("select E'a'\n'\\';'; x", ["select E'a'\n'\\';'", "x"]),
    ("select E'a' '\\'; x", ["select E'a' '\\'", "x"]),
    ("select a$b$c; select 3$; $x;", ["select a$b$c", "select 3$", "$x"]),
    ("select $$$;$$; x", ["select $$$", "$$; x"]),
    ("select $1$b$;$b$; x", ["select $1$b$;$b$; x"]),
    ('select "a;""b"; x', ['select "a;""b"', "x"]),
    ("create rule r as on insert to t do also (a; b); c", None),
    ("select ((1;2);3);4;", ["select ((1;2)", "3)", "4"]),
    ("begin atomic select 1; append; bend; end; x", None),
    ("begin atomic select case when a then b end; c; end; x", None),
    ("begin/* c */atomic a; end; x", ["begin/* c */atomic a", "end", "x"]),
    ("select atomic from x; y", ["select atomic from x", "y"]),
    ("begin atomic a; end if; b", ["begin atomic a; end if", "b"]),
    ("\\restrict x\n\nselect 1; y", ["\\restrict x\n\nselect 1", "y"]),
    ("\\;a; b", ["\\;a", "b"]),
    ("-- c\r; d\n; e", ["-- c", "d", "e"]),
    ("a; \ufeff b; \x85 c; \u3000", ["a", "b", "\x85 c"]),
    ("select 1 /* unclosed ; x", ["select 1 /* unclosed ; x"]),
    ("select 1;\r\n\r\n-- x\r\n", ["select 1", "-- x"]),
]


@pytest.mark.parametrize(("text", "stored"), RECORDED_BY_THE_CLI)
def test_a_file_is_cut_as_the_supabase_cli_cuts_it(text: str, stored: list[str] | None) -> None:
    found = [statement.text for statement in split(text)]
    if stored is None:  # one statement, then a short one
        assert len(found) == 2
        assert ";" in found[0]
    else:
        assert found == stored


FRAGMENTS = [
    "'", "''", '"', "$", "$$", "$a$", "\\", "(", ")", ";", ";", " ", "\n", "\r", "--", "/*", "*/",
    "e'", "E'", "a", "begin atomic ", "; end", "end;", "case", "é", "\ufeff", "_", "1",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=400, deadline=None)
def test_the_offsets_say_where_each_statement_stands_and_nothing_else_is_left(text: str) -> None:
    end = 0
    for statement in split(text):
        stop = statement.offset + len(statement.text)
        assert statement.offset >= end
        assert text[statement.offset : stop] == statement.text
        assert not text[end : statement.offset].strip("; \t\n\r\f\v\ufeff")
        end = stop
    assert not text[end:].strip("; \t\n\r\f\v\ufeff")


LITERALS = st.one_of(
    st.text(alphabet="a;()$\n-/*", max_size=12).map(lambda body: f"'{body}'"),
    st.text(alphabet="a;()$\n'-", max_size=12).map(lambda body: f'"{body}"'),
    st.text(alphabet="a;()\n'\"-/*", max_size=12).map(lambda body: f"$tag$ {body} $tag$"),
    st.text(alphabet="a;()'\"$-", max_size=12).map(lambda body: f"/* {body} */"),
    st.text(alphabet="a;()'\"$-/", max_size=12).map(lambda body: f"--{body}\n"),
    st.text(alphabet="a;()$", max_size=12).map(lambda body: f"e'\\'{body}\\\\'"),
)


@given(st.lists(LITERALS, min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_a_statement_is_never_cut_inside_a_literal_or_a_comment(literals: list[str]) -> None:
    text = " ; ".join(f"select {literal}\n" for literal in literals)
    assert len(split(text)) == len(literals)


def test_ten_thousand_statements_are_told_apart() -> None:
    text = "create policy \"p\" on t using (a = 'x;y'); -- c;\n" * 10_000
    assert len(split(text)) == 10_001  # the last comment is a statement of its own


@pytest.mark.parametrize("unit", ["$a ", "(", "begin atomic ", "/*", "'", "E'", "--\n", "e'a'\n"])
def test_hostile_repetition_is_one_statement_however_long(unit: str) -> None:
    # Quadratic, this would take minutes: benchmarks/split.py measures it.
    assert len(split(unit * 50_000)) == len(split(unit * 5)) <= 1


KINDS = [
    ("BEGIN", Kind.BEGIN),
    ("start transaction isolation level serializable", Kind.BEGIN),
    ("end", Kind.COMMIT),
    ("commit and chain", Kind.COMMIT_AND_CHAIN),
    ("abort work", Kind.ROLLBACK),
    ("rollback to savepoint a", Kind.ORDINARY),
    ("savepoint a", Kind.ORDINARY),
    ("prepare transaction 'x'", Kind.PREPARED),
    ("commit prepared 'x'", Kind.PREPARED),
    ("create unique index concurrently on t (a)", Kind.ALONE),
    ("drop index concurrently i", Kind.ALONE),
    ("reindex (verbose) table concurrently t", Kind.ALONE),
    ("reindex table t", Kind.ORDINARY),
    ("reindex schema public", Kind.ALONE),
    ("/* why */ -- c\n vacuum (full) t", Kind.ALONE),
    ("alter system set a = 1", Kind.ALONE),
    ("cluster", Kind.ALONE),
    ("cluster t using i", Kind.ORDINARY),
    ("alter table t detach partition p concurrently", Kind.ALONE),
    ("alter table t detach partition p finalize", Kind.ORDINARY),
    ("refresh materialized view concurrently m", Kind.ORDINARY),
    ("create database d", Kind.ALONE),
    ("copy public.t (a, b, c, d, e, f, g, h) from stdin", Kind.COPY_IN),
    ("copy t from '/file'", Kind.ORDINARY),
    ("copy t to stdout", Kind.ORDINARY),
    ("\\echo x", Kind.META),
    ("\\restrict token\nset a = 1", Kind.ORDINARY),
    ("\\unrestrict token", Kind.NOTHING),
    ("-- a comment", Kind.NOTHING),
    ("create event trigger e on ddl_command_end execute function f()", Kind.EVENT_TRIGGER),
    ("set session authorization default", Kind.BECOME_SELF),
    ("reset session authorization", Kind.BECOME_SELF),
    ("set local session authorization anon", Kind.BECOME_OTHER),
    ("set session characteristics as transaction read only", Kind.ORDINARY),
    ("set role anon", Kind.ORDINARY),
    ("discard all", Kind.DISCARD_ALL),
    ("discard temp", Kind.ORDINARY),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_a_statement_is_known_by_its_leading_words(text: str, kind: Kind) -> None:
    assert classify(text).kind is kind


def test_the_part_that_is_for_psql_only_is_skipped() -> None:
    text = "\\restrict token\n\nset a = 1"
    assert text[classify(text).skip :].strip() == "set a = 1"
