#!/bin/sh
# DEV's password, as nginx reads it. It is asked for with every thumbnail, and is long and
# random: a thousand rounds of hashing, not five thousand.
set -eu
# shellcheck source=nginx/scripts/say.sh
. "${NGINX_SCRIPTS:-/usr/local/lib/edge}/say.sh"
file="${NGINX_CONFIGURATION:-/etc/nginx/conf.d}/dev.htpasswd"

if [ "${NGINX_DEV_REALM:-off}" = off ]; then
  if [ -n "${NGINX_ROBOTS:-}" ]; then
    say warning "DEV has no password in front: everybody may see it. Set DEV_PASSWORD with ./install_docker.sh dev."
  fi
  exit 0
fi
if [ ! -s "$DEV_PASSWORD_FILE" ]; then
  say error "DEV_PASSWORD is empty: the file $DEV_PASSWORD_FILE has nothing in it. Run ./install_docker.sh dev, which writes one."
  exit 1
fi
umask 077
salt="rounds=1000\$$(openssl rand -hex 8)"
printf 'dev:%s\n' "$(tr -d '\r\n' <"$DEV_PASSWORD_FILE" | openssl passwd -6 -salt "$salt" -stdin)" >"$file"
