"""The Data API and Auth over HTTP: serving them locally, seeding and comparing through them."""
