"""Connect, run SQL files, turn the driver's errors into ours, and read the catalog.

The names below are loaded on first use: `prospectr-db --help` must not wait for the driver.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prospectr_db.database.connection import (
        connect,
        connect_admin,
        connect_as_migrator,
        elevated,
    )
    from prospectr_db.database.diagnosis import Source, diagnose
    from prospectr_db.database.dsn import Dsn
    from prospectr_db.database.target import Target

__all__ = [
    "Dsn",
    "Source",
    "Target",
    "connect",
    "connect_admin",
    "connect_as_migrator",
    "diagnose",
    "elevated",
]

_HOMES = {"Dsn": "dsn", "Target": "target", "Source": "diagnosis", "diagnose": "diagnosis"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    home = import_module(f"{__name__}.{_HOMES.get(name, 'connection')}")
    return getattr(home, name)
