"""Connect, run SQL files, turn the driver's errors into ours, and read the catalog."""

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
