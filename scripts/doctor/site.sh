# shellcheck shell=bash
# What the site knows of itself: manage.py site_status, and whether its bucket answers.
# Sourced by scripts/doctor.sh.

SITE_PATIENCE="${DOCTOR_SITE_PATIENCE_SECONDS:-30}"

check_site() {
  local said
  if ! runs web; then
    unasked "migrations, worker, backup, bucket and what else the site knows" "$(why_not web)"
    return
  fi
  said="$(questions | PATIENCE="$SITE_PATIENCE" inside web python - 2>"$NOTES/facts.said")"
  say_facts "$said"
  say_bucket "$said"
}

# The commands site_status and list_backups (which reads and writes nothing) in one
# process, for a machine that may be busy. Prints a line a fact: name, state, what it
# says, what to do; then how the bucket answered.
questions() {
  cat <<'END'
import io, json, os, sys

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def tell(*words):
    print(*(" ".join(str(word).split()) for word in words), sep="\x1f", flush=True)


def ask(command):
    """What the command prints; its exit status is said by that as well."""
    printed = io.StringIO()
    try:
        call_command(command, json=True, stdout=printed, stderr=io.StringIO())
    except SystemExit:
        pass
    return json.loads(printed.getvalue() or "{}")


import django
from django.core.management import CommandError, call_command

django.setup()
try:
    for fact in ask("site_status").get("facts", []):
        tell("fact", fact["name"], fact["state"], fact["says"], fact.get("todo") or "")
except CommandError as error:
    print(error, file=sys.stderr)
try:
    ask("list_backups")
    tell("bucket", "ok")
except CommandError as error:
    tell("bucket", "fail", error)
END
}

# usage: say_facts WHAT_THE_SITE_SAID
say_facts() {
  local kind name state says todo
  if ! grep -q "^fact$MARK" <<<"$1"; then
    unasked "migrations, worker, backup and what else the site knows" "$(why_no_facts)"
    return
  fi
  while IFS="$MARK" read -r kind name state says todo; do
    if [[ "$kind" == fact ]]; then say_fact "$name" "$state" "$says" "$todo"; fi
  done <<<"$1"
}

why_no_facts() {
  local said
  said="$(cat "$NOTES/facts.said")"
  if [[ "$said" == *"Unknown command"* ]]; then
    echo "The image of web is older than this code: it has no site_status."
  elif [[ -z "$said" ]]; then
    too_slow
  else
    echo "The site cannot say anything of itself ($(cause_in "$said"))."
  fi
}

too_slow() { echo "The site's commands took longer than $SITE_PATIENCE s (load of this machine: $(load))."; }

# The last line of a traceback, or what else it is that names an error.
cause_in() { short "$(grep -E '^[A-Za-z_.]+(Error|Exception|Failed|Configured):' <<<"$1" || echo "$1")"; }

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

# usage: say_bucket WHAT_THE_SITE_SAID
say_bucket() {
  local kind state says section="The bucket does not exist / permission / does not answer"
  IFS="$MARK" read -r kind state says < <(grep "^bucket$MARK" <<<"$1")
  case "$kind $state" in
    "bucket ok") well "The bucket for backups answers: $(known BACKUP_STORAGE_URL)" ;;
    "bucket fail")
      problem "The bucket for backups cannot be read: $says" \
        "Run: ./google_storage.sh -a   (it says which of reading, writing and deleting fails)" "$section"
      ;;
    *) unasked "the bucket for backups" "$(why_no_facts)" ;;
  esac
}
