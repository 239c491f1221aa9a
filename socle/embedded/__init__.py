"""Postgres, Redis and the bucket as plain processes, for machines without Docker."""
