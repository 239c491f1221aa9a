#!/bin/sh
# A certificate of our own at the first boot, so that nginx starts before a real one
# is there. It is made once and kept in the volume.
set -eu

folder="${NGINX_CERTIFICATES:-/certificates}"
if [ "${NGINX_SCHEME:-http}" != https ] || [ -s "$folder/fullchain.pem" ]; then exit 0; fi

host="$(echo "${SITE_URL:-https://localhost}" | sed -e 's,^[a-z]*://,,' -e 's,[:/].*$,,')"
case "$host" in
  *[!0-9.]*) name="DNS:$host" ;;
  *) name="IP:$host" ;;
esac
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
  -subj "/CN=$host" -addext "subjectAltName=$name" \
  -keyout "$folder/privkey.pem" -out "$folder/fullchain.pem.new" 2>/dev/null
chmod 600 "$folder/privkey.pem"
mv "$folder/fullchain.pem.new" "$folder/fullchain.pem" # last: a broken run starts anew
echo "nginx has made a self-signed certificate for $host; browsers warn about it."
