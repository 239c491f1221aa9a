# shellcheck shell=bash
# This machine: ports, disk, clock. Sourced by scripts/doctor.sh.

LEAST_MB="${DOCTOR_LEAST_MB:-1000}"     # below it uploads and the database fail soon
CLOCK_MAY_BE_OFF=60                     # seconds; signatures for buckets bear a few minutes

check_machine() {
  ports_are_ours_or_free
  engine_disk_has_room
  media_has_room
  clock_is_right
}

# --- Ports -------------------------------------------------------------------

ports_are_ours_or_free() {
  local name port ours
  ours="$( [[ -n "${NAME_OF[nginx]:-}" ]] && asked docker port "${NAME_OF[nginx]}" 2>/dev/null | sed 's/.*://')"
  for name in "${PORT_NAMES[@]}"; do
    port="$(known "$name" "${DEFAULT_PORTS[$name]}")"
    if grep -qx "$port" <<<"$ours"; then
      well "Port $port ($name) is published by ${NAME_OF[nginx]}."
    elif has_listener "$port"; then
      problem "Port $port ($name) is taken by $(listener_on "$port")." \
        "Stop that, or choose another port: $name=… in .env and in $(is_behind_proxy && echo "the web server in front" || echo SITE_URL), then run: $(installer)" \
        "Port is taken (Docker)"
    elif runs nginx; then
      careful "nginx publishes $(paste -sd ' ' <<<"$ours"), and $name in .env is $port." \
        "Run: $(in_compose) up --detach" "Containers run with older settings"
    else
      well "Port $port ($name) is free."
    fi
  done
}

# On any address: a listener on one of them is enough to stop nginx from taking all.
has_listener() {
  [[ -n "$(ss -ltnH "sport = :$1" 2>/dev/null)" ]] || port_is_taken "$1"
}

listener_on() {
  local container process
  container="$([[ -n "$WITHOUT_ENGINE" ]] || asked docker ps --filter "publish=$1" --format '{{.Names}}' 2>/dev/null | head -n 1)"
  process="$(ss -ltnpH "sport = :$1" 2>/dev/null | sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1 (pid \2)/p' | head -n 1)"
  if [[ -n "$container" ]]; then
    echo "the container $container"
  elif [[ -n "$process" ]]; then
    echo "the program $process"
  else
    echo "a program of another user (its name: sudo ss -ltnp 'sport = :$1')"
  fi
}

# --- Disk --------------------------------------------------------------------

# usage: judge_disk NAME, with the output of df -Pm and df -Pi on standard input
judge_disk() {
  local name="$1" free inodes
  read -r free inodes < <(awk '$NF ~ /^\// && ++line == 1 { free = $4 } $NF ~ /^\// && line == 2 { inodes = $5 } END { print free, inodes }')
  inodes="${inodes%\%}"
  if [[ ! "$free" =~ ^[0-9]+$ ]]; then
    unasked "the room on $name" "df says nothing about it."
  elif ((free < LEAST_MB)); then
    problem "$name has $free MB left; below $LEAST_MB MB uploads and the database fail." "$(make_room)" "No space left on device"
  elif [[ "$inodes" =~ ^[0-9]+$ ]] && ((inodes >= 98)); then
    problem "$name has used $inodes % of its inodes: no more files can be made, whatever room is left." "$(make_room)" "No space left on device"
  elif ((free < NEEDED_MB)); then
    careful "$name has $free MB left; the next installation wants $NEEDED_MB MB." "$(make_room)" "No space left on device"
  else
    well "$name has $((free / 1000)) GB left$([[ ! "$inodes" =~ ^[0-9]+$ ]] || echo ", $inodes % of its inodes are used")."
  fi
}

make_room() { echo "Run: docker system df   (what Docker keeps), then docker builder prune (loses nothing but time)"; }

engine_disk_has_room() {
  local root="$ENGINE_ROOT"
  if [[ -n "$WITHOUT_ENGINE" ]]; then root=.; fi
  if [[ ! -e "$root" ]]; then return; fi # Docker Desktop keeps it in a machine of its own
  { df -Pm "$root" && df -Pi "$root"; } 2>/dev/null | judge_disk "The disk of $(cd "$root" 2>/dev/null && pwd || echo "$root")"
}

media_has_room() {
  local service
  for service in web worker cron; do
    if runs "$service"; then
      inside "$service" sh -c 'df -Pm /media && df -Pi /media' 2>/dev/null | judge_disk "The volume of uploads"
      return
    fi
  done
  unasked "the room for uploads" "$(why_not web)"
}

# --- Clock -------------------------------------------------------------------

clock_is_right() {
  local url
  url="$(outside_url)"
  if [[ -n "$url" ]]; then clock_agrees_with "$url"; fi
  clock_of_postgres
}

# A host that this installation needs anyway: the bucket's, or the certificates'.
outside_url() {
  local backups
  backups="$(known BACKUP_STORAGE_URL)"
  if [[ "$STAGE" == local && -n "$(known STORAGE_EMULATOR_HOST)" ]]; then return; fi
  case "$backups" in
    gs://*) echo https://storage.googleapis.com ;;
    s3://*) known AWS_ENDPOINT_URL_S3 "https://s3.$(known AWS_DEFAULT_REGION us-east-1).amazonaws.com" ;;
    *) if [[ "$STAGE" != local ]]; then known ACME_SERVER "$(usual_authority)"; fi ;;
  esac
}

usual_authority() { echo "https://acme-$([[ "$STAGE" == prod ]] || echo staging-)v02.api.letsencrypt.org"; }

# Only its Date is read: with a wrong clock its certificate would look expired.
clock_agrees_with() {
  local said date now off host
  host="$(sed -E 's,^[a-z]+://,,; s,/.*,,' <<<"$1")"
  if ! command -v curl >/dev/null; then
    unasked "the clock" "There is no curl on this machine."
    return
  fi
  said="$(curl --silent --show-error --insecure --head --max-time 5 "$1" 2>&1)"
  date="$(tr -d '\r' <<<"$said" | sed -nE 's/^[Dd]ate: //p' | head -n 1)"
  now="$(date +%s)"
  if [[ -z "$date" ]] || ! date="$(date -d "$date" +%s 2>/dev/null)"; then
    unasked "the clock against $host" "$host does not answer ($(short "$said"))."
    return
  fi
  off=$((now - date))
  if ((${off#-} > CLOCK_MAY_BE_OFF)); then
    problem "This machine's clock is ${off#-} s $( ((off > 0)) && echo ahead of || echo behind) that of $host: signed requests and certificates fail." \
      "Run: sudo timedatectl set-ntp true   then: timedatectl" "The clock is wrong"
  else
    well "The clock agrees with $host (to ${off#-} s)."
  fi
}

# Also where containers live in a virtual machine, which may have slept.
clock_of_postgres() {
  local said off
  if ! runs postgres; then
    unasked "the clock of Postgres" "$(why_not postgres)"
    return
  fi
  # shellcheck disable=SC2016 # the container's variables
  said="$(inside postgres sh -c 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -qAtc "SELECT floor(extract(epoch FROM clock_timestamp()))"' 2>/dev/null)"
  if [[ ! "$said" =~ ^[0-9]+$ ]]; then return; fi # check_data says why it does not answer
  off=$(($(date +%s) - said))
  if ((${off#-} > CLOCK_MAY_BE_OFF)); then
    problem "The clock of Postgres is ${off#-} s $( ((off > 0)) && echo behind || echo ahead of) this machine's." \
      "Restart Docker (its virtual machine has slept), then ask again." "The clock is wrong"
  else
    well "Containers have this machine's time (to ${off#-} s)."
  fi
}
