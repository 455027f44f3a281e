"""What Supabase installs before a project's own migrations: install, revision, check."""
