#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=sweep_files
TASK_DESCRIPTION="Deletes abandoned uploads, old zips of galleries, and files that a crash left without a row."
TIME_LIMIT=15m

# Of uploads: those of which nothing came for a day. Of zips: older than three days.
exec python manage.py sweep_files
