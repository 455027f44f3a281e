"""The state that no database holds: roles, their settings and memberships, kept and put back.

Migrations may create roles or change their settings. Those changes belong to the cluster, so a
copy of a database does not bring them along, and dropping it does not take them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["RoleInUseError", "read_globals", "restore_globals"]

Globals = Mapping[str, list[dict[str, Any]]]

_FLAGS = {
    "super": "superuser",
    "inherit": "inherit",
    "createrole": "createrole",
    "createdb": "createdb",
    "login": "login",
    "replication": "replication",
    "bypassrls": "bypassrls",
}


class RoleInUseError(Exception):
    """A role that must go is still named in some database."""

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(role)


def read_globals(connection: Connection[Any]) -> Globals:
    """Return the cluster's roles, memberships and parameter grants; needs a superuser."""
    row = connection.execute(sql_text("server/globals.sql")).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always returns a row
    state: Globals = row[0]
    return state


def restore_globals(connection: Connection[Any], wanted: Globals) -> bool:
    """Make the cluster's roles what they were; return whether anything had to change.

    Raises RoleInUseError where a role that must go is still named in a database other than the
    one that is about to be replaced.
    """
    current = read_globals(connection)
    if current == wanted:
        return False
    now = {role["name"]: role for role in current["roles"]}
    then = {role["name"]: role for role in wanted["roles"]}
    gone = now.keys() - then.keys()
    with connection.transaction():
        for membership in _without(current["memberships"], wanted["memberships"]):
            # Of a role that goes they go with it; PostgreSQL's own roles are on no list, and stay.
            if not {membership["role"], membership["member"]} & gone:
                connection.execute(_revoke(membership))
        for grant in _without(current["parameters"], wanted["parameters"]):
            if grant["role"] in then or grant["role"] == "public":
                connection.execute(_parameter("revoke", "from", grant))
        for name in sorted(gone):
            _drop(connection, name)
        for name, role in then.items():
            if now.get(name) != role:
                _put(connection, role, now.get(name))
        # A grantor must hold its own membership before it can pass it on.
        for membership in sorted(
            _without(wanted["memberships"], current["memberships"]),
            key=lambda item: item["grantor"] != "supabase_admin",
        ):
            connection.execute(_grant(membership))
        for grant in _without(wanted["parameters"], current["parameters"]):
            connection.execute(_parameter("grant", "to", grant))
    return True


def _without(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in left if item not in right]


def _drop(connection: Connection[Any], name: str) -> None:
    role = sql.Identifier(name)
    try:
        with connection.transaction():
            # Takes back what the role was granted on the cluster's shared objects.
            connection.execute(sql.SQL("drop owned by {}").format(role))
            connection.execute(sql.SQL("drop role {}").format(role))
    except errors.DependentObjectsStillExist:
        raise RoleInUseError(name) from None


def _put(connection: Connection[Any], role: dict[str, Any], now: dict[str, Any] | None) -> None:
    name = sql.Identifier(role["name"])
    if now is None:
        connection.execute(sql.SQL("create role {}").format(name))
    flags = sql.SQL(" ").join(
        sql.SQL(word if role[flag] else f"no{word}") for flag, word in _FLAGS.items()
    )
    connection.execute(
        sql.SQL("alter role {} with {} connection limit {} valid until {}").format(
            name,
            flags,
            sql.Literal(role["connlimit"]),
            sql.Literal(role["valid_until"]),
        )
    )
    if role["password"] != (now or {}).get("password"):
        connection.execute(
            sql.SQL("alter role {} password {}").format(name, sql.Literal(role["password"]))
        )
    connection.execute(sql.SQL("alter role {} reset all").format(name))
    for setting in role["settings"]:
        variable, value = setting.split("=", 1)
        connection.execute(
            sql.SQL("alter role {} set {} to {}").format(
                name, sql.Identifier(*variable.split(".")), _value(variable, value)
            )
        )
    connection.execute(
        sql.SQL("comment on role {} is {}").format(name, sql.Literal(role["comment"]))
    )


# These settings are lists; pg_db_role_setting holds them ready to be used as they are.
_LISTS = frozenset(
    {"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"}
)


def _value(variable: str, value: str) -> sql.Composable:
    if variable in _LISTS and value:
        parts = [part.strip().strip('"') for part in value.split(",")]
        return sql.SQL(", ").join(sql.Literal(part) for part in parts)
    return sql.Literal(value)


def _grant(item: dict[str, Any]) -> sql.Composed:
    return sql.SQL("grant {} to {} with admin {}, inherit {}, set {} granted by {}").format(
        sql.Identifier(item["role"]),
        sql.Identifier(item["member"]),
        sql.SQL("true" if item["admin"] else "false"),
        sql.SQL("true" if item["inherit"] else "false"),
        sql.SQL("true" if item["set"] else "false"),
        sql.Identifier(item["grantor"]),
    )


def _revoke(item: dict[str, Any]) -> sql.Composed:
    return sql.SQL("revoke {} from {} granted by {} cascade").format(
        sql.Identifier(item["role"]),
        sql.Identifier(item["member"]),
        sql.Identifier(item["grantor"]),
    )


def _parameter(verb: str, preposition: str, item: dict[str, Any]) -> sql.Composed:
    return sql.SQL("{} {} on parameter {} {} {}").format(
        sql.SQL(verb),
        sql.SQL(item["privilege"]),
        sql.Identifier(*item["parameter"].split(".")),
        sql.SQL(preposition),
        sql.SQL("public") if item["role"] == "public" else sql.Identifier(item["role"]),
    )
