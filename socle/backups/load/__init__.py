"""Loads a dump into an empty database: by pg_restore, or entry by entry."""
