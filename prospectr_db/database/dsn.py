"""A connection string whose secrets cannot be printed by accident."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, urlencode

from prospectr_db.errors import UsageError

__all__ = ["Dsn"]

_SECRETS = frozenset({"password", "sslpassword", "sslkey", "passfile", "oauth_client_secret"})
_MASK = "***"


class Dsn:
    """The parameters of a libpq connection; printing one never shows a password.

    Parameter names are libpq's (PostgreSQL manual, 34.1.2 "Parameter Key Words").
    """

    __slots__ = ("_parameters",)

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters: Mapping[str, str] = MappingProxyType(
            {key: str(value) for key, value in parameters.items()}
        )

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """Read a ``postgresql://`` URL or a ``key=value`` string.

        Raises UsageError, which does not repeat the text: it may hold a password.
        """
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            parsed = conninfo_to_dict(text)
        except psycopg.Error:
            raise UsageError(
                "The database URL cannot be read.",
                hint="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and "
                "percent-encode characters such as @ : / # in the password (@ is %40).",
            ) from None
        if not parsed:
            raise UsageError(
                "The database URL is empty.",
                hint="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
            )
        return cls({key: str(value) for key, value in parsed.items() if value is not None})

    def get(self, name: str) -> str | None:
        """Return one parameter that is not a secret, or None."""
        if name in _SECRETS:
            raise KeyError(f"{name} is a secret: use reveal()")
        return self._parameters.get(name)

    def replace(self, **parameters: str | None) -> Dsn:
        """Return a copy with some parameters set, or removed where the value is None."""
        merged: dict[str, str | None] = {**self._parameters, **parameters}
        return Dsn({key: value for key, value in merged.items() if value is not None})

    def reveal(self) -> dict[str, str]:
        """Return every parameter, secrets included: for the driver only."""
        return dict(self._parameters)

    def secrets(self) -> frozenset[str]:
        """Return the secret values, so that a message can be searched for them."""
        return frozenset(self._parameters[key] for key in _SECRETS if self._parameters.get(key))

    def url(self, *, reveal: bool = False) -> str:
        """Return the ``postgresql://`` form, with secrets masked unless told otherwise."""
        shown = {
            key: value if reveal or key not in _SECRETS else _MASK
            for key, value in self._parameters.items()
        }
        host = shown.pop("host", "")
        user, password = shown.pop("user", ""), shown.pop("password", None)
        port, database = shown.pop("port", None), shown.pop("dbname", "")
        credentials = quote(user, safe="")
        if password is not None:
            credentials += ":" + (password if password == _MASK else quote(password, safe=""))
        if host.startswith(("/", "@")):
            shown, host = {"host": host, **({"port": port} if port else {}), **shown}, ""
            port = None
        elif ":" in host:
            host = f"[{host}]"
        place = f"{host}:{port}" if port else host
        query = urlencode(shown, quote_via=quote, safe="/*")
        return (
            f"postgresql://{credentials}{'@' if credentials else ''}{place}"
            f"/{quote(database, safe='')}{'?' if query else ''}{query}"
        )

    def __str__(self) -> str:
        return self.url()

    def __repr__(self) -> str:
        return f"Dsn({self.url()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dsn) and self._parameters == other._parameters

    def __hash__(self) -> int:
        return hash(frozenset(self._parameters.items()))
