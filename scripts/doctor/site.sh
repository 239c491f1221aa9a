# shellcheck shell=bash
# What the site knows of itself: manage.py site_status, and whether its bucket answers.
# Sourced by scripts/doctor.sh.

SITE_PATIENCE="${DOCTOR_SITE_PATIENCE_SECONDS:-25}"

check_site() {
  if ! runs web; then
    unasked "migrations, worker, backup, bucket and what else the site knows" "$(why_not web)"
    return
  fi
  bucket_answers >"$NOTES/bucket" &
  say_facts
  wait $!
  cat "$NOTES/bucket"
}

# One line a fact: name, state, what it says, what to do. JSON is read by the site's own
# Python: this machine need not have one.
facts_of_the_site() {
  # shellcheck disable=SC2016 # the container's variables
  PATIENCE="$SITE_PATIENCE" inside web sh -c 'python manage.py site_status --json | python -c "$1"' sh '
import json, sys
for fact in json.load(sys.stdin)["facts"]:
    words = (fact["name"], fact["state"], fact["says"], fact.get("todo") or "")
    print("fact", *(" ".join(str(word).split()) for word in words), sep="\x1f")
'
}

say_facts() {
  local fact name state says todo said known_facts
  said="$(facts_of_the_site 2>"$NOTES/facts.said")"
  known_facts="$(grep -c "^fact$MARK" <<<"$said")"
  if ((known_facts == 0)); then
    unasked "migrations, worker, backup and what else the site knows" "$(why_no_facts)"
    return
  fi
  while IFS="$MARK" read -r fact name state says todo; do
    if [[ "$fact" != fact ]]; then continue; fi
    say_fact "$name" "$state" "$says" "$todo"
  done <<<"$said"
}

why_no_facts() {
  local said
  said="$(cat "$NOTES/facts.said")"
  if [[ "$said" == *"Unknown command"* ]]; then
    echo "The image of web is older than this code: it has no site_status."
  elif [[ -z "$said" ]]; then
    echo "The site did not say anything of itself within $SITE_PATIENCE s."
  else
    echo "The site cannot say anything of itself ($(cause_in "$said"))."
  fi
}

# A traceback's last line that is not of the program which reads the JSON.
cause_in() { short "$(grep -vE 'JSONDecodeError|Expecting value|BrokenPipe' <<<"$1" | grep -E '^[A-Za-z_.]+(Error|Exception|Failed)?:|rror' || echo "$1")"; }

# usage: say_fact NAME STATE SAYS TODO
say_fact() {
  local section todo="$4"
  section="$(section_of_fact "$1")"
  case "$todo" in docker* | ./*) todo="Run: $todo" ;; esac
  if [[ "$1" == certificate ]] && sees_certificates; then return; fi # check_outside says more
  case "$2" in
    ok) well "$3" ;;
    warn) careful "$3" "$todo" "$section" ;;
    *) problem "$3" "${todo:-Run: $(in_compose) logs --tail 50 web}" "$section" ;;
  esac
}

section_of_fact() {
  case "$1" in
    database) echo "Postgres is unhealthy" ;;
    redis) echo "Redis is unhealthy" ;;
    storage) echo "The bucket does not exist / permission / does not answer" ;;
    migrations) echo "Migrations are missing" ;;
    worker) echo "The worker takes no tasks" ;;
    backup) echo "cron is unhealthy: the newest backup is too old" ;;
    certificate) echo "The certificate is not the right one" ;;
    disk) echo "No space left on device" ;;
    *) echo "" ;;
  esac
}

# Lists the backups, which reads and writes nothing.
bucket_answers() {
  local said status
  said="$(PATIENCE="$SITE_PATIENCE" inside web python manage.py list_backups --json 2>&1 >/dev/null)"
  status=$?
  if ((status == 0)); then
    well "The bucket for backups answers: $(known BACKUP_STORAGE_URL)"
  elif [[ "$said" == *Traceback* ]]; then
    unasked "the bucket for backups" "The site cannot run its own commands ($(cause_in "$said"))."
  elif ((status == 124 || status == 137)); then
    problem "The bucket for backups did not answer within $SITE_PATIENCE s: $(known BACKUP_STORAGE_URL)" \
      "Run: ./google_storage.sh -a" "The bucket does not exist / permission / does not answer"
  else
    problem "The bucket for backups cannot be read: $(short "$said")" \
      "Run: ./google_storage.sh -a   (it says which of reading, writing and deleting fails)" \
      "The bucket does not exist / permission / does not answer"
  fi
}
