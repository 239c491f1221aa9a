#!/usr/bin/env bash
# Restores the newest backup beside the site, compares everything and takes it away again.
# When: BACKUP_DRILL_AT in .env.
set -euo pipefail
exec python manage.py drill_restore
