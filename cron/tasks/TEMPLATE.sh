#!/usr/bin/env bash
# shellcheck disable=SC2034  # cron/run reads the variables
# A new task: copy this file, fill in the three variables, add a line to ../crontab.
set -euo pipefail # a failing command ends the task instead of hiding in its middle
TASK_NAME=TEMPLATE                            # the file's name, without .sh
TASK_DESCRIPTION="Says what it does, in one sentence, to whoever reads the operations page."
TIME_LIMIT=10m                                # s, m, h or d; then it is ended, with its children
# BY_HAND_ONLY=yes                            # instead of a line in ../crontab

# What holds when it runs:
#   who      the user `app`, the same uid as in web and worker; never root
#   where    in /app, beside manage.py; only /tmp, /media and JOBS_FOLDER can be written
#   with     the whole environment of the stack: POSTGRES_*, REDIS_URL, MEDIA_ROOT, ...
#   output   anything printed is in `docker compose logs cron` and on the operations page
#   once     while it still runs, the next start is left out; nothing to do here
#   failure  any exit status but 0 is logged, shown and sent to Sentry as failed
# To try it now, before the crontab knows it:
#   docker compose exec cron run NAME

# A task that needs the site is a management command: written in Python, tested like any
# other, and the same by hand. Keep this file to that one line.
exec python manage.py check
