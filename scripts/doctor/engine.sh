# shellcheck shell=bash
# Docker itself: engine, Compose, BuildKit. Sourced by scripts/doctor.sh.

NEEDED_ENGINE=25.0 # the first that takes the health checks' start_interval

check_engine() {
  if ! command -v docker >/dev/null; then
    problem "The command 'docker' is not on this machine." \
      "Install Docker: https://docs.docker.com/engine/install/ (or use ./install_local.sh, which needs none)." \
      "The command 'docker' is not on this machine"
    return
  fi
  if [[ -n "$WITHOUT_ENGINE" ]]; then say_why_no_engine; else engine_is_new_enough; fi
  if [[ -n "$UNREADABLE_SETTINGS" ]]; then
    problem "Docker's settings $UNREADABLE_SETTINGS cannot be read by the user $(id -un): for this user Docker finds no Compose." \
      "Run: $(how_to_read_settings)" \
      "Docker's settings cannot be read"
  fi
  compose_is_there
  buildkit_answers
}

how_to_read_settings() {
  if [[ -O "${HOME:-/}" ]]; then
    echo "sudo chown -R $(id -un) ${UNREADABLE_SETTINGS%/*}"
  else
    echo "export HOME=~$(id -un)   (it is ${HOME:-not set}, the home of somebody else)"
  fi
}

say_why_no_engine() {
  if [[ "$ENGINE_ERROR" == *"permission denied"* ]]; then
    problem "The Docker engine runs, but the user $(id -un) may not use it." \
      "Run: sudo usermod -aG docker $(id -un)   then sign in anew; or: sudo $(installer) --check" \
      "The Docker engine does not answer"
  else
    problem "The Docker engine does not answer: $ENGINE_ERROR" \
      "Run: sudo systemctl start docker   (or start Docker Desktop; DOCKER_HOST is ${DOCKER_HOST:-not set})" \
      "The Docker engine does not answer"
  fi
}

engine_is_new_enough() {
  if is_at_least "$ENGINE_VERSION" "$NEEDED_ENGINE"; then
    well "The engine answers; it is version $ENGINE_VERSION."
  else
    problem "The Docker engine is $ENGINE_VERSION; $NEEDED_ENGINE is the first that understands these health checks." \
      "Update Docker: https://docs.docker.com/engine/install/" "The Docker engine is too old"
  fi
}

compose_is_there() {
  local version
  version="$(asked docker compose version --short 2>/dev/null)"
  if [[ -z "$version" ]]; then
    problem "This Docker has no Compose." "Install the package docker-compose-plugin, or update Docker." \
      "Docker Compose is too old"
  elif is_at_least "$version" "$NEEDED_COMPOSE"; then
    well "Docker Compose is $version."
  else
    problem "Docker Compose is $version; $NEEDED_COMPOSE is the first that reads these files." \
      "Update Docker, or its package docker-compose-plugin." "Docker Compose is too old"
  fi
}

buildkit_answers() {
  if asked docker buildx version >/dev/null 2>&1; then
    well "BuildKit is there."
  else
    problem "BuildKit is missing: 'docker buildx' does not answer." \
      "Install the package docker-buildx-plugin (on Debian: docker-buildx), or update Docker." "BuildKit is missing"
  fi
}
