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
echo "uv==0.13.8" | uv pip compile --quiet --universal --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
  - -o requirements/installer.txt
