# shellcheck shell=bash
# What the volumes hold: Postgres' major and password, Redis' password, owners.
# Sourced by scripts/doctor.sh.

check_data() {
  if [[ -n "$WITHOUT_ENGINE" ]]; then
    unasked "database and volumes" "$WITHOUT_ENGINE"
    return
  fi
  volume_is_of_this_major
  database_has_the_password
  redis_has_the_password
  owners_of_volumes
}

# --- Postgres' major ---------------------------------------------------------

volume_is_of_this_major() {
  local wanted volumes others found
  wanted="$(known POSTGRES_VERSION 17)"
  volumes="$(asked docker volume ls --filter "label=com.docker.compose.project=$PROJECT" --format '{{.Name}}' 2>/dev/null | sed -nE 's/.*_postgres-([0-9]+)$/\1/p')"
  others="$(grep -vx "$wanted" <<<"$volumes" | paste -sd ' ')"
  if [[ -n "${others// /}" ]] && ! grep -qx "$wanted" <<<"$volumes"; then
    say_other_major "$wanted" "${others##* }"
    return
  fi
  found="$(major_on_disk)"
  if [[ -n "$found" && "$found" != "$wanted" ]]; then
    problem "The database's files are of Postgres $found, and POSTGRES_VERSION in .env is $wanted: such a server does not read them." \
      "Write POSTGRES_VERSION=$found into .env and run: $(installer)" "The database is of another Postgres major"
  elif [[ -n "$found" ]]; then
    well "The database's files are of Postgres $found, as .env says."
    tools_are_of_this_major "$found"
  fi
}

say_other_major() {
  problem "POSTGRES_VERSION in .env is $1, and the data is in the volume of Postgres $2: with $1 the site would begin with an empty database." \
    "Write POSTGRES_VERSION=$2 into .env and run: $(installer)   To change to $1: ./google_storage.sh -b, then POSTGRES_VERSION=$1, $(installer), ./google_storage.sh -r latest" \
    "The database is of another Postgres major"
}

# usage: data_folder    PGDATA of the container, which need not run.
data_folder() {
  asked docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "${NAME_OF[postgres]}" 2>/dev/null | sed -n 's/^PGDATA=//p'
}

# usage: file_of NAME PATH    Of a container that runs or not. Nothing is written.
file_of() { asked docker cp "$1:$2" - 2>/dev/null | tar -xO 2>/dev/null; }

major_on_disk() {
  if [[ -n "${NAME_OF[postgres]:-}" ]]; then file_of "${NAME_OF[postgres]}" "$(data_folder)/PG_VERSION" | tr -d '[:space:]'; fi
}

tools_are_of_this_major() {
  local tools
  if ! runs web; then return; fi
  tools="$(inside web pg_dump --version 2>/dev/null | sed -nE 's/^pg_dump \(PostgreSQL\) ([0-9]+).*/\1/p')"
  if [[ -n "$tools" ]] && ((tools < $1)); then
    problem "pg_dump in web is of Postgres $tools, the server of $1: it cannot back it up." "Run: $(installer)" "pg_dump is older than the server"
  fi
}

# --- Passwords ---------------------------------------------------------------
# They go through standard input: nobody sees them in a list of processes.

# From inside, 127.0.0.1 and the socket ask for none; the container's own address does.
database_has_the_password() {
  local said
  if ! runs postgres; then
    unasked "the database's password" "$(why_not postgres)"
    return
  fi
  # shellcheck disable=SC2016 # the container's variables
  said="$(secret POSTGRES_PASSWORD | inside postgres sh -c \
    'PGPASSWORD="$(cat)" PGCONNECT_TIMEOUT=5 psql -h "$(hostname)" -U "$POSTGRES_USER" -d "$POSTGRES_DB" -qAtc "SELECT 1"' 2>&1)"
  case "$(short "$said")" in
    '') unasked "the database's password" "$(no_answer postgres)" ;;
    1) well "The database takes the password of $(place_of_secret POSTGRES_PASSWORD)." ;;
    *"password authentication failed"* | *"no password supplied"*)
      problem "The database's volume keeps another password than POSTGRES_PASSWORD in $(place_of_secret POSTGRES_PASSWORD): the site loses the database when it is started anew." \
        "Run: $(installer)   (it gives the database that password; nothing is lost)" "password authentication failed for user"
      ;;
    *) problem "The database does not let us in: $(short "$said")" "Run: $(in_compose) logs --tail 50 postgres" "Postgres is unhealthy" ;;
  esac
}

redis_has_the_password() {
  local said
  if ! runs redis; then
    unasked "Redis' password" "$(why_not redis)"
    return
  fi
  # shellcheck disable=SC2016 # the container's variables
  said="$(secret REDIS_PASSWORD | inside redis sh -c 'REDISCLI_AUTH="$(cat)" exec redis-cli ping' 2>&1)"
  case "$(short "$said")" in
    '') unasked "Redis' password" "$(no_answer redis)" ;;
    PONG) well "Redis takes the password of $(place_of_secret REDIS_PASSWORD)." ;;
    *WRONGPASS* | *NOAUTH* | *"AUTH failed"*)
      problem "Redis runs with another password than REDIS_PASSWORD in $(place_of_secret REDIS_PASSWORD)." \
        "Run: $(in_compose) up --detach --force-recreate" "Redis did not answer within … s"
      ;;
    *) problem "Redis does not answer as it should: $(short "$said")" "Run: $(in_compose) logs --tail 50 redis" "Redis is unhealthy" ;;
  esac
}

no_answer() { echo "The service $1 gave no answer within $PATIENCE s (load of this machine: $(load))."; }

# --- Owners ------------------------------------------------------------------

# shellcheck disable=SC2016 # Docker's variables
VOLUMES='{{$c := .}}{{range .Mounts}}{{if and (eq .Type "volume") .RW}}{{$c.Name}}|{{$c.Config.User}}|{{.Destination}}{{println}}{{end}}{{end}}'

owners_of_volumes() {
  local name user path count=0 index
  if ((${#NAMES[@]} == 0)); then return; fi
  while IFS='|' read -r name user path; do
    name="${name#/}"
    case "$user" in '' | root* | 0*) continue ;; esac # root becomes somebody else later
    case "${SERVICE[$name]}:$path" in
      postgres:*) path="$(data_folder)" ;;
      migrate:*) if [[ -n "${NAME_OF[web]:-}" ]]; then continue; fi ;; # the same volume
      worker:*) if [[ -n "${NAME_OF[web]:-}" ]]; then continue; fi ;;
    esac
    count=$((count + 1))
    owner_fits "$name" "$user" "$path" >"$NOTES/owner.$count" &
  done < <(asked docker inspect --format "$VOLUMES" "${NAMES[@]}" 2>/dev/null)
  wait
  for ((index = 1; index <= count; index++)); do cat "$NOTES/owner.$index"; done | say_owners
}

# Its one line when all fit; the problems, when not.
say_owners() {
  local found fitting
  found="$(cat)"
  fitting="$(grep -c '^fits$' <<<"$found")"
  grep -v '^fits$' <<<"$found" | sed '/^$/d'
  if ((fitting > 0)) && ! grep -q "^problem" <<<"$found"; then well "The volumes belong to those who write them."; fi
}

# usage: owner_fits NAME USER PATH    By the mode and owner of the folder itself.
owner_fits() {
  local name="$1" user="$2" path="$3" uid mode owner
  uid="$(uid_of "$name" "${user%%:*}")"
  read -r mode owner < <(asked docker cp "$name:$path" - 2>/dev/null | tar --numeric-owner -tvf - 2>/dev/null | head -n 1)
  owner="${owner%%/*}"
  if [[ -z "$uid" || -z "$owner" ]]; then return; fi
  if [[ "$owner" == "$uid" || "${mode:8:1}" == w ]]; then
    echo fits
    return
  fi
  problem "${SERVICE[$name]} writes $path as uid $uid, and that folder of the volume belongs to uid $owner." \
    "Run: $(in_compose) run --rm --no-deps --user root --cap-add CHOWN --cap-add DAC_READ_SEARCH --entrypoint chown ${SERVICE[$name]} -R $uid $path   then: $(in_compose) up --detach" \
    "The … folder … cannot be written by uid …"
}

uid_of() {
  if [[ "$2" =~ ^[0-9]+$ ]]; then echo "$2"; else file_of "$1" /etc/passwd | awk -F : -v name="$2" '$1 == name { print $3 }'; fi
}
