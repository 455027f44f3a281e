"""RESTRICT refuses in the words of the PostgreSQL versions that Supabase runs."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

PARENT = "create table public.parent (id int primary key)"
CHILD = """
    create table public.child (
        parent_id int constraint child_parent_fkey references public.parent
        on delete restrict on update restrict
    )
"""
ROWS = "with made as (insert into public.parent values (1)) select 1"
MESSAGE = (
    'update or delete on table "parent" violates foreign key constraint "child_parent_fkey"'
    ' on table "child"'
)


@pytest.fixture
def family(postgres: Connection[Any]) -> Connection[Any]:
    for statement in (PARENT, CHILD, ROWS, "insert into public.child values (1)"):
        postgres.execute(statement.encode())
    return postgres


@pytest.mark.parametrize(
    "statement", ["delete from public.parent", "update public.parent set id = 2"]
)
def test_a_restricted_row_is_refused_as_a_foreign_key_violation(
    family: Connection[Any], statement: str
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as caught:
        family.execute(statement.encode())

    assert caught.value.diag.message_primary == MESSAGE


def test_a_key_added_later_refuses_alike(postgres: Connection[Any]) -> None:
    for statement in (
        PARENT,
        "create table public.child (parent_id int)",
        ROWS,
        "insert into public.child values (1)",
        (
            "alter table public.child add constraint child_parent_fkey"
            " foreign key (parent_id) references public.parent on delete restrict"
        ),
    ):
        postgres.execute(statement.encode())

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        postgres.execute("delete from public.parent")


def test_a_function_catches_what_it_catches_on_supabase(family: Connection[Any]) -> None:
    family.execute("""
        create function public.try_delete() returns text language plpgsql as $$
        begin
            delete from public.parent;
            return 'deleted';
        exception when foreign_key_violation then
            return 'kept';
        end;
        $$
    """)

    assert family.execute("select public.try_delete()").fetchone() == ("kept",)


def test_the_constraint_still_says_restrict(family: Connection[Any]) -> None:
    shown = family.execute(
        "select pg_catalog.pg_get_constraintdef(oid) from pg_catalog.pg_constraint"
        " where conname = 'child_parent_fkey'"
    ).fetchone()

    assert shown == (
        "FOREIGN KEY (parent_id) REFERENCES parent(id) ON UPDATE RESTRICT ON DELETE RESTRICT",
    )


def test_a_parent_without_children_may_go(family: Connection[Any]) -> None:
    family.execute("delete from public.child")

    assert family.execute("delete from public.parent").rowcount == 1
