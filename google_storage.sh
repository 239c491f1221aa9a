#!/usr/bin/env bash
# Backups of this project: list, back up, restore, undo, verify, prove, prune. Works on the
# Docker stack and on the local one; the work itself is done by web/manage.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/lib.sh # say, step, warn, die, env_value, set_env_value

KEY=secrets/keys/google-key.json
KEY_IN_CONTAINER=/secrets/google-key.json # services.yml mounts secrets/keys there, into cron
LOCAL_ENV=.local/env

usage() {
  cat <<'END'
Usage: ./google_storage.sh ACTION [OPTION]...

  -l, --list [--all] [--json]  the backups, newest first; --all: also what is no backup
  -b, --backup [--full]        back up now; --full: read unchanged files as well
  -r, --restore URL|latest     put a backup in the place of what is live (asks first)
        --of prod              the latest of another environment (also with -l)
        --database-only, --media-only  one half of it
        --without-broken-constraints  all rows, without the constraints that they break
        --keep EMAIL           another environment's people are replaced in the data,
                               but for these (repeatable); --no-scrub: nobody is
  -u, --undo                   take the last restore back
      --forget                 remove what is kept for --undo
  -v, --verify URL|latest|--all  read everything that backups name, and compare
  -d, --drill [URL]            restore the newest into a scratch place: the proof
  -p, --prune                  remove what the retention no longer keeps (shows first)
  -a, --authenticate [FILE]    prove that the bucket can be written, read and deleted
                               from; FILE: a service account's key, kept in secrets/
      --new-key                print a new BACKUP_ENCRYPTION_KEY
Options: --yes: do not ask; --docker, --local: which stack, when both run; --help

URL is one that -l prints: gs://BUCKET/PROJECT/ENVIRONMENT/backups/2026-11-21T03-00-00Z
A restore is built and proven beside what is live, then swapped in; what was live stays
for --undo until a newer backup is proven.
Exit status: 0 done, 1 failed, 2 wrong usage or another run holds the lock.
END
}

wrong_usage() {
  say "Stopped: $1"
  say "All options: ./google_storage.sh --help"
  exit 2
}

# Sets ACTION, ARGUMENT, STACK and the list of options.
parse() {
  ACTION='' ARGUMENT='' STACK='' OPTIONS=()
  while (($#)); do
    case "$1" in
      -) # an old habit: `- a`
        if (($# < 2)); then wrong_usage "A lone '-' is no action."; fi
        set -- "-$2" "${@:3}"
        continue
        ;;
      --help | -h) usage && exit ;;
      -a | --authenticate) choose authenticate ;;
      -l | --list) choose list ;;
      -b | --backup) choose backup ;;
      -r | --restore) choose restore ;;
      -u | --undo) choose undo ;;
      --forget) choose forget ;;
      -v | --verify) choose verify ;;
      -d | --drill) choose drill ;;
      -p | --prune) choose prune ;;
      --new-key) choose new-key ;;
      --yes | --json | --all | --full | --database-only | --media-only | --no-scrub | --without-broken-constraints) OPTIONS+=("$1") ;;
      --keep | --of)
        if (($# < 2)); then wrong_usage "$1 needs $([[ "$1" == --of ]] && echo an environment, such as prod || echo an e-mail address)."; fi
        OPTIONS+=("$1=$2")
        shift
        ;;
      --docker | --local) STACK="${1#--}" ;;
      -*) wrong_usage "There is no option '$1'." ;;
      *)
        if [[ -n "$ARGUMENT" ]]; then wrong_usage "'$1' is one argument too many."; fi
        ARGUMENT="$1"
        ;;
    esac
    shift
  done
}

choose() {
  if [[ -n "$ACTION" ]]; then wrong_usage "'$ACTION' and '$1' are two actions; run one at a time."; fi
  ACTION="$1"
}

check_usage() {
  local option
  case "$ACTION" in
    '') wrong_usage "Say what to do: -l, -b, -r URL, -u, -v, -d, -p or -a." ;;
    restore) [[ -n "$ARGUMENT" ]] || wrong_usage "-r needs the URL of a backup (./google_storage.sh -l prints them) or 'latest'." ;;
    verify)
      if [[ -z "$ARGUMENT" && " ${OPTIONS[*]} " != *" --all "* ]]; then
        wrong_usage "-v needs the URL of a backup, 'latest' or --all."
      fi
      ;;
    drill | authenticate) ;;
    *) [[ -z "$ARGUMENT" ]] || wrong_usage "'$ARGUMENT' is one argument too many." ;;
  esac
  for option in "${OPTIONS[@]}"; do
    case "$ACTION$option" in
      restore--yes | restore--database-only | restore--media-only) ;;
      restore--without-broken-constraints | restore--no-scrub | restore--keep=* | list--of=*) ;;
      restore--of=*) [[ "$ARGUMENT" == latest ]] || wrong_usage "--of goes with 'latest': a URL names its environment." ;;
      undo--yes | forget--yes | prune--yes) ;;
      list--json | list--all | verify--all | backup--full) ;;
      *) wrong_usage "$option does not belong to '$ACTION'." ;;
    esac
  done
  if [[ "$ACTION" == authenticate && -n "$ARGUMENT" && ! -r "$ARGUMENT" ]]; then
    wrong_usage "The key '$ARGUMENT' cannot be read."
  fi
}

# Prints a service of the Docker stack that runs, or nothing. cron alone has what a backup
# and a restore need: the site may neither read nor make everything in the database.
docker_service() {
  local running service
  if [[ ! -e .env ]] || ! command -v docker >/dev/null; then return 0; fi
  if ! running="$(timeout 20 docker compose ps --status running --services 2>&1)"; then
    if [[ "$STACK" == docker ]]; then die "Docker does not answer: $running" "Start it, then run: ./install_docker.sh"; fi
    return 0
  fi
  for service in cron web; do
    if grep --line-regexp --quiet "$service" <<<"$running"; then
      echo "$service"
      return 0
    fi
  done
}

local_runs() {
  [[ -r "$LOCAL_ENV" && -x "$VENV/bin/python" ]] || return 1
  "$VENV/bin/python" - "$(env_value "$LOCAL_ENV" POSTGRES_HOST)" "$(env_value "$LOCAL_ENV" POSTGRES_PORT)" <<'END'
import socket
import sys

host, port = sys.argv[1], sys.argv[2] or "5432"
family = socket.AF_UNIX if host.startswith("/") else socket.AF_INET
address = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port))
with socket.socket(family) as probe:
    probe.settimeout(3)
    sys.exit(1 if probe.connect_ex(address) else 0)
END
}

# Sets STACK (docker or local) and, for Docker, SERVICE.
find_stack() {
  local wanted="$STACK" is_local=no
  if [[ -z "$wanted" && -n "${COMPOSE_FILE:-}" ]]; then wanted=docker; fi
  SERVICE=''
  if [[ "$wanted" != local ]]; then SERVICE="$(docker_service)"; fi
  if [[ "$wanted" != docker ]] && local_runs; then is_local=yes; fi
  if [[ -n "$SERVICE" && "$is_local" == yes ]]; then
    wrong_usage "Both stacks run, the Docker one and the local one. Say which: --docker or --local."
  elif [[ -n "$SERVICE" ]]; then
    STACK=docker
  elif [[ "$is_local" == yes ]]; then
    STACK=local
  else
    not_running "$wanted"
  fi
}

not_running() {
  case "$1" in
    docker) die "The Docker stack does not run." "Start it: ./install_docker.sh" ;;
    local) die "The local stack does not run." "Start it: ./install_local.sh --detach" ;;
    *) die "No stack of this project runs." "Start one: ./install_docker.sh, or without Docker: ./install_local.sh --detach" ;;
  esac
}

# usage: manage COMMAND [ARGUMENT]...    Runs manage.py in the stack; its exit status is ours.
manage() {
  local terminal=() in_cron=(exec)
  if [[ "$STACK" == local ]]; then
    (load_environment && cd web && exec "$VENV/bin/python" manage.py "$@")
    return
  fi
  if [[ ! -t 0 || ! -t 1 ]]; then terminal=(-T); fi
  if [[ "$SERVICE" != cron ]]; then in_cron=(run --rm --no-deps); fi # one for this alone
  # Its daemon is root, its jobs are not.
  docker compose "${in_cron[@]}" "${terminal[@]}" --user app cron python manage.py "$@"
}

# Plain NAME=value lines; nothing in them is run.
load_environment() {
  local line
  while IFS= read -r line || [[ -n "$line" ]]; do
    if [[ "$line" =~ ^[A-Za-z_][A-Za-z0-9_]*= ]]; then export "${line?}"; fi
  done <"$LOCAL_ENV"
}

authenticate() {
  if [[ -z "$ARGUMENT" ]]; then
    manage check_storage
    return
  fi
  step "Checking the key"
  manage check_storage - <"$ARGUMENT" # before anything is changed
  keep_key
  if [[ "$STACK" == docker ]]; then
    set_env_value .env GOOGLE_APPLICATION_CREDENTIALS "$KEY_IN_CONTAINER"
    step "Starting what speaks to the bucket again, with the key"
    docker compose up --detach --no-deps --no-build cron worker web
  else
    set_env_value "$LOCAL_ENV" GOOGLE_APPLICATION_CREDENTIALS "$PWD/$KEY"
  fi
  say "The key is kept as $KEY. Next: ./google_storage.sh -b"
}

keep_key() {
  mkdir -p "$(dirname "$KEY")"
  if [[ ! "$ARGUMENT" -ef "$KEY" ]]; then install -m 600 "$ARGUMENT" "$KEY"; fi
  if [[ -O "$KEY" ]]; then chmod 600 "$KEY"; fi
  if [[ "$STACK" == docker ]]; then give_key_to_container; fi
}

# In the container the jobs' uid reads it, and nobody else may.
give_key_to_container() {
  local uid
  uid="$(env_value .env APP_UID)"
  uid="${uid:-1000}"
  if [[ "$(stat -c %u "$KEY")" == "$uid" ]] || chown "$uid" "$KEY" 2>/dev/null; then return 0; fi
  die "$KEY must belong to uid $uid, as which backups run." \
    "Run: sudo chown $uid $KEY && sudo ./google_storage.sh -a $KEY"
}

main() {
  local target=()
  parse "$@"
  check_usage
  find_stack
  if [[ -n "$ARGUMENT" ]]; then target=("$ARGUMENT"); fi
  case "$ACTION" in
    list) manage list_backups "${OPTIONS[@]}" ;;
    backup) manage backup "${OPTIONS[@]}" ;;
    restore) manage restore_backup "${target[@]}" "${OPTIONS[@]}" ;;
    undo) manage undo_restore "${OPTIONS[@]}" ;;
    forget) manage forget_previous "${OPTIONS[@]}" ;;
    verify) manage verify_backups "${target[@]}" "${OPTIONS[@]}" ;;
    drill) manage drill_restore "${target[@]}" ;;
    prune) manage prune_backups "${OPTIONS[@]}" ;;
    new-key) manage new_backup_key ;;
    authenticate) authenticate ;;
  esac
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi
