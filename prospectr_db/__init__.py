"""prospectr-db: Supabase-native SQL migrations, and proof of who can do what to which row."""

__version__ = "0.1.0"
