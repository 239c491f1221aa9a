#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=check_site
TASK_DESCRIPTION="Checks disk, certificate, backups, worker and services, and fails with what is wrong."
TIME_LIMIT=5m

# `web` is asked: it sees more than cron does. A warning has a day to heal; then it fails
# once a day. The same facts, with what to do: manage.py site_status
exec python manage.py check_site --url "http://${WEB_NAME:-web}:${WEB_PORT:-8000}/health/ready"
