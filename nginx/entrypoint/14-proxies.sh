#!/bin/sh
# A mistake in TRUSTED_PROXIES is named here: nginx would take a word for a host and ask DNS.
set -eu
# shellcheck source=nginx/scripts/say.sh
. "${NGINX_SCRIPTS:-/usr/local/lib/edge}/say.sh"
if [ "${NGINX_SERVERS:-}" != proxied ]; then exit 0; fi
for proxy in $(printf '%s' "$TRUSTED_PROXIES" | tr ',' ' '); do
  case "$proxy" in
    *[!0-9a-fA-F.:/]*)
      say error "TRUSTED_PROXIES has $proxy, which is no address. It takes addresses (10.0.0.5) and networks (10.0.0.0/8), separated by commas."
      exit 1
      ;;
  esac
done
