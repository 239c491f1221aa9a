#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
set -euo pipefail
TASK_NAME=flush_tokens
TASK_DESCRIPTION="Removes expired tokens, sign-ins, invitations and sessions, and old failed attempts to sign in."
TIME_LIMIT=30m

exec python manage.py flush_tokens
