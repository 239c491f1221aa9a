#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=asked_backup
TASK_DESCRIPTION="Takes the backup that somebody asked for on the operations page."
TIME_LIMIT=12h
OWN_MONITOR=yes # as the nightly one; a minute in which nobody asks is none to check in for

exec python manage.py back_up_when_asked
