# shellcheck shell=bash
# What ./install_docker.sh knows about the engine and its containers. Sourced.

NEEDED_COMPOSE=2.24
COMPOSE_FILE_NAME=docker-compose.yml

compose() { docker compose --file "$COMPOSE_FILE_NAME" "$@"; }

engine_answers() {
  local error
  if error="$(docker info --format '{{.ServerVersion}}' 2>&1 >/dev/null)"; then return 0; fi
  if [[ "$error" == *"permission denied"* ]]; then
    die "The Docker engine runs, but the user $(id -un) may not use it." \
      "Run: sudo usermod -aG docker $(id -un), then sign in anew. (docs/troubleshooting.md: The Docker engine does not answer)"
  fi
  if [[ "$(docker --version 2>/dev/null)" == *odman* ]]; then
    die "This 'docker' is Podman, which does not run these files: BuildKit and the engine's networks are missing." \
      "Install Docker: https://docs.docker.com/engine/install/ (or use ./install_local.sh, which needs none). (docs/troubleshooting.md: This 'docker' is Podman)"
  fi
  die "The Docker engine does not answer: ${error##*$'\n'}" \
    "Start it: systemctl start docker, or Docker Desktop. (docs/troubleshooting.md: The Docker engine does not answer)"
}

# usage: is_at_least VERSION NEEDED    Compares 2.26.1 with 2.24 number by number.
is_at_least() { [[ "$(printf '%s\n%s\n' "$2" "${1#v}" | sort --version-sort | head -n 1)" == "$2" ]]; }

compose_is_new_enough() {
  local version
  version="$(docker compose version --short 2>/dev/null)" ||
    die "This Docker has no Compose." "Install the package docker-compose-plugin, or update Docker."
  is_at_least "$version" "$NEEDED_COMPOSE" ||
    die "Docker Compose is $version; $NEEDED_COMPOSE is the first that reads these files." \
      "Update Docker, or its package docker-compose-plugin. (docs/troubleshooting.md: Docker Compose is too old)"
}

buildkit_is_there() {
  docker buildx version >/dev/null 2>&1 ||
    die "BuildKit is missing: 'docker buildx' does not answer." \
      "Install the package docker-buildx-plugin (on Debian: docker-buildx), or update Docker."
}

# usage: disk_has_room MEGABYTES    On the disk where the engine keeps images and volumes.
disk_has_room() {
  local root free
  root="$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)"
  [[ -d "$root" ]] || root=.
  free="$(df -Pm "$root" | awk 'NR == 2 { print $4 }')"
  ((free >= $1)) ||
    die "The disk of $root has $free MB left; images and data need $1 MB." \
      "Make room ('docker system df' shows what Docker keeps), or move Docker's data. (docs/troubleshooting.md: No space left on device)"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port_from() {
  local port="$1"
  while port_is_taken "$port"; do ((port += 1)); done
  echo "$port"
}

# usage: port_is_ours PORT    Whether this project's own nginx publishes it.
port_is_ours() {
  compose ps --format '{{range .Publishers}}{{println .PublishedPort}}{{end}}' nginx 2>/dev/null | grep -qx "$1"
}

# One line a container: service, state, health, exit status, name.
containers() {
  compose ps --all --format '{{.Service}}|{{.State}}|{{.Health}}|{{.ExitCode}}|{{.Name}}'
}

# usage: is_well SERVICE STATE HEALTH EXIT_STATUS
# certbot may wait for its certificate for long, and the site runs meanwhile.
is_well() {
  case "$1" in
    migrate) [[ "$2 $4" == "exited 0" ]] ;;
    certbot) [[ "$2" == running ]] ;;
    *) [[ "$2 $3" == "running healthy" ]] ;;
  esac
}

# True once every service is healthy; false, at once, when one cannot become it any more.
wait_until_healthy() {
  local deadline=$((SECONDS + $1)) service state health code name pending seen
  while ((SECONDS < deadline)); do
    pending='' seen=0
    while IFS='|' read -r service state health code name; do
      ((seen += 1))
      if is_well "$service" "$state" "$health" "$code"; then continue; fi
      if [[ "$health" == unhealthy || "$service $state" == "migrate exited" ]]; then return 1; fi
      pending+=" $name"
    done < <(containers)
    if ((seen > 0)) && [[ -z "$pending" ]]; then return 0; fi
    sleep 0.5
  done
  return 1
}

# usage: tell_migration_waits FILE &    Until FILE is gone: Compose says no word of it.
tell_migration_waits() {
  local began said told=''
  began="$(date +%s)"
  while [[ -e "$1" ]] && kill -0 "$$" 2>/dev/null; do
    said="$(compose logs --no-log-prefix --since "$began" migrate 2>/dev/null | sed -n '/^Waits for /p' | tail -n 1)" || said=''
    if [[ -n "$said" && "$said" != "$told" ]]; then say "      $said"; fi
    told="$said"
    sleep 1
  done
}

indent() { sed 's/^/    /' >&2; }

# usage: explain_containers    Says of each container that is not well all that helps.
explain_containers() {
  local service state health code name said logs
  while IFS='|' read -r service state health code name <&3; do
    if is_well "$service" "$state" "$health" "$code" || [[ "$state" == created ]]; then continue; fi
    step "$name is $state${health:+, $health}$([[ "$state" != exited ]] || echo ", exit status $code")"
    said="$(docker inspect --format '{{with .State.Health}}{{range .Log}}{{.Output}}{{end}}{{end}}' "$name" |
      sed '/^$/d' | tail -n 3)"
    if [[ -n "$said" ]]; then
      say "Its health check says:"
      indent <<<"$said"
    fi
    say "Its last 30 lines:"
    logs="$(docker logs --tail 30 "$name" 2>&1)"
    indent <<<"$logs"
    say "See docs/troubleshooting.md: $(section_for "$service" "$logs")"
  done 3< <(containers)
}

# usage: section_for SERVICE LOGS    The heading in docs/troubleshooting.md that fits.
section_for() {
  case "$2" in
    *"password authentication failed"*) echo "password authentication failed for user" ;;
    *"No space left on device"*) echo "No space left on device" ;;
    *"cannot be written by uid"*) echo "The … folder … cannot be written by uid …" ;;
    *"Postgres did not answer"*) echo "Postgres did not answer within … s" ;;
    *" was not run: for "* | *"Nothing was migrated: "*) echo "… was not run: for … min it waited for …" ;;
    *"Redis did not answer"*) echo "Redis did not answer within … s" ;;
    *) section_of_service "$1" ;;
  esac
}

section_of_service() {
  case "$1" in
    npm_watch) echo "The frontend's manifest is missing (npm_watch is unhealthy)" ;;
    nginx) echo "nginx is unhealthy" ;;
    worker) echo "The worker is unhealthy" ;;
    flower) echo "Flower is unhealthy" ;;
    cron) echo "cron is unhealthy" ;;
    storage) echo "The storage server is unhealthy" ;;
    postgres) echo "Postgres is unhealthy" ;;
    redis) echo "Redis is unhealthy" ;;
    *) echo "web is unhealthy" ;;
  esac
}

# --- The database's password -------------------------------------------------
# From inside, 127.0.0.1 and the socket ask for none; the container's own name does.
# In DEV and PROD the container has it in a file.

# shellcheck disable=SC2016 # the container's variables
PASSWORD_OF_CONTAINER='POSTGRES_PASSWORD="${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}"; export POSTGRES_PASSWORD;'

database_takes_password() {
  # shellcheck disable=SC2016 # the container's variables
  compose exec -T postgres sh -c "$PASSWORD_OF_CONTAINER"' PGPASSWORD="$POSTGRES_PASSWORD" psql -h postgres -U "$POSTGRES_USER" -d "$POSTGRES_DB" -qc "SELECT 1"' 2>&1
}

give_database_the_password() {
  # shellcheck disable=SC2016 # the container's variables
  compose exec -T postgres sh -c "$PASSWORD_OF_CONTAINER"' psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -q -v ON_ERROR_STOP=1' <<'SQL'
\getenv role POSTGRES_USER
\getenv password POSTGRES_PASSWORD
ALTER ROLE :"role" PASSWORD :'password';
SQL
}

repair_password() {
  local answer
  if answer="$(database_takes_password)"; then return 0; fi
  if [[ "$answer" != *"password authentication failed"* ]]; then
    die "Postgres does not let us in: ${answer##*$'\n'}" "See docs/troubleshooting.md: Postgres is unhealthy"
  fi
  warn "The database's volume keeps another password than POSTGRES_PASSWORD in $(place_of POSTGRES_PASSWORD)."
  timed "Giving the database the password of $(place_of POSTGRES_PASSWORD)" give_database_the_password ||
    die "The password could not be repaired." "See docs/troubleshooting.md: password authentication failed for user"
}
