"""A live database's schema, read without touching it, and built again on a throwaway copy."""
