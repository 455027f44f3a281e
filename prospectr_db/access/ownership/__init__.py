"""Whose row is it, and which of its states decide: what the catalog and the policies tell."""
