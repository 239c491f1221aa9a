#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=drill
TASK_DESCRIPTION="Restores the newest backup beside the site, compares everything and takes it away again."
TIME_LIMIT=12h
OWN_MONITOR=yes # the command itself checks in with Sentry, by hand and from pages too

# When: BACKUP_DRILL_AT in .env.
exec python manage.py drill_restore
