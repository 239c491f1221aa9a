# shellcheck shell=bash
# What ./install_docker.sh dev and prod need beyond LOCAL: a name, an e-mail address and a
# bucket, asked for once; and passwords as files, which no environment shows. Sourced.

SECRETS_FOLDER=secrets/values
SECRET_NAMES=(SECRET_KEY POSTGRES_PASSWORD POSTGRES_SITE_PASSWORD REDIS_PASSWORD
  MEDIA_LINK_KEY EMAIL_URL BACKUP_ENCRYPTION_KEY AWS_SECRET_ACCESS_KEY DEV_PASSWORD
  GRAFANA_PASSWORD)

is_server() { [[ "$STAGE" != local ]]; }
is_secret() { [[ " ${SECRET_NAMES[*]} " == *" $1 "* ]]; }

# usage: secret_file NAME
secret_file() { printf '%s/%s' "$SECRETS_FOLDER" "${1,,}"; }

# usage: place_of NAME    Where a person finds the value: .env, or the secret's file.
place_of() { if is_server && is_secret "$1"; then secret_file "$1"; else echo .env; fi; }

# Another stage's .env would give PROD a developer's settings, or the other way round.
stage_is_that_of_env() {
  local kept
  if [[ ! -e .env ]]; then return 0; fi
  kept="$(env_value .env ENVIRONMENT)"
  if [[ "$kept" =~ ^(local|dev|prod)$ && "$kept" != "$STAGE" ]]; then
    die "The .env in this folder is that of ${kept^^}, not of ${STAGE^^}." \
      "Run: ./install_docker.sh $kept, or clone the repository once more for $STAGE."
  fi
}

# --- Behind another web server -------------------------------------------------

declare -A ASKED=() # what an option of this run changes in a .env that is there

# That server has ports 80 and 443: other ones then, for this machine alone.
declare -A BEHIND_PROXY_DEFAULTS=([PUBLISH_ON]=127.0.0.1 [HTTP_PORT]=8081 [HTTPS_PORT]=8444)

# usage: is_behind_proxy    By .env, or what a first .env will be made of.
is_behind_proxy() { is_server && [[ "$(setting BEHIND_PROXY 0)" == 1 ]]; }

# In a .env that is there, --behind-proxy takes the usual ports' place. Who chose an
# address to publish on has chosen the ports as well.
move_behind_proxy() {
  local name
  if [[ -n "$(env_value .env PUBLISH_ON)" ]]; then return 0; fi
  for name in "${!BEHIND_PROXY_DEFAULTS[@]}"; do
    case "$(env_value .env "$name")" in
      '' | 80 | 443) ASKED[$name]="${BEHIND_PROXY_DEFAULTS[$name]}" ;;
    esac
  done
}

# --- Questions: once, before the first .env ----------------------------------

# Sets SITE_URL, ALLOWED_HOSTS, ADMIN_EMAIL, ACME_EMAIL and BACKUP_STORAGE_URL for a first
# .env: from options and the environment, else from whoever sits at the terminal.
ask_what_is_missing() {
  if ! is_server; then return 0; fi
  if [[ -e .env ]]; then
    if [[ "${ASKED[BEHIND_PROXY]:-}" == 1 ]]; then move_behind_proxy; fi
    return 0
  fi
  choose_ports
  ask SITE_URL_OR_DOMAIN domain "The name that people type, such as photos.example.com" "${SITE_URL:-${DOMAIN:-}}"
  use_address "$SITE_URL_OR_DOMAIN"
  ask ADMIN_EMAIL email "Your e-mail address, for the administrator and the certificate" "${ADMIN_EMAIL:-}"
  is_email "$ADMIN_EMAIL" || die "'$ADMIN_EMAIL' is no e-mail address." "Run: ./install_docker.sh $STAGE --email you@example.com"
  ACME_EMAIL="${ACME_EMAIL:-$ADMIN_EMAIL}"
  ask BACKUP_STORAGE_URL bucket "The bucket of the backups, such as gs://your-bucket" "${BACKUP_STORAGE_URL:-}"
  [[ "$BACKUP_STORAGE_URL" =~ ^(gs://|s3://|file:///)[^/] ]] ||
    die "'$BACKUP_STORAGE_URL' is no place for backups." "Use gs://bucket, s3://bucket/folder or file:///folder: ./install_docker.sh $STAGE --bucket gs://your-bucket"
}

choose_ports() {
  local name
  if [[ "${BEHIND_PROXY:-0}" == 1 ]]; then
    for name in "${!BEHIND_PROXY_DEFAULTS[@]}"; do
      printf -v "$name" '%s' "${!name:-${BEHIND_PROXY_DEFAULTS[$name]}}"
    done
  fi
  HTTP_PORT="${HTTP_PORT:-80}" HTTPS_PORT="${HTTPS_PORT:-443}"
}

# usage: ask VARIABLE OPTION QUESTION GIVEN    What is given counts; without a terminal it must be.
ask() {
  local answer="$4"
  if [[ -z "$answer" && -t 0 ]]; then read -r -p "$3: " answer; fi
  [[ -n "$answer" ]] || die "A first ./install_docker.sh $STAGE needs --$2." "$3. All at once:
  ./install_docker.sh $STAGE --domain photos.example.com --email you@example.com --bucket gs://your-bucket"
  printf -v "$1" '%s' "$answer"
}

is_email() { [[ "$1" =~ ^[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$ ]]; }

# usage: use_address NAME|https://NAME[:PORT]
use_address() {
  local rest="${1#https://}" host
  host="${rest%%[:/]*}"
  if [[ "$1" == http://* || ! "$rest" =~ ^[A-Za-z0-9.-]+(:[0-9]+)?/?$ ]]; then
    die "'$1' is no name of a site." "Give a host name such as photos.example.com: ./install_docker.sh $STAGE --domain photos.example.com"
  fi
  if [[ "$rest" != *:* && "$HTTPS_PORT" != 443 && "${BEHIND_PROXY:-0}" != 1 ]]; then rest="${rest%/}:$HTTPS_PORT"; fi
  SITE_URL="https://${rest%/}"
  ALLOWED_HOSTS="${ALLOWED_HOSTS:-${host,,}}"
}

# --- Passwords as files -------------------------------------------------------
# Compose mounts each file by itself. Several users read them inside (postgres, redis,
# nginx, app), so a file is open to all; the folder around them is open to its owner alone.

# A value typed into .env beside a file that has another one: neither may be lost.
secrets_have_one_place() {
  local name file value
  if ! is_server || [[ ! -e .env ]]; then return 0; fi
  for name in "${SECRET_NAMES[@]}"; do
    file="$(secret_file "$name")" value="$(env_value .env "$name")"
    if [[ -n "$value" && -s "$file" && "$value" != "$(cat "$file")" ]]; then
      die "$name has one value in .env and another in $file." \
        "Nothing was changed. Write the value that counts into $file, empty $name= in .env, then run: ./install_docker.sh $STAGE (docs/troubleshooting.md: A secret has one value in .env and another in its file)"
    fi
  done
}

# What is in the files, or for a first one in the environment. Keys may stand on lines of
# their own, with comments.
secret_faults() {
  local name file fault
  if ! is_server; then return 0; fi
  load_rules
  for name in "${SECRET_NAMES[@]}"; do
    file="$(secret_file "$name")"
    if [[ -s "$file" && -r "$file" ]]; then
      fault="$(fault_of "$name" "$(sed '/^[[:space:]]*#/d' "$file" | paste -sd , | sed 's/,*$//')")"
      if [[ -n "$fault" ]]; then echo "$name in $file $fault"; fi
    elif [[ -z "$(env_value .env "$name")" ]]; then
      exported_faults "$name"
    fi
  done
}

write_secrets() {
  local name
  if ! is_server; then return 0; fi
  mkdir -p "$SECRETS_FOLDER"
  chmod 700 "$SECRETS_FOLDER"
  for name in "${SECRET_NAMES[@]}"; do write_secret "$name"; done
  if [[ -n "${SUDO_UID:-}" ]]; then chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$SECRETS_FOLDER"; fi
  # Compose makes a container anew when its environment changes, and looks into no file.
  set_env_value .env SECRETS_REVISION "$(cat "$SECRETS_FOLDER"/* | sha256sum | head -c 12)"
}

# What is there is kept. A value from .env moves here: it has one place, and
# secrets_have_one_place has seen that nothing else is there.
write_secret() {
  local file value
  file="$(secret_file "$1")"
  value="$(env_value .env "$1")"
  if [[ ! -s "$file" ]]; then
    if [[ -z "$value" ]]; then value="${!1:-}"; fi
    if [[ -z "$value" ]] && is_generated "$1"; then value="$(random_secret 40)"; fi
    (umask 077 && printf '%s' "$value" >"$file.new")
    mv "$file.new" "$file"
  fi
  chmod 644 "$file"
  set_env_value .env "$1" ''
}

# Whether the comment above it in .env.example says (generated).
is_generated() {
  awk -v name="$1" '
    /^#/ { comment = comment $0; next }
    index($0, name "=") == 1 { exit comment ~ /\(generated/ ? 0 : 1 }
    { comment = "" }' .env.example
}
