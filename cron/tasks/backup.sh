#!/usr/bin/env bash
# The nightly backup of database and uploads, then the prune. When: BACKUP_AT in .env.
set -euo pipefail
python manage.py backup
# Only after a good backup. It tells of itself: a prune that fails makes no backup bad.
exec python manage.py prune_backups --yes
