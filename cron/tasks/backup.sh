#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=backup
TASK_DESCRIPTION="Backs up the database and the uploads, then removes what retention lets go of."
TIME_LIMIT=12h
OWN_MONITOR=yes # the command itself checks in with Sentry, by hand and from pages too

# When: BACKUP_AT in .env.
python manage.py backup
# Only after a good backup. It tells of itself: a prune that fails makes no backup bad.
exec python manage.py prune_backups --yes
