#!/usr/bin/env bash
# The nightly backup of database and uploads. When: BACKUP_AT in .env.
set -euo pipefail
exec python manage.py backup
