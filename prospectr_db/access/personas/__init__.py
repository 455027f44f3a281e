"""Who knocks: roles and tokens, and how a connection becomes a persona."""
