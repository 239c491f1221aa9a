#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=backup_age
TASK_DESCRIPTION="Notes when the newest backup will be too old: the health check compares it with the clock."
TIME_LIMIT=5m

exec python manage.py backup_age --write "${CRON_FOLDER:-/run/cron}/backup-overdue"
