# shellcheck shell=bash disable=SC2153
# shellcheck disable=SC2034 # the rooms read what is set here
# What the engine and its containers are, read once, before the rooms ask. Sourced.
#
# Containers are found by their labels, not by Compose: it reads nothing without a whole
# .env, and a broken .env is a reason to ask the doctor.

PATIENCE="${DOCTOR_PATIENCE_SECONDS:-10}"

# usage: asked COMMAND [ARGUMENT]...    Waits PATIENCE at most.
asked() { timeout --kill-after=1 "$PATIENCE" "$@"; }

# Sets WITHOUT_ENGINE, why it cannot be asked (empty: it can), and what it is.
look_at_engine() {
  local said status
  ENGINE_VERSION='' ENGINE_ROOT='' ENGINE_ERROR='' WITHOUT_ENGINE='' UNREADABLE_SETTINGS=''
  if ! command -v docker >/dev/null; then
    WITHOUT_ENGINE="There is no docker on this machine."
    return
  fi
  do_without_unreadable_settings
  said="$(asked docker info --format '{{.ServerVersion}}|{{.DockerRootDir}}' 2>"$NOTES/engine.said")"
  status=$?
  IFS='|' read -r ENGINE_VERSION ENGINE_ROOT <<<"$(tail -n 1 <<<"$said")"
  if ((status == 0)) && [[ -n "$ENGINE_VERSION" ]]; then return; fi
  ENGINE_ERROR="$(short "$(cat "$NOTES/engine.said")")"
  if ((status == 124 || status == 137)); then ENGINE_ERROR="no answer within $PATIENCE s"; fi
  WITHOUT_ENGINE="The Docker engine does not answer."
}

# Docker finds no Compose when its own settings cannot be read, as below sudo -u.
do_without_unreadable_settings() {
  local file="${DOCKER_CONFIG:-${HOME:-}/.docker}/config.json"
  if cat "$file" >/dev/null 2>"$NOTES/settings.said" || [[ "$(cat "$NOTES/settings.said")" != *ermission* ]]; then return; fi
  UNREADABLE_SETTINGS="$file"
  mkdir "$NOTES/docker"
  export DOCKER_CONFIG="$NOTES/docker"
}

# --- Containers --------------------------------------------------------------

declare -gA SERVICE STATE HEALTH EXIT_STATUS RESTARTS OOM STARTED IMAGE_ID IMAGE ERROR
declare -gA NAME_OF # of a service: its container, a running one if there is one
NAMES=()

project_name() {
  local name="${COMPOSE_PROJECT_NAME:-$(known COMPOSE_PROJECT_NAME)}"
  if [[ -z "$name" ]]; then
    name="${PROJECT_NAME:-$(known PROJECT_NAME socle)}"
    if [[ "$STAGE" != local ]]; then name+="-$STAGE"; fi
  fi
  printf '%s' "$name"
}

FORMAT='{{index .Config.Labels "com.docker.compose.service"}}|{{.State.Status}}|{{with .State.Health}}{{.Status}}{{end}}'
FORMAT+='|{{.State.ExitCode}}|{{.RestartCount}}|{{.State.OOMKilled}}|{{.State.StartedAt}}|{{.Image}}|{{.Config.Image}}'
FORMAT+='|{{.Name}}|{{.State.Error}}'

look_at_containers() {
  local line ids
  PROJECT="$(project_name)"
  if [[ -n "$WITHOUT_ENGINE" ]]; then return; fi
  mapfile -t ids < <(asked docker ps --all --quiet --no-trunc \
    --filter "label=com.docker.compose.project=$PROJECT" \
    --filter "label=com.docker.compose.oneoff=False")
  if ((${#ids[@]} == 0)); then return; fi
  while IFS= read -r line; do note_container "$line"; done < <(
    asked docker inspect --format "$FORMAT" "${ids[@]}" 2>/dev/null | sort
  )
}

note_container() {
  local service state health status restarts oom started image_id image name error
  IFS='|' read -r service state health status restarts oom started image_id image name error <<<"$1"
  name="${name#/}"
  NAMES+=("$name")
  SERVICE[$name]="$service" STATE[$name]="$state" HEALTH[$name]="$health" EXIT_STATUS[$name]="$status"
  RESTARTS[$name]="$restarts" OOM[$name]="$oom" STARTED[$name]="$started" IMAGE_ID[$name]="$image_id"
  IMAGE[$name]="$image" ERROR[$name]="$error"
  if [[ -z "${NAME_OF[$service]:-}" || "$state" == running ]]; then NAME_OF[$service]="$name"; fi
}

# usage: runs SERVICE
runs() { [[ -n "${NAME_OF[$1]:-}" && "${STATE[${NAME_OF[$1]}]}" == running ]]; }

load() { cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown; }

# usage: why_not SERVICE    Why it cannot be asked, as a sentence.
why_not() {
  if [[ -n "$WITHOUT_ENGINE" ]]; then
    echo "$WITHOUT_ENGINE"
  elif ((${#NAMES[@]} == 0)); then
    echo "The project $PROJECT has no container."
  elif [[ -z "${NAME_OF[$1]:-}" ]]; then
    echo "The service $1 has no container."
  else
    echo "The service $1 does not run (${STATE[${NAME_OF[$1]}]})."
  fi
}

# usage: inside SERVICE COMMAND [ARGUMENT]...
inside() { asked docker exec --interactive "${NAME_OF[$1]}" "${@:2}"; }

# --- Settings ----------------------------------------------------------------

declare -gA VALUES # of .env, without line ends of Windows; the last of two counts

read_env() {
  local line
  while IFS= read -r line || [[ -n "$line" ]]; do
    line="${line%$'\r'}"
    if [[ "$line" =~ ^([A-Z][A-Z0-9_]*)=(.*) ]]; then VALUES[${BASH_REMATCH[1]}]="${BASH_REMATCH[2]}"; fi
  done 2>/dev/null <.env
}

# usage: known NAME [DEFAULT]    A value of .env.
known() { printf '%s' "${VALUES[$1]:-${2:-}}"; }

# usage: secret NAME    From its file in DEV and PROD, from .env in LOCAL.
secret() {
  if [[ -e "$(place_of_secret "$1")" && "$(place_of_secret "$1")" != .env ]]; then
    cat "$(secret_file "$1")" 2>/dev/null
  else
    known "$1"
  fi
}

# usage: place_of_secret NAME    Where a person changes it; older installations have all in .env.
place_of_secret() { if [[ -e "$(place_of "$1")" ]]; then place_of "$1"; else echo .env; fi; }

site_host() { known SITE_URL | sed -E 's,^[a-z]+://,,; s,[:/].*$,,'; }

# What to write before a command of Compose's, so that it means this stage.
in_compose() {
  if [[ "$(known COMPOSE_FILE docker-compose.yml)" == "$COMPOSE_FILE_NAME" ]]; then
    echo "docker compose"
  else
    echo "docker compose -f $COMPOSE_FILE_NAME"
  fi
}

# The command that installs, repairs and starts; safe to run again.
installer() { echo "./install_docker.sh$([[ "$STAGE" == local ]] || echo " $STAGE")"; }
