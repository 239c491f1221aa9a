#!/usr/bin/env bash
# Sends photos, uploaded zips and downloads that wait without a task to the worker again:
# a flushed or lost Redis forgets tasks, the database does not.
set -euo pipefail
exec timeout 5m python manage.py requeue_photos
