#!/bin/sh
# A mistake in a project's own locations is named in a sentence, before nginx starts.
set -eu
# shellcheck source=nginx/scripts/say.sh
. "${NGINX_SCRIPTS:-/usr/local/lib/edge}/say.sh"
folder="${NGINX_LOCATIONS:-/etc/nginx/locations.d}"

# From: nginx: [emerg] 9#9: unknown directive "retrun" in /etc/nginx/locations.d/old.conf:2
# or, of some mistakes: nginx: [emerg] 9#9: unknown "nowhere" variable
mistake_of() {
  sentence="$(printf '%s\n' "$1" | sed -nE 's,^.*\[emerg\] ([0-9#]+: )?,,p' | head -n 1)"
  case "$sentence" in
    *" in $folder/"*)
      place="${sentence##*" in $folder/"}"
      printf 'nginx/locations.d/%s, line %s: %s.' "${place%:*}" "${place##*:}" "${sentence%" in $folder/"*}"
      ;;
    *" in /"*) ;;
    *'"'*'"'*)
      word="${sentence#*\"}"
      file="$(grep -lF -e "${word%%\"*}" "$folder"/*.conf | head -n 1)"
      if [ -n "$file" ]; then printf 'nginx/locations.d/%s: %s.' "${file##*/}" "$sentence"; fi
      ;;
  esac
}

for file in "$folder"/*.conf; do
  if [ ! -e "$file" ]; then exit 0; fi # there are none
done
# shellcheck disable=SC2086 # a command with its arguments
if complaint="$(${NGINX_COMMAND:-nginx} -q -t 2>&1)"; then exit 0; fi
mistake="$(mistake_of "$complaint")"
if [ -z "$mistake" ]; then exit 0; fi # no fault of theirs: nginx itself says it
say error "$mistake Correct the file, then build nginx anew: docker compose up --detach --build nginx"
exit 1
