#!/bin/sh
# A certificate from the first second on, before there is a real one.
set -eu
if [ "${NGINX_SERVERS:-}" != https ]; then exit 0; fi
"${NGINX_SCRIPTS:-/usr/local/lib/edge}/certificate.sh" || true # 1: as it was
