#!/bin/sh
# Which certificate nginx shows: certbot's as soon as there is one, until then one of our
# own. Changes nothing when nothing has changed; exit status 0 means that there is news.
set -eu
here="$(dirname "$0")"
# shellcheck source=nginx/scripts/say.sh
. "$here/say.sh"

own="${NGINX_CERTIFICATES:-/certificates}"
real="${NGINX_LETSENCRYPT:-/etc/letsencrypt}/live/site"
chosen="${NGINX_CONFIGURATION:-/etc/nginx/conf.d}/certificate.inc"

# As openssl names them: DNS:example.com,IP:10.0.0.1
subject_names() {
  for name in ${NGINX_NAMES:-localhost}; do
    case "$name" in
      '~.' | .*) ;; # any name: no certificate says that
      *[!0-9.]*) printf 'DNS:%s\n' "$name" ;;
      *) printf 'IP:%s\n' "$name" ;;
    esac
  done | paste -s -d , -
}

# Good for another month, made for these names, and not to sign others with: whoever
# told a browser to believe one of before would have believed whatever its key signs.
own_is_good() {
  [ -s "$own/fullchain.pem" ] && [ "$(cat "$own/names" 2>/dev/null)" = "$1" ] &&
    openssl x509 -in "$own/fullchain.pem" -noout -checkend 2592000 >/dev/null 2>&1 &&
    openssl x509 -in "$own/fullchain.pem" -noout -text | grep -q 'CA:FALSE'
}

make_own() {
  names="$(subject_names)"
  names="${names:-DNS:localhost}"
  if own_is_good "$names"; then return; fi
  host="$(printf '%s' "${SITE_URL:-https://localhost}" | sed -e 's,^[a-z]*://,,' -e 's,[:/].*$,,')"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$host" -addext "subjectAltName=$names" -addext extendedKeyUsage=serverAuth \
    -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature \
    -keyout "$own/privkey.pem" -out "$own/fullchain.pem.new" 2>/dev/null
  chmod 600 "$own/privkey.pem"
  mv "$own/fullchain.pem.new" "$own/fullchain.pem"
  printf '%s' "$names" >"$own/names" # last: a broken run starts anew
  say info "nginx has made a self-signed certificate for $host; browsers warn about it."
}

# certbot replaces the two files one after the other: between them they do not match.
real_is_whole() {
  certificate="$(openssl x509 -in "$real/fullchain.pem" -noout -pubkey 2>/dev/null)" &&
    key="$(openssl pkey -in "$real/privkey.pem" -pubout 2>/dev/null)" &&
    [ "$certificate" = "$key" ]
}

# A browser that has seen this header takes no certificate that it does not trust, and
# offers no way round. So only PROD sends it, and only with a real one.
hsts() {
  case "${ENVIRONMENT:-} $1 $(openssl x509 -in "$1/fullchain.pem" -noout -issuer)" in
    *STAGING*) ;;
    "prod $real "*) echo 'max-age=31536000' ;;
  esac
}

configuration_of() {
  cat <<END
# $(openssl x509 -in "$1/fullchain.pem" -noout -serial -enddate | paste -s -d ' ' -)
ssl_certificate     $1/fullchain.pem;
ssl_certificate_key $1/privkey.pem;
map \$scheme \$hsts {
    default "";
    https   "$(hsts "$1")";
}
END
}

main() {
  make_own
  folder="$own"
  if [ -e "$real/fullchain.pem" ]; then
    if real_is_whole; then folder="$real"; elif [ -e "$chosen" ]; then return 1; fi
  fi
  configuration_of "$folder" >"$chosen.new"
  if cmp -s "$chosen.new" "$chosen"; then return 1; fi
  mv "$chosen.new" "$chosen"
}

main
