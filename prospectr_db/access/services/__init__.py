"""What policies on the tables of Storage and Realtime let each persona do."""
