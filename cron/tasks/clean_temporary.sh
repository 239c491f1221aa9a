#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=clean_temporary
TASK_DESCRIPTION="Removes what killed processes left of half-done uploads, when it is older than a day."
TIME_LIMIT=30m

exec find "$TMPDIR" -mindepth 1 -mmin +1440 -delete -print
