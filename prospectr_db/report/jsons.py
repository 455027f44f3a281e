"""How a report becomes the one JSON document that --json prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from prospectr_db.database.dsn import Dsn

__all__ = ["document", "plain"]


def document(report: Any, *, verb: str, ok: bool) -> dict[str, Any]:
    """Return the report's fields beside ``ok`` and ``verb``."""
    value = plain(report)
    body = value if isinstance(value, dict) else {"result": value}
    return {"ok": ok, "verb": verb, **body}


def plain(value: Any) -> Any:
    """Return a value as JSON's own types: dataclasses as objects, secrets masked."""
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path | UUID | Decimal | Dsn):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
