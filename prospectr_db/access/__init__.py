"""Personas, rows, probes and the access matrix."""
