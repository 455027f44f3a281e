"""A supabase/ folder as typed values: configuration, migrations, seeds and what is beside them."""

from prospectr_db.project.config import Bucket, Config, Hook, Remote, Secret
from prospectr_db.project.files import SqlFile, read_bytes, read_sql
from prospectr_db.project.loading import (
    MIGRATION_NAME,
    Migration,
    Project,
    SeedFile,
    empty,
    for_remote,
    load,
)

__all__ = [
    "MIGRATION_NAME",
    "Bucket",
    "Config",
    "Hook",
    "Migration",
    "Project",
    "Remote",
    "Secret",
    "SeedFile",
    "SqlFile",
    "empty",
    "for_remote",
    "load",
    "read_bytes",
    "read_sql",
]
