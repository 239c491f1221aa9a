"""Postgres: connections, its own tools, the dump, and what the catalogue tells."""
