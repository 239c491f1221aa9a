#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=check_site
TASK_DESCRIPTION="Checks disk, certificate, backups, worker and services, and fails with what is wrong."
TIME_LIMIT=5m

# A warning is given a day; then it fails too. The same facts, now: manage.py site_status
exec python manage.py check_site
