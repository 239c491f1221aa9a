# shellcheck shell=bash
# What the project's scripts share: messages, checks, the .env file, the venv.
# Sourced, never run. Messages go to stderr; colour only on a terminal.

REPOSITORY="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$REPOSITORY/.local/venv"

if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

say() { printf '%s\n' "$*" >&2; }
step() { say "${BOLD}$*${PLAIN}"; }
warn() { say "${RED}Note:${PLAIN} $*"; }

# usage: die WHAT_HAPPENED [WHAT_TO_DO]
die() {
  say "${RED}${BOLD}Stopped:${PLAIN} $1"
  if [[ -n "${2:-}" ]]; then say "$2"; fi
  exit 1
}

# usage: need COMMAND WHAT_TO_DO
need() { command -v "$1" >/dev/null || die "The command '$1' is not on this machine." "$2"; }

# usage: confirm QUESTION    False without a terminal: nothing is agreed to by accident.
confirm() {
  local answer
  if [[ ! -t 0 ]]; then return 1; fi
  read -r -p "$1 [y/N] " answer
  [[ "$answer" == [yY]* ]]
}

now_ms() { date +%s%3N; }
seconds_since() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.1f s", ms / 1000 }'; }

# usage: timed TITLE COMMAND [ARGUMENT]...
# One line a step, with its time. The command's output appears only when it fails.
timed() {
  local title="$1" started output status=0
  shift
  started="$(now_ms)"
  output="$(mktemp)"
  "$@" >"$output" 2>&1 </dev/null || status=$?
  if ((status == 0)); then
    say "  ${GREEN}ok${PLAIN}  $(printf '%-52s' "$title") ${DIM}$(seconds_since "$started")${PLAIN}"
    rm -f "$output"
    return 0
  fi
  say "  ${RED}failed${PLAIN}  $title (exit status $status). Its last lines:"
  tail -n 30 "$output" | sed 's/^/    /' >&2
  rm -f "$output"
  return "$status"
}

# Letters and digits only: Compose and shells leave them alone.
random_secret() {
  local length="${1:-40}"
  LC_ALL=C tr -dc 'A-Za-z0-9' < <(head -c 4096 /dev/urandom) | head -c "$length"
}

# usage: env_value FILE NAME    Prints the value, or nothing.
env_value() { sed -n "s/^$2=//p" "$1" 2>/dev/null | tail -n 1; }

# usage: set_env_value FILE NAME VALUE    Replaces the line, or adds one.
set_env_value() {
  local file="$1" name="$2" value="$3" changed
  changed="$(mktemp "$file.XXXXXX")"
  chmod 600 "$changed"
  NAME="$name" VALUE="$value" awk '
    index($0, ENVIRON["NAME"] "=") == 1 { print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; found = 1; next }
    { print }
    END { if (!found) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }' "$file" >"$changed"
  mv "$changed" "$file"
}

# Prints the first Python of 3.11 to 3.13 on this machine; $PYTHON goes first.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [[ -n "$candidate" ]] && command -v "$candidate" >/dev/null && "$candidate" -c \
      'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# usage: make_venv PYTHON    Makes .local/venv and puts uv into it.
make_venv() {
  if [[ -x "$VENV/bin/python" ]] && "$VENV/bin/python" -c '' 2>/dev/null; then return 0; fi
  rm -rf "$VENV"
  mkdir -p "$(dirname "$VENV")"
  "$1" -m venv "$VENV"
}

# usage: install_requirements NAME    Installs web/requirements/NAME.txt, once for each content.
install_requirements() {
  local file="$REPOSITORY/web/requirements/$1.txt" stamp="$VENV/.installed-$1" wanted
  wanted="$(sha256sum <"$file")"
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]]; then return 0; fi
  if "$VENV/bin/pip" install --quiet --require-hashes -r "$REPOSITORY/web/requirements/installer.txt"; then
    "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "$file"
  else  # uv has no wheel for this machine: the same file, with pip
    "$VENV/bin/pip" install --quiet --require-hashes -r "$file"
  fi
  printf '%s\n' "$wanted" >"$stamp"
}
