# shellcheck shell=bash
# Whether this engine can run the stack: asked before anything is built. Sourced by
# install_docker.sh; the doctor asks the same, but for the networks, which are tried out.

NEEDED_ENGINE=25.0 # the first that takes the health checks' start_interval
LEAST_MEMORY_MB="${LEAST_MEMORY_MB:-900}"
GOOD_MEMORY_MB=2000
CPU_LIMITS=(WEB_CPUS WORKER_CPUS)
DEFAULT_CPU_LIMIT=2
BETWEEN=$'\x1f' # the parts of a fault: what it is, what to do, the section about it

# Sets what the engine says of itself; empty where it says nothing.
read_engine_facts() {
  local said format='{{.ServerVersion}}|{{.NCPU}}|{{.MemTotal}}|{{.CPUCfsQuota}}|{{.SecurityOptions}}'
  said="$(timeout --kill-after=1 "${PATIENCE:-10}" docker info --format "$format" 2>/dev/null)" || said=''
  IFS='|' read -r FACT_VERSION FACT_CPUS FACT_MEMORY FACT_QUOTA FACT_SECURITY <<<"$said"
}

# usage: fault SAYS TODO SECTION
fault() { printf '%s\n' "$1$BETWEEN$2$BETWEEN$3"; }

# A line for each reason why Docker would refuse to start the containers.
engine_faults() {
  if [[ -n "$FACT_VERSION" ]] && ! is_at_least "$FACT_VERSION" "$NEEDED_ENGINE"; then
    fault "The Docker engine is $FACT_VERSION; $NEEDED_ENGINE is the first that understands these health checks." \
      "Update Docker: https://docs.docker.com/engine/install/" "The Docker engine is too old"
  fi
  if [[ "$FACT_QUOTA" == false ]]; then
    fault "This engine cannot limit processors, and refuses containers with such a limit." \
      "$(how_to_get_limits)" "The engine cannot limit processors"
  fi
  if [[ "$FACT_MEMORY" =~ ^[0-9]+$ ]] && ((FACT_MEMORY / 1000000 < LEAST_MEMORY_MB)); then
    fault "The engine has $((FACT_MEMORY / 1000000)) MB of memory; the stack needs $LEAST_MEMORY_MB MB at the least, and $GOOD_MEMORY_MB MB to be quick." \
      "Give the machine (Docker Desktop: Settings, Resources) more memory." "The machine has too little memory"
  fi
  selinux_faults
  rootless_faults
}

how_to_get_limits() {
  if [[ "$FACT_SECURITY" == *rootless* ]]; then
    # shellcheck disable=SC2028 # the command is shown, not run
    echo "It runs without root: let systemd hand it the cpu controller: sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\nDelegate=cpu cpuset io memory pids\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then sign in anew."
  else
    echo "Its kernel lacks CONFIG_CFS_BANDWIDTH, or the cgroup 'cpu' is not mounted: update the kernel, then ask: docker info | grep -i cfs"
  fi
}

# With labels on, a container may open only files of one type.
selinux_faults() {
  local type
  if [[ "$FACT_SECURITY" != *selinux* || "$(getenforce 2>/dev/null)" != Enforcing ]]; then return 0; fi
  type="$(stat -c %C . 2>/dev/null | cut -d : -f 3)"
  case "$type" in
    container_file_t | container_share_t | svirt_sandbox_file_t) ;;
    *)
      fault "SELinux is enforcing and keeps containers out of $PWD (its type is ${type:-unknown})." \
        "Run: sudo chcon --recursive --type container_file_t ." "SELinux keeps containers out of this folder"
      ;;
  esac
}

# The first port that a user without root may open.
rootless_faults() {
  local first name port
  if [[ "$FACT_SECURITY" != *rootless* ]]; then return 0; fi
  first="$(cat "${UNPRIVILEGED_PORTS:-/proc/sys/net/ipv4/ip_unprivileged_port_start}" 2>/dev/null || echo 1024)"
  for name in "${PORT_NAMES[@]}"; do
    port="$(setting "$name" "${DEFAULT_PORTS[$name]}")"
    if ((port < first)); then
      fault "Docker runs without root here, and may not open port $port ($name)." \
        "Run: sudo sysctl net.ipv4.ip_unprivileged_port_start=$port (and write it into /etc/sysctl.d/), or choose a port from $first on." \
        "Docker runs without root"
    fi
  done
}

engine_can_run_it() {
  local says todo section
  read_engine_facts
  IFS="$BETWEEN" read -r says todo section < <(engine_faults) || return 0
  die "$says" "$todo (docs/troubleshooting.md: $section)"
}

# What is no reason to stop.
engine_is_comfortable() {
  if [[ "$FACT_MEMORY" =~ ^[0-9]+$ ]] && ((FACT_MEMORY / 1000000 < GOOD_MEMORY_MB)); then
    warn "The engine has $((FACT_MEMORY / 1000000)) MB of memory: the stack runs, slowly with large photos. (docs/troubleshooting.md: The machine has too little memory)"
  fi
  if [[ "$FACT_SECURITY" == *rootless* && "$STAGE" == local ]]; then
    warn "Docker runs without root: its containers' user is not you, and may be unable to write into web/frontend. (docs/troubleshooting.md: Docker runs without root)"
  fi
}

# --- Processors ------------------------------------------------------------------

# usage: has_cpus_for LIMIT
has_cpus_for() { LIMIT="$1" CPUS="$FACT_CPUS" awk 'BEGIN { exit !(ENVIRON["LIMIT"] + 0 <= ENVIRON["CPUS"] + 0) }'; }

# Docker refuses a limit above what the machine has: lowered in .env, and said.
fit_processors() {
  local name value
  if [[ ! "$FACT_CPUS" =~ ^[1-9][0-9]*$ ]]; then return 0; fi
  for name in "${CPU_LIMITS[@]}"; do
    value="$(env_value .env "$name")"
    if ! has_cpus_for "${value:-$DEFAULT_CPU_LIMIT}"; then
      set_env_value .env "$name" "$FACT_CPUS"
      say "  This machine has $FACT_CPUS processor$( ((FACT_CPUS == 1)) || echo s): $name in .env is $FACT_CPUS now, not ${value:-$DEFAULT_CPU_LIMIT}."
    fi
  done
}

# --- Networks --------------------------------------------------------------------

# usage: networks_of FILE    The networks that a Compose file lists, one a line.
networks_of() { sed -nE '/^networks:/,/^[^ #]/ s/^  ([a-z_]+):.*/\1/p' "$1"; }

name_of_project() {
  local name="${COMPOSE_PROJECT_NAME:-$(env_value .env COMPOSE_PROJECT_NAME)}"
  if [[ -z "$name" ]]; then name="$(setting PROJECT_NAME socle)$(! is_server || echo "-$STAGE")"; fi
  printf '%s' "$name"
}

# Docker alone knows which of its address ranges are free: as many networks as are missing
# are made and removed again.
networks_can_be_made() {
  local project missing number name error='' made=()
  project="$(name_of_project)"
  missing="$(comm -23 <(networks_of "$COMPOSE_FILE_NAME" | sed "s/^/${project}_/" | sort) \
    <(docker network ls --format '{{.Name}}' 2>/dev/null | sort) | wc -l)"
  trap 'remove_networks "${made[@]}"; exit 130' INT TERM
  for ((number = 1; number <= missing; number++)); do
    name="$project-trial-$$-$number"
    error="$(docker network create "$name" 2>&1 >/dev/null)" || break
    made+=("$name") error=''
  done
  remove_networks "${made[@]}"
  trap - INT TERM
  if [[ -n "$error" ]]; then explain_network "${error##*$'\n'}" "$missing"; fi
}

remove_networks() { if (($# > 0)); then docker network rm "$@" >/dev/null 2>&1; fi; }

# usage: explain_network ERROR MISSING
explain_network() {
  case "$1" in
    *"address pool"*)
      die "Docker has no free range of addresses for the $2 networks of this project: $1" \
        "Run: docker network prune (it removes networks that no container uses), or give Docker more ranges. (docs/troubleshooting.md: Docker has no free range of addresses)"
      ;;
    *) die "Docker cannot make a network: $1" "Run: docker network create trial (docs/troubleshooting.md: Docker has no free range of addresses)" ;;
  esac
}

# --- Building --------------------------------------------------------------------

build_images() {
  local said status=0
  said="$(mktemp)"
  compose build >"$said" 2>&1 || status=$?
  cat "$said"
  # shellcheck disable=SC2034 # install_docker.sh says it
  BUILD_SECTION="$(section_of_build "$(cat "$said")")"
  rm -f "$said"
  return "$status"
}

# usage: section_of_build OUTPUT    The heading in docs/troubleshooting.md that fits.
section_of_build() {
  case "${1,,}" in
    *toomanyrequests* | *"429 too many requests"*) echo "toomanyrequests: the registry's pull limit" ;;
    *x509* | *self_signed_cert* | *unable_to_get_issuer* | *unknownissuer* | *certificate_verify_failed*)
      echo "A company's certificate authority"
      ;;
    *"no space left on device"*) echo "No space left on device" ;;
    *"no such host"* | *"i/o timeout"* | *"connection refused"* | *"network is unreachable"* | *"temporary failure"* | *enotfound* | *etimedout*)
      echo "Images or packages cannot be downloaded"
      ;;
    *) echo "The images cannot be built" ;;
  esac
}
