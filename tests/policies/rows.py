"""Rows of every table, made by the role that owns the tables, past every policy."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.access.personas.personas import Persona


class Rows:
    """Makes rows and returns their ids; what is not given has a value that no other row has."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)

    def make(self, table: str, **values: Any) -> UUID:
        row = self._connection.execute(
            sql.SQL("insert into public.{} ({}) values ({}) returning id").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.Placeholder() * len(values)),
            ),
            list(values.values()),
        ).fetchone()
        assert row is not None
        identifier: UUID = row[0]
        return identifier

    def url(self) -> str:
        return f"https://www.linkedin.com/in/somebody-{next(self._numbers)}"

    def profile(self, owner: Persona, **values: Any) -> UUID:
        return self.make("profiles", **{"user_id": owner.sub, **values})

    def user_profile(self, owner: Persona, **values: Any) -> UUID:
        return self.make("user_profile", **{"user_id_auth": owner.sub, **values})

    def provider(self, owner: Persona, profile: UUID | None = None, **values: Any) -> UUID:
        return self.make(
            "provider_data",
            **{
                "auth_provider_id": owner.sub,
                "provider_id_ref": profile or self.user_profile(owner),
                "type": 1,
                "token": f"token of {owner.name}",
                "data": Jsonb({}),
                **values,
            },
        )

    def template(self, owner: Persona, **values: Any) -> UUID:
        name = f"template {next(self._numbers)}"
        return self.make(
            "invitation_templates",
            **{"user_id": owner.sub, "name": name, "message": "Hello", **values},
        )

    def job(self, owner: Persona, **values: Any) -> UUID:
        return self.make("invitation_jobs", **{"user_id": owner.sub, "name": "A job", **values})

    def recipient(self, owner: Persona, job: UUID | None = None, **values: Any) -> UUID:
        return self.make(
            "invitation_users",
            **{"job_id": job or self.job(owner), "linkedin_profile_url": self.url(), **values},
        )

    def saved_profile(self, owner: Persona, **values: Any) -> UUID:
        return self.make(
            "saved_profiles", **{"user_id": owner.sub, "linkedin_profile_url": self.url(), **values}
        )

    def lead(self, owner: Persona, **values: Any) -> UUID:
        return self.make("leads", **{"user_id": owner.sub, "full_name": "A Lead", **values})

    def connection(self, owner: Persona, **values: Any) -> UUID:
        return self.make(
            "linkedin_connections",
            **{"user_id": owner.sub, "linkedin_profile_url": self.url(), **values},
        )

    def event(self, owner: Persona, connection: UUID | None = None, **values: Any) -> UUID:
        return self.make(
            "linkedin_connection_events",
            **{
                "user_id": owner.sub,
                "connection_id": connection or self.connection(owner),
                "event_type": "message_sent",
                **values,
            },
        )

    def status_update(self, owner: Persona, **values: Any) -> UUID:
        return self.make(
            "linkedin_status_updates", **{"user_id": owner.sub, "status": "connected", **values}
        )
