"""What was observed, as values: the access matrix, its flat facts, its row classes."""
