"""Garbage collection: which backups stay, and what no backup names any more."""
