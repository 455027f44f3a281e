"""What a table is asked besides the probes: oracles, triggers, policies nothing came through."""
