"""Where a database runs: embedded, in Docker, or behind a URL."""
