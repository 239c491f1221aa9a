#!/usr/bin/env bash
# Deletes uploads of which nothing came for a day, zips of galleries that are older than
# three days, and files that a crash left without a row in the database.
set -euo pipefail
exec timeout 15m python manage.py sweep_files
