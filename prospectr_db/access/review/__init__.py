"""What a careful reviewer objects to, and how it is told."""
