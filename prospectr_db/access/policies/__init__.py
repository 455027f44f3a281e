"""What policies, and the functions they call, say: read from their text."""
