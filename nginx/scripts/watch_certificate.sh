#!/bin/sh
# Sees a new certificate within seconds, whoever wrote it, and has nginx take it over
# without dropping a connection. A certificate that nginx cannot use changes nothing.
set -eu # ended by a failure, it is begun anew (40-watch-certificate.sh)
here="$(dirname "$0")"
# shellcheck source=nginx/scripts/say.sh
. "$here/say.sh"

chosen="${NGINX_CONFIGURATION:-/etc/nginx/conf.d}/certificate.inc"
tick="${NGINX_WATCH_TICK:-/tmp/certificate-watched}"

facts_of() { sed -n '1s/^# //p' "$1"; }

take_over() {
  if complaint="$(nginx -q -t 2>&1)"; then
    nginx -q -s reload
    say info "nginx has taken over another certificate: $(facts_of "$chosen")."
    return
  fi
  say error "nginx cannot use the new certificate ($(facts_of "$chosen")) and keeps the old one: $complaint"
  refused="$(facts_of "$chosen")"
  cp "$chosen.last" "$chosen"
}

look() {
  cp "$chosen" "$chosen.last"
  if ! "$here/certificate.sh"; then return; fi
  if [ "$(facts_of "$chosen")" = "$refused" ]; then cp "$chosen.last" "$chosen"; else take_over; fi
}

refused=none
while :; do
  sleep "${NGINX_WATCH_SECONDS:-5}"
  touch "$tick" # healthy.sh reads it
  look
done
