"""Runs of backups, drills and checks: what is recorded, locked, told and proven."""
