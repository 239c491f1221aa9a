#!/usr/bin/env bash
# Notes when the newest backup will be too old: the health check compares it with the clock.
set -euo pipefail
exec timeout 5m python manage.py backup_age --write "${CRON_FOLDER:-/run/cron}/backup-overdue"
