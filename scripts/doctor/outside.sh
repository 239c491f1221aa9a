# shellcheck shell=bash
# What people and certificate authorities see: name, port 80, certificate.
# Sourced by scripts/doctor.sh.

PUBLIC_HTTP_PORT="${DOCTOR_PUBLIC_HTTP_PORT:-80}" # authorities ask no other
EXPIRES_WITHIN_DAYS=14

check_outside() {
  if ! command -v curl >/dev/null; then
    unasked "the site's address" "There is no curl on this machine."
    return
  fi
  if name_resolves; then
    if needs_certificates; then has_no_ipv6; fi
    if needs_certificates && runs nginx; then port_80_is_ours; fi
    site_answers
  fi
  if needs_certificates; then certificate_is_good; fi
}

needs_certificates() { [[ "$STAGE" != local && "$(known BEHIND_PROXY)" != 1 ]]; }
sees_certificates() { needs_certificates && runs nginx && command -v openssl >/dev/null; }

addresses_of() { asked getent ahosts "$1" | awk '{ print $1 }' | sort -u; }

name_resolves() {
  local host found
  host="$(site_host)"
  if [[ -z "$host" ]]; then return 1; fi
  found="$(addresses_of "$host" | paste -sd ' ')"
  if [[ -n "$found" ]]; then
    if [[ "$STAGE" != local ]]; then well "$host resolves to $found."; fi
    return 0
  fi
  problem "The name $host (of SITE_URL in .env) does not resolve." "$(how_to_make_it_resolve "$host")" \
    "The name does not lead to this machine"
  return 1
}

# Also what this machine, without IPv6 of its own, would not be told of.
ipv6_of() {
  asked getent --no-addrconfig ahostsv6 "$1" 2>/dev/null |
    awk '$1 !~ /^(::1$|::ffff:|fe80:)/ { print $1 }' | sort -u
}

# The ports are open by IPv4 alone: Docker's networks have no IPv6, and nginx would see one
# address for all who came by it.
has_no_ipv6() {
  local host found
  host="$(site_host)"
  found="$(ipv6_of "$host" | paste -sd ' ')"
  if [[ -z "$found" ]]; then return; fi
  careful "$host has an AAAA record ($found): the site is open by IPv4 alone, so who tries IPv6 first waits, Let's Encrypt among them." \
    "Delete the AAAA record at its name server; the A record stays (docs/https.md: IPv6)   Check: getent ahostsv6 $host" \
    "The name has an AAAA record"
}

how_to_make_it_resolve() {
  if [[ "$STAGE" == local ]]; then
    echo "Add this line to /etc/hosts: 127.0.0.1 $1"
  else
    echo "Make an A record (no AAAA record) for $1 at its name server: $(own_addresses)   Check: getent ahosts $1"
  fi
}

# With which it goes out: those of Docker's networks are no use to a name server.
own_addresses() {
  local found
  found="$(ip -4 route get 192.0.2.1 2>/dev/null | sed -nE 's/.* src ([^ ]+).*/\1/p' | paste -sd ' ')"
  echo "${found:-see: ip address}"
}

# Asks for a path that nobody else knows, by the public name, and looks for it in the log
# of our nginx: so it cannot be another machine that answered.
port_80_is_ours() {
  local host path said status
  host="$(site_host)" path="/.well-known/acme-challenge/doctor-$$-$RANDOM$RANDOM"
  said="$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time 8 \
    "http://$host:$PUBLIC_HTTP_PORT$path" 2>&1)"
  status=$?
  if ((status != 0)); then
    problem "http://$host (port $PUBLIC_HTTP_PORT) does not answer: $(short "${said%000}"). No certificate can be obtained or renewed." \
      "Open port $PUBLIC_HTTP_PORT in the firewall, and let $host lead here (its address: $(addresses_of "$host" | paste -sd ' '); this machine's: $(own_addresses))" \
      "The name does not lead to this machine"
  elif our_nginx_saw "${path##*/}"; then
    well "http://$host leads to our nginx, also for certificates."
  else
    problem "http://$host (port $PUBLIC_HTTP_PORT) is answered with ${said:(-3)}, by something else than our nginx. No certificate can be obtained or renewed." \
      "Let $host lead here (its address: $(addresses_of "$host" | paste -sd ' '); this machine's: $(own_addresses)), or, if that is a web server on this machine that may stand in front: $(installer) --behind-proxy" \
      "The name does not lead to this machine"
  fi
}

our_nginx_saw() {
  local attempt
  for attempt in 1 2 3; do
    if asked docker logs --since 60s "${NAME_OF[nginx]}" 2>&1 | grep -q "$1"; then return 0; fi
    if ((attempt < 3)); then sleep 0.3; fi
  done
  return 1
}

site_answers() {
  local url said status
  url="$(known SITE_URL)"
  if ! runs nginx; then
    unasked "whether the site answers at $url" "$(why_not nginx)"
    return
  fi
  said="$(curl --silent --show-error --insecure --output /dev/null --write-out '%{http_code}' --max-time 8 "$url/health/live" 2>&1)"
  status=$?
  case "$status:${said:(-3)}" in
    0:200) well "The site answers at $url." ;;
    0:401) well "The site answers at $url, and asks for DEV_PASSWORD." ;;
    0:400) problem "$url answers 400: the site takes that host for a foreign one." "Add it to ALLOWED_HOSTS in .env, then run: $(in_compose) up --detach" "The host of SITE_URL is not allowed" ;;
    0:50?) say_site_is_away "$url" "${said:(-3)}" ;;
    0:*) problem "$url answers ${said:(-3)}, which is not this site." "Compare SITE_URL and the ports in .env with: $(in_compose) ps nginx" "The site does not answer at SITE_URL" ;;
    *) problem "$url does not answer: $(short "${said%000}")" "Compare SITE_URL and the ports in .env with: $(in_compose) ps nginx" "The site does not answer at SITE_URL" ;;
  esac
}

# usage: say_site_is_away URL STATUS
say_site_is_away() {
  if runs web && [[ "${HEALTH[${NAME_OF[web]}]}" == starting ]]; then
    careful "$1 answers $2: web is starting." "Ask again in a minute."
  else
    problem "$1 answers $2: nginx is there, the site behind it is not." "Run: $(in_compose) logs --tail 50 web" \
      "The starting page does not go away"
  fi
}

# --- The certificate ---------------------------------------------------------

certificate_is_good() {
  local host certificate ends days
  if ! runs nginx; then
    unasked "the certificate" "$(why_not nginx)"
    return
  fi
  if ! command -v openssl >/dev/null; then
    unasked "the certificate" "There is no openssl on this machine."
    return
  fi
  host="$(site_host)"
  certificate="$(served_certificate "$host")"
  ends="$(openssl x509 -noout -enddate <<<"$certificate" 2>/dev/null)"
  if [[ -z "$ends" ]]; then
    problem "nginx shows no certificate for $host at port $(https_port)." "Run: $(in_compose) logs --tail 50 nginx" "The certificate is not the right one"
    return
  fi
  ends="$(date -d "${ends#*=}" +%s)"
  days=$(((ends - $(date +%s)) / 86400))
  if ((ends < $(date +%s))); then
    problem "The certificate of $host expired on $(date -d "@$ends" +%Y-%m-%d)." "$(how_to_renew)" "The certificate is not the right one"
  else
    judge_certificate "$host" "$certificate" "$days"
  fi
}

https_port() { known HTTPS_PORT 443; }

served_certificate() {
  asked openssl s_client -connect "$(known PUBLISH_ON 127.0.0.1):$(https_port)" -servername "$1" </dev/null 2>/dev/null |
    openssl x509 2>/dev/null
}

# usage: judge_certificate HOST PEM DAYS_LEFT
judge_certificate() {
  local section="The certificate is not the right one"
  if ! is_for_host "$1" "$2"; then
    problem "nginx shows a certificate for another name than $1: $(names_of "$2")" "$(how_to_renew)" "$section"
  elif is_self_signed "$2"; then
    say_self_signed "$1" "$section"
  elif (($3 < EXPIRES_WITHIN_DAYS)); then
    careful "The certificate of $1 expires in $3 days, and should have been renewed by now." "$(how_to_renew)" "$section"
  else
    well "The certificate of $1 is good for $3 days."
  fi
}

# openssl finds that any certificate matches an address which is none.
is_for_host() {
  local asks=-checkhost
  if [[ "$1" =~ ^[0-9.]+$ ]]; then asks=-checkip; fi
  openssl x509 -noout "$asks" "$1" <<<"$2" 2>/dev/null | grep -q 'does match'
}

names_of() { openssl x509 -noout -ext subjectAltName <<<"$1" 2>/dev/null | tail -n 1 | tr -d ' '; }

is_self_signed() {
  [[ "$(openssl x509 -noout -issuer <<<"$1")" == "issuer=$(openssl x509 -noout -subject <<<"$1" | sed 's/^subject=//')" ]]
}

# DEV shows its own to testers, who know it.
say_self_signed() {
  if [[ "$STAGE" == prod ]]; then
    problem "nginx still shows its self-signed certificate for $1: browsers warn people off." "$(how_to_renew)" "$2"
  else
    careful "nginx shows its self-signed certificate for $1: browsers warn." "$(how_to_renew)" "$2"
  fi
}

how_to_renew() { echo "Run: $(in_compose) logs --tail 50 certbot   (it says why none came)"; }
