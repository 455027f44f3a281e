"""The committed file: read, laid out, written."""
