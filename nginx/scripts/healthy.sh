#!/bin/sh
# The container's health check: nginx answers, and somebody watches its certificate.
set -eu
curl --fail --silent --show-error --max-time 4 http://127.0.0.1:8080/nginx-health
tick=/tmp/certificate-watched
if [ ! -e "$tick" ]; then exit 0; fi # no TLS here, or not for long enough
age=$(($(date +%s) - $(stat -c %Y "$tick")))
if [ "$age" -gt 120 ]; then
  echo "Nobody has looked for a new certificate for $age s. Restart nginx: docker compose restart nginx"
  exit 1
fi
