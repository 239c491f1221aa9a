#!/usr/bin/env bash
# Removes what killed processes left of half-done uploads: files older than a day.
set -euo pipefail
exec find "$TMPDIR" -mindepth 1 -mmin +1440 -delete -print
