# shellcheck shell=bash
# Docker itself: engine, Compose, BuildKit. Sourced by scripts/doctor.sh.

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
  if [[ -z "$WITHOUT_ENGINE" ]]; then engine_can_run_the_stack; fi
}

# What ./install_docker.sh asks before it builds; but for the networks, which it tries out.
engine_can_run_the_stack() {
  local says todo section name value
  read_engine_facts
  while IFS="$BETWEEN" read -r says todo section; do
    if [[ "$section" != "The Docker engine is too old" ]]; then problem "$says" "$todo" "$section"; fi
  done < <(engine_faults)
  if [[ "$FACT_MEMORY" =~ ^[0-9]+$ ]] && ((FACT_MEMORY / 1000000 >= LEAST_MEMORY_MB && FACT_MEMORY / 1000000 < GOOD_MEMORY_MB)); then
    careful "The engine has $((FACT_MEMORY / 1000000)) MB of memory; $GOOD_MEMORY_MB MB are wanted." \
      "Give the machine more memory." "The machine has too little memory"
  fi
  for name in "${CPU_LIMITS[@]}"; do
    value="$(known "$name" "$DEFAULT_CPU_LIMIT")"
    if [[ "$FACT_CPUS" =~ ^[1-9][0-9]*$ ]] && ! has_cpus_for "$value"; then
      problem "$name is $value, and the engine has $FACT_CPUS processor$( ((FACT_CPUS == 1)) || echo s): Docker refuses to start the container." \
        "Run: $(installer)   (it writes $name=$FACT_CPUS into .env)" "Range of CPUs is from 0.01 to …"
    fi
  done
  networks_are_there
}

# Docker has some thirty ranges of addresses by itself: with as many networks, and ours
# missing, the next one fails.
networks_are_there() {
  local missing others
  missing="$(comm -23 <(networks_of "$COMPOSE_FILE_NAME" | sed "s/^/${PROJECT}_/" | sort) \
    <(asked docker network ls --format '{{.Name}}' 2>/dev/null | sort) | wc -l)"
  others="$(asked docker network ls --filter driver=bridge --quiet 2>/dev/null | wc -l)"
  if ((missing > 0 && others + missing > 31)); then
    careful "$missing networks of this project are missing, and Docker has $others already: its ranges of addresses may be used up." \
      "Run: docker network prune   (it removes networks that no container uses)" "Docker has no free range of addresses"
  fi
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
