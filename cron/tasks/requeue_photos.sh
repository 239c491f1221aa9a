#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=requeue_photos
TASK_DESCRIPTION="Sends photos, uploaded zips and downloads that wait without a task to the worker again."
TIME_LIMIT=5m

# A flushed or lost Redis forgets tasks, the database does not.
exec python manage.py requeue_photos
