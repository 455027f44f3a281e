"""A file of SQL cut into statements as the Supabase CLI cuts it, and what each of them needs."""

from prospectr_db.database.statements.classification import Kind, Traits, classify
from prospectr_db.database.statements.splitting import Statement, split

__all__ = ["Kind", "Statement", "Traits", "classify", "split"]
