"""Which statements are tried on tables, how they are run, and what an outcome means."""
