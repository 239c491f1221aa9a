#!/usr/bin/env bash
# What this task does, in one sentence. (Copy this file, then add a line to ../crontab.)
#
# What holds when it runs:
#   who      the user `app`, the same uid as in web and worker; never root
#   where    in /app, beside manage.py; only /tmp and /media can be written
#   with     the whole environment of the stack: POSTGRES_*, REDIS_URL, MEDIA_ROOT, ...
#   output   anything printed appears in: docker compose logs cron
#   once     while it still runs, the next start is left out; nothing to do here
#   failure  any exit status but 0 is logged as FAILED with that status
#
# To try it now, before the crontab knows it:
#   docker compose exec cron /cron/run NAME
set -euo pipefail # a failing command ends the task instead of hiding in its middle

# A task that needs the site is a management command: written in Python, tested like any
# other, and the same by hand. Keep this file to that one line.
exec python manage.py check

# A task that must not take for ever gets a limit; 124 is then its exit status:
#   exec timeout 10m python manage.py COMMAND
