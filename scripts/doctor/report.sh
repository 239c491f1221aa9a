# shellcheck shell=bash
# What a check says, and how it is printed. Sourced by scripts/doctor.sh.
#
# A room's checks run beside the other rooms' and only note what they found, one record a
# line; print_report shows them in order. \x1f stands between a record's parts.

MARK=$'\x1f'

# usage: note KIND SAYS [TODO] [SECTION]
note() {
  local kind="$1" says="${2//[$'\n\r\t']/ }" todo="${3:-}" section="${4:-}"
  printf '%s\n' "$kind$MARK$says$MARK${todo//$'\n'/ }$MARK$section"
}

well() { note ok "$1"; }
careful() { note warn "$@"; }
problem() { note problem "$@"; }

# usage: unasked WHAT WHY    What has the same reason is said in one line.
unasked() { note unasked "$1" "$2"; }

# usage: short TEXT    Its last line that says something, at most 240 characters of it.
short() {
  local line
  line="$(tr -d '\r' <<<"$1" | sed '/^[[:space:]]*$/d' | tail -n 1)"
  if ((${#line} > 240)); then line="${line:0:240}…"; fi
  printf '%s' "$line"
}

# usage: in_words NAME...    "a, b and c"
in_words() {
  local last="${*: -1}" rest
  if (($# < 2)); then
    printf '%s' "$last"
  else
    printf -v rest '%s, ' "${@:1:$#-1}"
    printf '%s and %s' "${rest%, }" "$last"
  fi
}

# --- Printing ----------------------------------------------------------------

# Colour when the report itself goes to a terminal (lib.sh asks for stderr's).
choose_colours() {
  if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
  else
    BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
  fi
}

colour_of() {
  case "$1" in
    ok) printf '%s' "$GREEN" ;;
    warn) printf '%s' "$YELLOW" ;;
    problem) printf '%s' "$RED$BOLD" ;;
    *) printf '%s' "$DIM" ;;
  esac
}

# usage: print_line KIND TEXT
print_line() { printf '  %s%-8s%s %s\n' "$(colour_of "$1")" "$1" "$PLAIN" "$2"; }

# usage: print_room TITLE FILE    Nothing for a room that could not ask anything.
print_room() {
  local kind says todo section
  if ! grep -qv "^unasked$MARK" "$2"; then return; fi
  printf '%s\n' "$BOLD$1$PLAIN"
  while IFS="$MARK" read -r kind says todo section; do
    if [[ "$kind" == unasked ]]; then continue; fi
    print_line "$kind" "$says"
    if [[ -n "$todo" ]]; then printf '           %s\n' "$todo"; fi
    if [[ -n "$section" ]]; then printf '           docs/troubleshooting.md: %s\n' "$section"; fi
  done < <(without_secrets <"$2")
}

# One line a reason: what could not be asked because of it.
print_unasked() {
  local reason what
  if (($(count unasked "$@") == 0)); then return; fi
  printf '%s\n' "${BOLD}Not asked$PLAIN"
  while IFS= read -r reason; do
    what="$(awk -F "$MARK" -v why="$reason" '$1 == "unasked" && $3 == why { print $2 }' "$@" | paste -sd '|')"
    printf '  %s\n' "${reason%.}: ${what//|/; }." | without_secrets
  done < <(awk -F "$MARK" '$1 == "unasked" && !seen[$3]++ { print $3 }' "$@")
}

# usage: count KIND FILE...
count() { awk -F "$MARK" -v kind="$1" '$1 == kind { n++ } END { print n + 0 }' "${@:2}"; }

# usage: several NUMBER WORD    "1 problem", "3 problems"
several() { printf '%d %s%s' "$1" "$2" "$( (($1 == 1)) || echo s)"; }

# One line; false when there is a problem.
print_verdict() {
  local problems warnings unasked
  problems="$(count problem "$@")" warnings="$(count warn "$@")" unasked="$(count unasked "$@")"
  local more=''
  if ((warnings > 0)); then more=", $(several "$warnings" warning)"; fi
  if ((unasked > 0)); then more+=", $(several "$unasked" question) could not be asked"; fi
  if ((problems > 0)); then
    printf '%s\n' "$RED${BOLD}$(several "$problems" problem)$PLAIN$more.$( ((problems == 1)) || echo ' Begin with the first: it often causes the others.')"
    return 1
  fi
  printf '%s\n' "$GREEN${BOLD}No problem$PLAIN in $(several "$(count ok "$@")" check)$more."
}

# --- Secrets -----------------------------------------------------------------

SECRET_PATTERN='SECRET|PASSWORD|_KEY|EMAIL_URL|REDIS_URL|_DSN|BASIC_AUTH|PING_URL|TOKEN'

# Every value that nobody may read in a report, one a line, the longest first.
secret_values() {
  {
    sed -nE "s/^[A-Z_]*($SECRET_PATTERN)[A-Z_]*=//p" .env
    cat "$SECRETS_FOLDER"/*
    cat .local/docker-admin-password
  } 2>/dev/null | tr -d '\r' | awk 'length($0) > 5' | sort -u | awk '{ print length($0), $0 }' |
    sort -rn | cut -d ' ' -f 2-
}

# A filter: whatever a container's error quotes, no secret of ours passes.
without_secrets() {
  local text value
  text="$(sed -E 's#://[^/@[:space:]]+@#://[secret]@#g')"
  while IFS= read -r value; do
    [[ -z "$value" ]] || text="${text//"$value"/[secret]}"
  done <<<"$SECRETS"
  printf '%s\n' "$text"
}
