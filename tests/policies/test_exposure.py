"""What holds for every table and function of the product, also for those that will be added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.visitor import POSTGRES
from prospectr_db.database import connect
from prospectr_db.migrations.reset import clone, drop, prepare
from prospectr_db.project import Project
from prospectr_db.pytest_plugin import AsPersona
from prospectr_db.server.embedded import EmbeddedServer

TABLES = (
    "invitation_jobs",
    "invitation_templates",
    "invitation_users",
    "leads",
    "linkedin_connection_events",
    "linkedin_connections",
    "linkedin_status_updates",
    "profiles",
    "provider_data",
    "saved_profiles",
    "user_profile",
)

PRIVILEGES = """
    select relation.relname, acl.grantee::regrole::text, acl.privilege_type, null as column_name
    from pg_catalog.pg_class as relation, aclexplode(relation.relacl) as acl
    where relation.relnamespace = 'public'::regnamespace and acl.grantee <> relation.relowner
    union all
    select relation.relname, acl.grantee::regrole::text, acl.privilege_type, attribute.attname
    from pg_catalog.pg_class as relation
    inner join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid,
    aclexplode(attribute.attacl) as acl
    where relation.relnamespace = 'public'::regnamespace
    union all
    select routine.proname, acl.grantee::regrole::text, acl.privilege_type, null
    from pg_catalog.pg_proc as routine, aclexplode(routine.proacl) as acl
    where routine.pronamespace = 'public'::regnamespace and acl.grantee <> routine.proowner
    order by 1, 2, 3, 4
"""


def rows_of(connection: Any, statement: str) -> list[Any]:
    return [row[0] if len(row) == 1 else row for row in connection.execute(statement).fetchall()]


def test_the_tables_are_these_and_each_has_a_file_of_tests(prospectr_connection: Any) -> None:
    found = rows_of(
        prospectr_connection,
        "select relname from pg_catalog.pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'p', 'v', 'm', 'f') order by relname",
    )
    assert found == list(TABLES)
    here = Path(__file__).parent
    assert {f"test_{table}.py" for table in TABLES} <= {path.name for path in here.iterdir()}


def test_row_level_security_is_on_everywhere(prospectr_connection: Any) -> None:
    protected = rows_of(
        prospectr_connection,
        "select relname from pg_catalog.pg_class where relnamespace = 'public'::regnamespace"
        " and relkind = 'r' and relrowsecurity order by relname",
    )
    assert protected == list(TABLES)


def test_no_role_but_two_has_any_privilege(prospectr_connection: Any) -> None:
    granted = rows_of(prospectr_connection, PRIVILEGES)
    assert {grantee for _, grantee, _, _ in granted} == {"authenticated", "service_role"}


def test_no_role_has_more_than_the_four_commands(prospectr_connection: Any) -> None:
    granted = rows_of(prospectr_connection, PRIVILEGES)
    assert {privilege for _, _, privilege, _ in granted} == {
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
    }


def test_users_write_by_column_only(prospectr_connection: Any) -> None:
    whole = {
        (table, privilege)
        for table, grantee, privilege, column in rows_of(prospectr_connection, PRIVILEGES)
        if grantee == "authenticated" and column is None
    }
    assert {privilege for _, privilege in whole} == {"SELECT", "DELETE"}


def test_there_is_no_sequence_to_read_the_pace_from(prospectr_connection: Any) -> None:
    assert not rows_of(
        prospectr_connection,
        "select relname from pg_catalog.pg_class"
        " where relnamespace = 'public'::regnamespace and relkind = 'S'",
    )


def test_functions_are_invokers_with_an_empty_search_path(prospectr_connection: Any) -> None:
    found = rows_of(
        prospectr_connection,
        "select proname, prosecdef, proconfig from pg_catalog.pg_proc"
        " where pronamespace = 'public'::regnamespace order by proname",
    )
    assert found == [
        ("touch_updated_at", False, ['search_path=""']),
    ]


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_api_roles_call_no_function(prospectr_connection: Any, role: str) -> None:
    callable_ones = prospectr_connection.execute(
        "select proname from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace"
        " and has_function_privilege(%s, oid, 'execute')",
        [role],
    ).fetchall()
    assert callable_ones == []


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_api_roles_create_nothing_in_public(
    as_persona: AsPersona, anon: Persona, owner: Persona, service_role: Persona, role: str
) -> None:
    persona = {"anon": anon, "authenticated": owner, "service_role": service_role}[role]
    as_persona(persona).denied("create table public.mine (id int)", proof=POSTGRES)


def test_every_policy_is_about_one_command_and_calls_uid_once(prospectr_connection: Any) -> None:
    # `(select auth.uid())` is evaluated once a statement, `auth.uid()` once a row.
    policies = rows_of(
        prospectr_connection,
        "select policyname, cmd, coalesce(qual, '') || coalesce(with_check, '')"
        " from pg_catalog.pg_policies where schemaname = 'public' order by policyname",
    )
    assert len(policies) == 29
    for name, command, expression in policies:
        assert command != "ALL", name
        bare = expression.replace("( SELECT auth.uid() AS uid)", "")
        assert bare != expression, name
        assert "auth.uid()" not in bare, name


def test_everything_is_explained(prospectr_connection: Any) -> None:
    unexplained = rows_of(
        prospectr_connection,
        """
        select relation.relname || coalesce('.' || attribute.attname, '')
        from pg_catalog.pg_class as relation
        left join pg_catalog.pg_attribute as attribute
            on attribute.attrelid = relation.oid and attribute.attnum >= 0
        where
            relation.relnamespace = 'public'::regnamespace
            and relation.relkind = 'r'
            and not coalesce(attribute.attisdropped, false)
            and col_description(relation.oid, attribute.attnum) is null
        union all
        select relation.relname from pg_catalog.pg_class as relation
        where
            relation.relnamespace = 'public'::regnamespace
            and relation.relkind = 'r'
            and obj_description(relation.oid, 'pg_class') is null
        union all
        select polname from pg_catalog.pg_policy
        where
            polrelid in (
                select oid from pg_catalog.pg_class
                where relnamespace = 'public'::regnamespace
            )
            and obj_description(oid, 'pg_policy') is null
        union all
        select proname from pg_catalog.pg_proc
        where
            pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') is null
        order by 1
        """,
    )
    assert unexplained == []


def test_every_foreign_key_has_an_index(prospectr_connection: Any) -> None:
    bare = rows_of(
        prospectr_connection,
        """
        select key.conname from pg_catalog.pg_constraint as key
        where
            key.contype = 'f'
            and key.connamespace = 'public'::regnamespace
            and not exists (
                select 1 from pg_catalog.pg_index as index
                where
                    index.indrelid = key.conrelid
                    and (index.indkey::int2[])[0:cardinality(key.conkey) - 1] = key.conkey
            )
        order by key.conname
        """,
    )
    assert bare == []


def test_every_column_that_a_policy_compares_with_the_user_leads_an_index(
    prospectr_connection: Any,
) -> None:
    leading = set(
        rows_of(
            prospectr_connection,
            """
            select distinct relation.relname, attribute.attname
            from pg_catalog.pg_index as index
            inner join pg_catalog.pg_class as relation on relation.oid = index.indrelid
            inner join pg_catalog.pg_attribute as attribute
                on attribute.attrelid = relation.oid and attribute.attnum = index.indkey[0]
            where relation.relnamespace = 'public'::regnamespace
            order by 1, 2
            """,
        )
    )
    owners = dict.fromkeys(TABLES, "user_id") | {
        "user_profile": "user_id_auth",
        "provider_data": "auth_provider_id",
        "invitation_users": "job_id",
    }
    assert set(owners.items()) <= leading


def test_every_owner_is_an_auth_user_and_takes_his_rows_along(prospectr_connection: Any) -> None:
    owners = rows_of(
        prospectr_connection,
        """
        select conrelid::regclass::text, attribute.attname
        from pg_catalog.pg_constraint
        inner join pg_catalog.pg_attribute as attribute
            on attribute.attrelid = conrelid and attribute.attnum = any(conkey)
        where
            connamespace = 'public'::regnamespace
            and confrelid = 'auth.users'::regclass
            and confdeltype = 'c'
        order by 1
        """,
    )
    expected = dict.fromkeys(TABLES, "user_id") | {
        "user_profile": "user_id_auth",
        "provider_data": "auth_provider_id",
    }
    del expected["invitation_users"]  # through its job
    assert {table.removeprefix("public."): column for table, column in owners} == expected


def test_the_named_indexes_lead_with_what_they_are_named_after(prospectr_connection: Any) -> None:
    found = dict(
        rows_of(
            prospectr_connection,
            "select indexname, indexdef from pg_catalog.pg_indexes"
            " where schemaname = 'public' and indexname like 'idx%' order by indexname",
        )
    )
    assert {name: text.partition("USING ")[2] for name, text in found.items()} == {
        "idx_provider_data_auth_id": "btree (auth_provider_id)",
        "idx_provider_data_provider_id": "btree (provider_id_ref, auth_provider_id)",
        "idx_user_profile_user_id_auth": "btree (user_id_auth)",
    }


def test_every_table_with_updated_at_keeps_it(prospectr_connection: Any) -> None:
    without = rows_of(
        prospectr_connection,
        """
        select attribute.attrelid::regclass::text
        from pg_catalog.pg_attribute as attribute
        inner join pg_catalog.pg_class as relation on relation.oid = attribute.attrelid
        where
            relation.relnamespace = 'public'::regnamespace
            and relation.relkind = 'r'
            and attribute.attname = 'updated_at'
            and not exists (
                select 1 from pg_catalog.pg_trigger as trigger
                where
                    trigger.tgrelid = relation.oid
                    and trigger.tgfoid = 'public.touch_updated_at'::regproc
                    and trigger.tgenabled = 'O'
            )
        order by 1
        """,
    )
    assert without == []


def test_nothing_was_left_in_the_platforms_schemas(prospectr_connection: Any) -> None:
    assert not rows_of(
        prospectr_connection,
        "select tgname from pg_catalog.pg_trigger"
        " where tgfoid in (select oid from pg_catalog.pg_proc"
        " where pronamespace = 'public'::regnamespace)"
        " and tgrelid not in (select oid from pg_catalog.pg_class"
        " where relnamespace = 'public'::regnamespace) order by tgname",
    )


def test_the_grants_are_the_same_where_new_tables_are_exposed(
    prospectr_server: EmbeddedServer, prospectr_project: Project, prospectr_connection: Any
) -> None:
    # Before May 2026 a new table was open to every API role until it was closed.
    expected = rows_of(prospectr_connection, PRIVILEGES)
    exposed = replace(
        prospectr_project,
        config=replace(prospectr_project.config, auto_expose_new_tables=True),
    )
    template = prepare(prospectr_server, exposed, seed=False).template
    target = clone(prospectr_server, template, f"exposed_{id(exposed)}")
    try:
        with connect(target) as connection:
            connection.execute("create table public.newcomer (id int)")
            opened = rows_of(connection, PRIVILEGES)
            assert ("newcomer", "anon", "SELECT", None) in opened
            assert [row for row in opened if row[0] != "newcomer"] == expected
    finally:
        drop(prospectr_server, target.dsn.get("dbname") or "")
