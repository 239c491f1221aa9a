#!/usr/bin/env bash
# The whole stack in Docker, from a fresh clone to the sign-in. Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/lib.sh       # say, step, die, timed, env_value, set_env_value, random_secret
source scripts/env_rules.sh # file_faults, stop_for_faults
source scripts/env_file.sh  # write_env, values_can_be_used, setting
source scripts/server.sh    # ask_what_is_missing, write_secrets, place_of
source scripts/docker.sh    # compose, engine_answers, wait_until_healthy, explain_containers
source scripts/engine.sh    # engine_can_run_it, networks_can_be_made, fit_processors

usage() {
  cat <<'END'
Usage: ./install_docker.sh [local | dev | prod] [OPTION]...
       ./install_docker.sh --check [local | dev | prod]

  local    docker-compose.yml: your files inside the containers, reloading (the default)
  dev      dev.yml: production's images, staging certificates, a password in front
  prod     prod.yml: HTTPS by Let's Encrypt, backups to your bucket
  Options of a first dev or prod (asked for at a terminal; --behind-proxy: also later):
    --domain NAME     the name that people type: photos.example.com
    --email ADDRESS   of the first administrator, also told to Let's Encrypt
    --bucket URL      where backups go: gs://your-bucket, s3://bucket/folder
    --behind-proxy    another web server in front ends HTTPS (docs/https.md)
  --check  changes nothing: names what is wrong, why, and the next command
           (without a stage: the one of .env); ends with 1 when there is a problem
  --help   this text

Checks everything first, then writes .env (what is in it is kept), builds, starts, waits
until every service is healthy and makes the first administrator. A first .env also takes
from the environment: PROJECT_NAME, HTTP_PORT, HTTPS_PORT, SITE_URL, ADMIN_EMAIL,
BACKUP_STORAGE_URL, ALLOWED_HOSTS, TIME_ZONE, and in dev and prod each secret by its name.
Exit status: 0 done, 1 failed, 2 wrong usage.
END
}

PASSWORD_FILE=.local/docker-admin-password
NEEDED_MB="${NEEDED_MB:-4000}"
HEALTHY_WITHIN_SECONDS="${HEALTHY_WITHIN_SECONDS:-240}"

# --- Checks: nothing is changed here -----------------------------------------

check() {
  need docker "Install Docker: https://docs.docker.com/engine/install/ (or use ./install_local.sh, which needs none)"
  engine_answers
  compose_is_new_enough
  buildkit_is_there
  values_can_be_used
  secrets_have_one_place
  engine_can_run_it
  ports_are_free
  disk_has_room "$NEEDED_MB"
  folders_can_be_written
  networks_can_be_made
  engine_is_comfortable
}

ports_are_free() {
  local name port
  for name in "${PORT_NAMES[@]}"; do
    port="$(setting "$name" "${DEFAULT_PORTS[$name]}")"
    if port_is_taken "$port" && ! { [[ -e .env ]] && port_is_ours "$port"; }; then
      die "Port $port is taken by another program." \
        "Stop it, or choose another: $(how_to_choose_port "$name") (docs/troubleshooting.md: Port is taken (Docker))"
    fi
  done
}

# usage: how_to_choose_port NAME
how_to_choose_port() {
  local choice
  choice="$1=$(free_port_from "$([[ "$1" == HTTP_PORT ]] && echo 8081 || echo 8444)") in .env$([[ -e .env ]] || echo " or before this command")"
  if is_behind_proxy; then
    echo "$choice, and the same HTTP_PORT in the web server in front; SITE_URL stays as it is."
  elif is_server; then
    echo "$choice, and the same in SITE_URL. If it is a web server that may stand in front: ./install_docker.sh $STAGE --behind-proxy"
  else
    echo "$choice, and the same in SITE_URL."
  fi
}

# What containers write into the tree. A folder of somebody else's is named, not taken.
WRITTEN_FOLDERS=(web/frontend/dist web/frontend/node_modules)

folders_can_be_written() {
  local folder
  if ((EUID == 0)); then return 0; fi
  for folder in web/frontend secrets secrets/keys "${WRITTEN_FOLDERS[@]}"; do
    if [[ -e "$folder" && ! -w "$folder" ]]; then
      die "The folder $folder cannot be written by uid $EUID: it belongs to uid $(stat -c %u "$folder")." \
        "Run: sudo chown -R $EUID:$(id -g) $folder (docs/troubleshooting.md: The … folder … cannot be written by uid …)"
    fi
  done
}

# --- Changes -----------------------------------------------------------------

make_folders() {
  local uid gid
  mkdir -p secrets/keys .local "${WRITTEN_FOLDERS[@]}"
  move_keys
  if ((EUID != 0)); then return 0; fi
  uid="$(env_value .env APP_UID)" gid="$(env_value .env APP_GID)"
  chown -R "$uid:$gid" "${WRITTEN_FOLDERS[@]}"
  if [[ -n "${SUDO_UID:-}" ]]; then
    chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" secrets secrets/keys .local
  else
    say "  You are root: containers run as uid $uid, which now owns ${WRITTEN_FOLDERS[*]}."
  fi
}

# Containers see secrets/keys as /secrets, and once saw all of secrets/. A key of that time
# goes on working: here by its old name as well, which a stack without Docker may know.
move_keys() {
  local name
  while IFS= read -r name; do
    if [[ ! -f "secrets/$name" || -L "secrets/$name" || -e "secrets/keys/$name" ]]; then continue; fi
    mkdir -p "$(dirname "secrets/keys/$name")"
    mv "secrets/$name" "secrets/keys/$name"
    ln --symbolic --relative "secrets/keys/$name" "secrets/$name"
    say "  The key secrets/$name is now secrets/keys/$name: containers see no other folder of secrets/."
  done < <(sed -n 's,^[A-Z0-9_]*=/secrets/,,p' .env)
}

start() {
  compose up --detach --remove-orphans || return
  wait_until_healthy "$HEALTHY_WITHIN_SECONDS"
}

start_services() {
  local watched
  timed "Postgres" compose up --detach --wait postgres || unhealthy
  repair_password
  watched="$(mktemp)"
  tell_migration_waits "$watched" &
  if timed "All services, healthy" start; then
    rm -f "$watched"
  else
    rm -f "$watched"
    unhealthy
  fi
}

unhealthy() {
  explain_containers
  die "Not every service became healthy." "Repair what is named above ('./install_docker.sh --check $STAGE' names causes), then run ./install_docker.sh again; nothing is lost."
}

# The password goes through standard input: nobody sees it in a list of processes.
make_admin() {
  local email="$1"
  if [[ ! -s "$PASSWORD_FILE" ]]; then
    install -m 600 /dev/null "$PASSWORD_FILE"
    random_secret 20 >"$PASSWORD_FILE"
    if [[ -n "${SUDO_UID:-}" ]]; then chown "$SUDO_UID" "$PASSWORD_FILE"; fi
  fi
  # shellcheck disable=SC2016 # the container's variables
  compose exec -T web sh -c \
    'ADMIN_PASSWORD="$(cat)"; export ADMIN_PASSWORD; exec python manage.py create_admin --email "$1"' sh "$email" <"$PASSWORD_FILE"
}

first_admin() {
  local answer status=0 is_new=yes
  if [[ -s "$PASSWORD_FILE" ]]; then is_new=no; fi
  answer="$(mktemp)"
  make_admin "$(env_value .env ADMIN_EMAIL)" 2>&1 | tee "$answer" || status=1
  ADMIN_ANSWER="$(tail -n 1 "$answer")"
  rm -f "$answer"
  # A password that nobody was given is not kept.
  if [[ "$is_new" == yes && "$ADMIN_ANSWER" != Made* ]]; then rm -f "$PASSWORD_FILE"; fi
  return "$status"
}

prepare_bucket() { compose exec -T web python manage.py check_storage; }

# A site without a bucket runs, so this is said and ends nothing.
try_bucket() {
  if [[ "$STAGE" == local ]]; then
    timed "Bucket for backups" prepare_bucket || die "The storage server refused." "See docs/troubleshooting.md: The storage server is unhealthy"
  elif ! timed "Bucket for backups" prepare_bucket; then
    warn "Backups do not work yet: $(env_value .env BACKUP_STORAGE_URL) refused. Give the key of a service account: ./google_storage.sh -a key.json (docs/backups.md)"
  fi
}

# --- The end -----------------------------------------------------------------

summary() {
  local url email
  url="$(env_value .env SITE_URL)" email="$(env_value .env ADMIN_EMAIL)"
  say
  step "The site is at $url"
  say "  sign in    $email"
  if [[ "$ADMIN_ANSWER" == Made* ]]; then
    say "  password   $(cat "$PASSWORD_FILE")   (shown once; kept in $PASSWORD_FILE)"
  elif [[ -s "$PASSWORD_FILE" ]]; then
    say "  password   unchanged; the first one is kept in $PASSWORD_FILE"
  else
    say "  password   unchanged: this administrator was there before"
  fi
  say "  tasks      $url/flower/   (for operators)"
  say "  system     $url/operations/   what runs, what is backed up, what to do"
  if [[ "$STAGE" == dev ]]; then say "  in front   user dev, password $(cat "$(secret_file DEV_PASSWORD)")   (kept in $(secret_file DEV_PASSWORD))"; fi
  if is_server; then say_server_is_young; fi
  say
  say "Next:"
  say "  docker compose logs --follow web    what the site says"
  say "  ./google_storage.sh -b              back up database and uploads"
  say "  docker compose stop                 stop it; 'start' brings it back"
}

say_server_is_young() {
  say
  if [[ "$(env_value .env BEHIND_PROXY)" == 1 ]]; then
    say "The web server in front hands on to $(setting PUBLISH_ON 127.0.0.1):$(env_value .env HTTP_PORT): docs/https.md has its lines."
  else
    say "Its certificate is nginx' own until certbot has another one, which takes a minute:"
    say "  docker compose logs certbot"
  fi
  say "Keep a copy of .env and $SECRETS_FOLDER/ where this machine is not."
}

choose_stage() {
  STAGE="${1:-local}"
  declare -gA DEFAULT_PORTS=([HTTP_PORT]=8080 [HTTPS_PORT]=443)
  case "$STAGE" in
    local) PORT_NAMES=(HTTP_PORT) ;;
    dev | prod)
      COMPOSE_FILE_NAME="$STAGE.yml"
      PORT_NAMES=(HTTP_PORT HTTPS_PORT)
      DEFAULT_PORTS[HTTP_PORT]=80
      ;;
    *) wrong_usage "'$STAGE' is none of local, dev and prod." ;;
  esac
}

# Sets STAGE and what the options of dev and prod say.
parse() {
  local stage=''
  while (($#)); do
    case "$1" in
      --domain) DOMAIN="$(value_of "$@")" ;;
      --email) ADMIN_EMAIL="$(value_of "$@")" ;;
      --bucket) BACKUP_STORAGE_URL="$(value_of "$@")" ;;
      --behind-proxy) BEHIND_PROXY=1 ASKED[BEHIND_PROXY]=1 ;;
      -*) wrong_usage "There is no option '$1'." ;;
      *)
        if [[ -n "$stage" ]]; then wrong_usage "'$1' is one argument too many."; fi
        stage="$1"
        ;;
    esac
    if [[ "$1" == --domain || "$1" == --email || "$1" == --bucket ]]; then shift; fi
    shift
  done
  choose_stage "$stage"
}

value_of() {
  if [[ -z "${2:-}" || "$2" == -* ]]; then wrong_usage "$1 needs a value."; fi
  printf '%s' "$2"
}

wrong_usage() {
  say "Stopped: $1"
  usage >&2
  exit 2
}

main() {
  if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then usage; exit; fi
  if [[ "${1:-}" == --check ]]; then
    source scripts/doctor.sh
    doctor "${@:2}"
    exit
  fi
  parse "$@"
  stage_is_that_of_env
  ask_what_is_missing
  step "Checking"
  check
  say "  ${GREEN}ok${PLAIN}  engine, Compose, BuildKit, ports, disk"
  step "Installing"
  write_env
  fit_processors
  make_folders
  GIT_REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)"
  export GIT_REVISION # a label of the images
  timed "Images" build_images || die "The images could not be built; what ran goes on running." \
    "The last lines above say why. (docs/troubleshooting.md: $BUILD_SECTION)"
  step "Starting"
  start_services
  timed "First administrator" first_admin || die "The first administrator could not be made." \
    "The last line above says why; ADMIN_EMAIL is in .env. Then run ./install_docker.sh again."
  try_bucket
  summary
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi # tests source this file
