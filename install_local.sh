#!/usr/bin/env bash
# The whole stack without Docker, from the package registries alone. Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/lib.sh       # say, step, die, confirm, timed, find_python, make_venv, ...
source scripts/env_rules.sh # file_faults, exported_faults, stop_for_faults

usage() {
  cat <<'END'
Usage: ./install_local.sh [ACTION] [OPTION]...

  (nothing)            install what is missing, start everything, stay in front of it;
                       Ctrl-C stops everything. On a running stack: bring it up to date
  --detach             the same in the background
  --status             what runs, where, and what cron's jobs did; exit status 3 when
                       nothing runs
  --run JOB            run a job of cron now, such as backup; without a name: list them
  --stop               stop everything, Postgres last
  --reset              delete database, uploads, bucket, logs and secrets (asks first)
  --remove-leftovers   list what deleted clones have left outside of themselves, and delete
                       what belongs to none any more (asks first)
Options
  --port N             of the site (8000)
  --flower-port N      of Flower (5555)
  --storage-port N     of the storage emulator (4443); all are kept in .local/env
  --yes                do not ask before --reset and --remove-leftovers
  --help               this text
Environment
  PYTHON               the Python to use, 3.11 to 3.14
  SOCLE_VENV           a Python environment to use instead of .local/venv

Everything lies in .local/: a second run takes seconds and keeps data and secrets. As root in
a folder that others cannot enter, the database and Postgres' programs lie in
/var/lib/socle-…, because Postgres does not run as root: --status says where.
Exit status: 0 done, 1 failed, 2 wrong usage, 3 (--status) not running.
END
}

wrong_usage() {
  say "Stopped: $1"
  say "All options: ./install_local.sh --help"
  exit 2
}

# Sets ACTION, YES, DETACH, PORTS and JOB.
parse() {
  ACTION=start YES=no DETACH=() PORTS=() JOB=()
  while (($#)); do
    case "$1" in
      --help | -h) usage && exit ;;
      --status | --stop | --reset | --remove-leftovers) choose "${1#--}" ;;
      --run)
        choose run
        if [[ -n "${2:-}" && "$2" != --* ]]; then JOB=("$2") && shift; fi
        ;;
      --detach) DETACH=(--detach) ;;
      --yes) YES=yes ;;
      --port | --flower-port | --storage-port)
        [[ "${2:-}" =~ ^[0-9]{1,5}$ ]] || wrong_usage "$1 needs the number of a port."
        PORTS+=("${1/--port/--web-port}" "$2")
        shift
        ;;
      *) wrong_usage "There is no option '$1'." ;;
    esac
    shift
  done
  if [[ "$ACTION" != start && ${#DETACH[@]}${#PORTS[@]} != 00 ]]; then
    wrong_usage "--detach and ports belong to a start, not to --$ACTION."
  fi
}

choose() {
  if [[ "$ACTION" != start ]]; then wrong_usage "--$ACTION and $1 are two actions."; fi
  ACTION="$1"
}

choose_python() {
  local found
  if find_python; then return 0; fi
  found="$(command -v "${PYTHON:-python3}")" && found="$("$found" --version 2>&1) is ${PYTHON:-python3}"
  die "No Python from 3.11 to 3.14 is on this machine${found:+ ($found)}. Nothing was changed." \
    "Install one (on Debian: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python3.12 ./install_local.sh"
}

# Whatever is wrong with the values that the programs would get, in one report. The file
# counts more than the shell.
values_can_be_used() {
  local faults='' name from_shell=() at_first
  load_rules
  at_first=" $("$1" -c 'from socle.embedded.env_file import first_values; print(*first_values())') "
  if [[ -r .local/env ]]; then faults="$(file_faults .local/env)"$'\n'; fi
  for name in "${!RULE_KIND[@]}"; do
    if ! grep -q "^$name=" .local/env 2>/dev/null && [[ "$at_first" != *" $name "* ]]; then
      from_shell+=("$name")
    fi
  done
  faults+="$(exported_faults "${from_shell[@]}")"
  stop_for_faults .local/env "$(sed '/^$/d' <<<"$faults")" ./install_local.sh
}

check() {
  local needs=()
  if ! venv_is_usable || ! requirements_are_installed local; then needs+=(--packages); fi
  if ! frontend_is_built; then needs+=(--frontend); fi
  "$1" -m socle.embedded.preflight "${needs[@]}" "${PORTS[@]}"
}

install() {
  # Node and Python install at the same time; a Node of our own needs the venv first.
  if node_is_usable; then start_frontend; fi
  timed "Python environment" make_venv "$1" || failed
  timed "Packages, locked by hash" install_requirements local || failed
  if [[ -z "$FRONTEND_JOB" ]]; then start_frontend; fi
  wait "$FRONTEND_JOB" || failed
  FRONTEND_JOB=''
}

# In a process group of its own, so that end_frontend reaches npm and all it starts.
start_frontend() {
  set -m
  timed "Frontend" build_frontend &
  FRONTEND_JOB=$!
  set +m
}

end_frontend() {
  if [[ -n "$FRONTEND_JOB" ]]; then kill -TERM -- "-$FRONTEND_JOB" 2>/dev/null || return 0; fi
}

failed() {
  end_frontend
  die "The installation did not finish; what is installed so far is kept." \
    "The last lines above say why. Repair it and run ./install_local.sh again; see docs/troubleshooting.md."
}

run_stack() { exec "$VENV/bin/python" -m socle.embedded "$@"; }

# Said before a Python is looked for: no Python would help.
machine_is_linux() {
  if [[ "$OSTYPE" == linux* ]]; then return 0; fi
  die "Without Docker this runs on Linux alone: what ends the programs together (setpriv, /proc) is the Linux kernel's. Nothing was changed." \
    "Use Docker Desktop: ./install_docker.sh, or a virtual machine with Linux. (docs/troubleshooting.md: macOS)"
}

start() {
  local python
  machine_is_linux
  python="$(choose_python)"
  values_can_be_used "$python"
  use_system_certificates
  step "Installing what is missing"
  check "$python"
  FRONTEND_JOB=''
  trap 'end_frontend; say "Interrupted."; exit 130' INT TERM HUP
  install "$python"
  step "Starting"
  run_stack start "${DETACH[@]}" "${PORTS[@]}"
}

reset() {
  if [[ "$YES" == no ]] && ! confirm "Delete database, uploads, bucket, logs and secrets in .local/?"; then
    die "Nothing was deleted." "Without a terminal to ask on: ./install_local.sh --reset --yes"
  fi
  run_stack reset
}

remove_leftovers() {
  local python
  python="$(choose_python)"
  step "Outside of the clones, in /var/lib"
  if ! "$python" -m socle.embedded.leftovers; then
    say "Nothing there belongs to a clone that is gone."
    return 0
  fi
  if [[ "$YES" == no ]] && ! confirm "Delete what is called an orphan, databases and all?"; then
    die "Nothing was deleted." "Without a terminal to ask on: ./install_local.sh --remove-leftovers --yes"
  fi
  "$python" -m socle.embedded.leftovers --remove
}

main() {
  parse "$@"
  if [[ "$ACTION" == start ]]; then start; fi
  if [[ "$ACTION" == remove-leftovers ]]; then
    remove_leftovers
    exit
  fi
  if [[ ! -d .local || ! -x "$VENV/bin/python" ]]; then
    say "Nothing is installed here yet. Start it: ./install_local.sh"
    if [[ "$ACTION" == status ]]; then exit 3; fi
    exit 0
  fi
  if [[ "$ACTION" == reset ]]; then reset; fi
  run_stack "$ACTION" "${JOB[@]}"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi # tests source this file
