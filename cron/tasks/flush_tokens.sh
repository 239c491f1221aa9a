#!/usr/bin/env bash
# Removes expired tokens, sign-ins, invitations and sessions from the database.
set -euo pipefail
exec timeout 30m python manage.py flush_tokens
