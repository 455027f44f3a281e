"""What can go wrong, as values: every failure names what failed, why, and what to do next."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "ConfigError",
    "ConfirmationRequiredError",
    "ConnectionFailedError",
    "ExtensionNotAvailableError",
    "MigrationFileError",
    "ProjectNotFoundError",
    "ProspectrError",
    "ServerError",
    "SqlError",
    "UsageError",
]


class ProspectrError(Exception):
    """The command could not be carried out."""

    code: ClassVar[str] = "error"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, **details: Any
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.hint = hint
        self.details = {key: value for key, value in details.items() if value is not None}
        super().__init__(self.message)

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the JSON document's ``error`` member."""
        return {"code": self.code, "message": self.message, "hint": self.hint, **self.details}


class UsageError(ProspectrError):
    """The command was not understood."""

    code = "usage"


class ConfigError(ProspectrError):
    """A configuration file cannot be used."""

    code = "config"


class ProjectNotFoundError(ProspectrError):
    """There is no supabase/ folder here."""

    code = "project_not_found"


class MigrationFileError(ProspectrError):
    """A migration, seed or test file cannot be used."""

    code = "file"


class ConfirmationRequiredError(ProspectrError):
    """This would destroy data on a database that is not local."""

    code = "confirmation_required"


class ConnectionFailedError(ProspectrError):
    """The database could not be reached."""

    code = "connection"


class ServerError(ProspectrError):
    """The embedded server could not be started."""

    code = "server"


class SqlError(ProspectrError):
    """The database refused a statement.

    ``details`` may hold file, line, column (1-based), excerpt (the line with a caret below),
    sqlstate, severity, detail, context, statement.
    """

    code = "sql"


class ExtensionNotAvailableError(SqlError):
    """The project asks for an extension that this server does not have."""

    code = "extension_not_available"
