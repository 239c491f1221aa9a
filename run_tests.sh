#!/usr/bin/env bash
# The test command. Sets up what it needs on a fresh machine; safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/lib.sh  # say, step, die, timed, find_python, make_venv, ...

usage() {
  cat <<'USAGE'
Usage: ./run_tests.sh [--base | --fast | --docker | --chaos | --chaos-tenth | --reliability] [PYTEST_ARGUMENT]...

  (nothing)   the project's: lint, types, the tests of web/ but the slow ones, and a
              browser's walk through the site: some minutes, no Docker
  --base      the base's: the tests of socle/ and the slow ones of web/, scripts, compose
              files, a tenth of the chaos, all of the browser's: half an hour, no Docker
  --fast      both without the slow tests and the browser
  --docker    the end-to-end suite on the real stack; needs a Docker engine
  --chaos     backups and restores that are killed, cut off and starved: some 30 minutes
  --chaos-tenth  a tenth of its rounds
  --reliability  PROD in Docker under load, while bad things are done to it: some 25
              minutes, and docs/reliability.md is written; -m quick: the short cases alone
  --help      this text

Whatever follows goes to pytest: ./run_tests.sh --fast -k zip
Services for the tests are started by them, beside a stack that may be running.
USAGE
}

CHROMIUM_PACKAGES=(chromium fonts-dejavu-core fonts-noto-color-emoji)
# promtool judges the alerts; libfaketime shows a task another clock.
TOOL_PACKAGES=(prometheus libfaketime)
PARTS_THAT_FAILED=()
LANE_TITLES=() LANE_LOGS=() LANE_PIDS=()

set_up() {
  local python
  python="$(find_python)" || die "No Python from 3.11 to 3.14 is on this machine." \
    "Install one (on Debian: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python3 ./run_tests.sh"
  use_system_certificates
  timed "Python environment in .local/venv" make_venv "$python"
  timed "Packages, locked by hash" install_requirements test
  timed "Frontend" build_frontend
}

# Debian's own browser: the one that the tests drive. Without root it may be missing.
install_chromium() {
  if [[ -x /usr/bin/chromium ]]; then return 0; fi
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    warn "There is no /usr/bin/chromium, so the browser tests are skipped. Install it as root: apt-get install chromium"
    return 0
  fi
  timed "Chromium" install_packages "${CHROMIUM_PACKAGES[@]}"
}

# Without root the tests that need them are skipped, and say so.
install_tools() {
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then return 0; fi
  if dpkg-query --show "${TOOL_PACKAGES[@]}" >/dev/null 2>&1; then return 0; fi
  timed "promtool, libfaketime" install_packages "${TOOL_PACKAGES[@]}"
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 update --quiet=2
  apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@"
}

# usage: part TITLE COMMAND [ARGUMENT]...    Goes on after a failure, and remembers it.
part() {
  local title="$1" started
  shift
  started="$(now_ms)"
  step "$title"
  if "$@"; then
    say "  $title: passed in $(seconds_since "$started")"
  else
    say "  $title: ${RED}failed${PLAIN} after $(seconds_since "$started")"
    PARTS_THAT_FAILED+=("$title")
  fi
}

# usage: begin TITLE COMMAND [ARGUMENT]...    A lane beside the next parts: tests wait more
# than they work. `end_lanes` waits for all of them and shows what they said.
begin() {
  local log
  LANE_TITLES+=("$1")
  shift
  step "${LANE_TITLES[-1]}: begun, beside what follows"
  log="$(mktemp)"
  LANE_LOGS+=("$log")
  set -m # a group of its own, which one signal ends
  with_its_time "$@" >"$log" 2>&1 </dev/null &
  LANE_PIDS+=("$!")
  set +m
  trap stop_lanes EXIT
}

# After Ctrl-C: each takes its own containers and servers away.
stop_lanes() {
  local pid
  for pid in "${LANE_PIDS[@]}"; do kill -INT -- "-$pid" 2>/dev/null || continue; done
  for pid in "${LANE_PIDS[@]}"; do wait "$pid" || continue; done
}

end_lanes() {
  local lane
  for lane in "${!LANE_PIDS[@]}"; do part "${LANE_TITLES[lane]}" show_lane "$lane"; done
  trap - EXIT
  LANE_TITLES=() LANE_LOGS=() LANE_PIDS=()
}

with_its_time() {
  local started status=0
  started="$(now_ms)"
  "$@" || status=$?
  say "  It took $(seconds_since "$started"), beside the others."
  return "$status"
}

# What the machine outside of the site does: scripts, compose files, faults.
test_surroundings() {
  local status=0
  test_around tests/scripts tests/compose "$@" || status=$?
  CHAOS_SHARE=0.1 test_chaos "$@" || status=$?
  return "$status"
}

test_browser() {
  local status=0
  test_around tests/browser "$@" || status=$?
  test_project -m slow "$@" || status=$?
  return "$status"
}

show_lane() {
  local status=0
  wait "${LANE_PIDS[$1]}" || status=$?
  cat "${LANE_LOGS[$1]}"
  rm -f "${LANE_LOGS[$1]}"
  return "$status"
}

in_web() { (cd web && "$@"); }

check_base_files() { python -m socle.manifest --check; }
lint_python() {
  local places=(. ../socle ../tests ../bench ../certbot ../cron ../cron/run)
  in_web ruff check "${places[@]}" && in_web ruff format --check "${places[@]}"
}

lint_shell() {
  local files
  mapfile -t files < <(git ls-files --cached --others --exclude-standard |
    xargs -r grep -lE '^#!.*(bash|sh)$|^# shellcheck shell=' 2>/dev/null)
  shellcheck --external-sources "${files[@]}"
}

lint_docker() { hadolint socle/docker/Dockerfile nginx/Dockerfile certbot/Dockerfile tests/chaos/prod/attacker/Dockerfile; }
lint_templates() {
  read_project_apps || return
  if [[ -d web/templates ]]; then PROJECT_APPS+=(templates); fi
  in_web djlint --quiet --check --lint --configuration pyproject.toml "${PROJECT_APPS[@]}" ../socle
}
check_types() {
  read_project_apps || return
  in_web env "${SETTINGS_FOR_TOOLS[@]}" mypy config "${PROJECT_APPS[@]}" ../socle
}
# Sets PROJECT_APPS as web/config/settings.py has it.
read_project_apps() {
  local names
  names="$(in_web python -m socle.core.project_apps)" || return
  read -ra PROJECT_APPS <<<"$names"
}
check_imports() { in_web lint-imports --config pyproject.toml --no-cache --no-logo; }
check_api_client() { scripts/api_client.sh --check; }
check_migrations() { in_web env "${SETTINGS_FOR_TOOLS[@]}" python manage.py makemigrations --check --dry-run; }
test_project() { in_web python -m pytest . "$@"; }
test_base() { in_web python -m pytest ../socle "$@"; }
test_chaos() { test_around tests/chaos --ignore=tests/chaos/prod "$@"; }
test_frontend() { (cd web/frontend && npm test --silent && npm run lint --silent); }
test_around() { python -m pytest --config-file tests/pytest.ini --rootdir . "$@"; }

# Two stacks that share nothing: their tests run side by side.
test_docker() {
  if (($# > 0)); then
    part "End to end, in Docker" test_around tests/end_to_end "$@"
    return
  fi
  begin "End to end, DEV and PROD in Docker" test_around tests/end_to_end -m dev
  part "End to end, LOCAL in Docker" test_around tests/end_to_end -m "not dev"
  end_lanes
}

# All cases write the table of docs/reliability.md; some of them do with --rows.
test_reliability() {
  if (($# == 0)); then set -- --rows; fi
  test_around tests/chaos/prod --confcutdir=tests/chaos/prod "$@"
}

# Enough for tools that import the settings and never connect to anything.
SETTINGS_FOR_TOOLS=(SECRET_KEY=tools POSTGRES_PASSWORD=tools REDIS_URL=redis://127.0.0.1:1 ENVIRONMENT=local)

lint_all() {
  part "Files of the base" check_base_files
  part "Python style" lint_python
  part "Shell scripts" lint_shell
  part "Dockerfiles" lint_docker
  part "Templates" lint_templates
  part "Types" check_types
  part "Import directions" check_imports
  part "Migrations are complete" check_migrations
  part "The API's client is current" check_api_client
}

main() {
  local mode=project
  case "${1:-}" in
    --help | -h) usage; exit ;;
    --base) mode=base; shift ;;
    --fast) mode=fast; shift ;;
    --docker) mode=docker; shift ;;
    --chaos) mode=chaos; shift ;;
    --reliability) mode=reliability; shift ;;
    --chaos-tenth) mode=chaos; export CHAOS_SHARE=0.1; shift ;;
  esac
  step "Setting up"
  set_up
  export PATH="$VENV/bin:$PATH"
  case "$mode" in
    docker) test_docker "$@" ;;
    chaos) part "Chaos" test_chaos "$@" ;;
    reliability) part "Reliability, on PROD in Docker" test_reliability "$@" ;;
    fast)
      lint_all
      part "The project" test_project -m "not slow" "$@"
      part "The base" test_base -m "not slow" "$@"
      part "Scripts and compose files" test_around tests/scripts tests/compose -m "not slow" "$@"
      ;;
    project)
      install_chromium
      begin "A browser's walk through the site" test_around tests/browser -m smoke "$@"
      lint_all
      part "Frontend" test_frontend
      part "The project" test_project -m "not slow" "$@"
      end_lanes
      ;;
    base)
      install_chromium
      install_tools
      begin "Scripts, compose files, a tenth of the chaos" test_surroundings "$@"
      begin "Browser, and the project's slow tests" test_browser "$@"
      part "The base" test_base "$@"
      end_lanes
      ;;
  esac
  if ((${#PARTS_THAT_FAILED[@]} > 0)); then
    die "These parts failed: $(printf '%s; ' "${PARTS_THAT_FAILED[@]}")" "Their output is above."
  fi
  say "${GREEN}Everything passed.${PLAIN}"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi  # tests source this file
