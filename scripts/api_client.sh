#!/usr/bin/env bash
# Write the API's description and the TypeScript types of it anew, from the code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh  # say, die, run_npm

API="$REPOSITORY/web/frontend/src/api"
# Enough to load the settings; nothing is connected to.
SETTINGS=(SITE_NAME=API SECRET_KEY=tools POSTGRES_PASSWORD=tools REDIS_URL=redis://127.0.0.1:1 ENVIRONMENT=local)

usage() {
  cat <<'USAGE'
Usage: scripts/api_client.sh [--check]

Writes web/frontend/src/api/openapi.yml and schema.d.ts, which are committed.
With --check it writes nothing, and fails when they are not what the code says.
Needs the environment that ./run_tests.sh makes.
USAGE
}

# usage: describe FOLDER
describe() {
  (cd web && env "${SETTINGS[@]}" "$VENV/bin/python" manage.py spectacular \
    --validate --fail-on-warn --file "$1/openapi.yml")
  (cd "$FRONTEND" && run_npm exec --offline -- openapi-typescript \
    "$1/openapi.yml" --output "$1/schema.d.ts" >/dev/null)
}

check() {
  local fresh file
  fresh="$(mktemp -d)"
  # shellcheck disable=SC2064
  trap "rm -rf '$fresh'" EXIT
  describe "$fresh"
  for file in openapi.yml schema.d.ts; do
    diff --unified=1 "$API/$file" "$fresh/$file" >&2 ||
      die "web/frontend/src/api/$file is not what the code says." \
        "Run scripts/api_client.sh and commit what it writes."
  done
  say "  The API's client is what the code says."
}

main() {
  case "${1:-}" in
    --help | -h) usage; exit ;;
    --check) node_is_usable || install_node; check ;;
    '') node_is_usable || install_node; mkdir -p "$API"; describe "$API" ;;
    *) usage >&2; exit 2 ;;
  esac
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi  # tests source this file
