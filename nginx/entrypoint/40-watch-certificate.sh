#!/bin/sh
# Beside nginx for as long as the container runs; begun anew should it ever end.
set -eu
if [ "${NGINX_SERVERS:-}" != https ]; then exit 0; fi
script="${NGINX_SCRIPTS:-/usr/local/lib/edge}/watch_certificate.sh"
touch /tmp/certificate-watched
(while :; do "$script" || sleep 5; done) &
