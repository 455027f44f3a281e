"""History, plan, apply, seed, bundle."""
