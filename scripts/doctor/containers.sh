# shellcheck shell=bash disable=SC2153
# Whether each container runs, and what ails it. Sourced by scripts/doctor.sh.

LOOP_RESTARTS=3        # so many restarts, the last one just now: it will not get better
LOOP_WITHIN_SECONDS=300

check_containers() {
  local name pids=() index=0
  if [[ -n "$WITHOUT_ENGINE" ]]; then
    unasked "the containers" "$WITHOUT_ENGINE"
    return
  fi
  if ((${#NAMES[@]} == 0)); then
    if [[ ! -e .env ]]; then return; fi # never installed: check_env says that
    problem "The project $PROJECT has no container: $STAGE is not installed here, or was taken down." \
      "Run: $(installer)   (volumes that are there keep their data)" "The project has no container"
    other_projects_of_this_folder
    return
  fi
  if all_are_stopped; then return; fi
  for name in "${NAMES[@]}"; do
    index=$((index + 1))
    look_at "$name" >"$NOTES/container.$index" &
    pids+=($!)
  done
  wait "${pids[@]}"
  for ((index = 1; index <= ${#NAMES[@]}; index++)); do cat "$NOTES/container.$index"; done
  count_the_well
  none_is_missing
}

other_projects_of_this_folder() {
  local others
  others="$(asked docker ps --all --filter "label=com.docker.compose.project.working_dir=$PWD" \
    --format '{{.Label "com.docker.compose.project"}}' 2>/dev/null | sort -u | paste -sd ' ')"
  if [[ -n "$others" ]]; then
    careful "This folder has containers of another project: $others." \
      "If PROJECT_NAME or the stage was changed, change it back, or ask: ./install_docker.sh --check local, dev or prod"
  fi
}

all_are_stopped() {
  local name
  for name in "${NAMES[@]}"; do
    if [[ "${STATE[$name]}" != exited && "${STATE[$name]}" != created ]]; then return 1; fi
  done
  problem "All ${#NAMES[@]} containers of $PROJECT are stopped." \
    "Run: $(in_compose) up --detach" "Services are stopped"
}

# A service without a health check is fine when it runs.
is_fine() {
  is_well "${SERVICE[$1]}" "${STATE[$1]}" "${HEALTH[$1]}" "${EXIT_STATUS[$1]}" || [[ "${STATE[$1]}${HEALTH[$1]}" == running ]]
}

count_the_well() {
  local name number=0
  for name in "${NAMES[@]}"; do
    if is_fine "$name" && ! is_looping "$name"; then ((number += 1)); fi
  done
  if ((number > 0)); then well "$number of ${#NAMES[@]} containers are as they should be."; fi
}

none_is_missing() {
  local service missing=()
  for service in $(services_wanted); do
    if [[ -z "${NAME_OF[$service]:-}" ]]; then missing+=("$service"); fi
  done
  if ((${#missing[@]} > 0)); then
    problem "Without a container: $(in_words "${missing[@]}")." "Run: $(in_compose) up --detach" "Services are stopped"
  fi
}

# Without those of profiles that nobody chose. Nothing when Compose cannot read the files.
services_wanted() { asked docker compose --file "$COMPOSE_FILE_NAME" config --services 2>/dev/null; }

# usage: look_at NAME    Says at most one thing: the cause before its consequences.
look_at() {
  local name="$1" service="${SERVICE[$1]}"
  if [[ "${OOM[$name]}" == true ]]; then
    say_out_of_memory "$name"
  elif is_looping "$name"; then
    say_looping "$name"
  elif is_fine "$name"; then
    say_restarted "$name"
  else
    case "${STATE[$name]}" in
      exited | dead) say_stopped "$name" ;;
      paused) problem "$service is paused: it holds its connections and does nothing." \
        "Run: $(in_compose) unpause $service" "Services are stopped" ;;
      created) say_never_started "$name" ;;
      running) say_not_healthy "$name" ;;
      *) problem "$service is ${STATE[$name]}." "Run: $(in_compose) ps --all" "Services are stopped" ;;
    esac
  fi
}

seconds_up() { echo $(($(date +%s) - $(date -d "${STARTED[$1]}" +%s 2>/dev/null || echo 0))); }

# Started anew again and again, and not well between.
is_looping() { [[ "${STATE[$1]}" == restarting ]] || { was_restarted "$1" && [[ "${HEALTH[$1]}" != healthy ]]; }; }

was_restarted() {
  [[ "${STATE[$1]}" == running ]] && ((RESTARTS[$1] >= LOOP_RESTARTS)) && (($(seconds_up "$1") < LOOP_WITHIN_SECONDS))
}

say_restarted() {
  if ! was_restarted "$1"; then return; fi
  careful "${SERVICE[$1]} is healthy, but Docker started it anew ${RESTARTS[$1]} times, the last time $(seconds_up "$1") s ago." \
    "Run: $(in_compose) logs --tail 100 ${SERVICE[$1]}" "Services are stopped"
}

say_looping() {
  local name="$1" service="${SERVICE[$1]}" logs
  logs="$(last_logs "$name")"
  problem "$service ends and is started again, ${RESTARTS[$name]} times by now (exit status ${EXIT_STATUS[$name]}). Its last words: $(last_words "$logs")" \
    "Run: $(in_compose) logs --tail 50 $service" "$(section_for "$service" "$logs")"
}

say_out_of_memory() {
  local name="$1" service="${SERVICE[$1]}" limit
  limit="$(asked docker inspect --format '{{.HostConfig.Memory}}' "$name" 2>/dev/null)"
  problem "$service ran out of memory and a process of it was killed: its limit is $((${limit:-0} / 1048576)) MB. It is ${STATE[$name]} now." \
    "Give it more in services.yml (deploy, limits, memory)$([[ "$service" != worker ]] || echo ", or lower WORKER_CONCURRENCY or PHOTO_LIMIT_MEGAPIXELS in .env"), then run: $(in_compose) up --detach $service" \
    "A container ran out of memory"
}

say_stopped() {
  local name="$1" service="${SERVICE[$1]}" logs words=''
  logs="$(last_logs "$name")"
  if [[ "$service" == migrate ]]; then
    problem "The migrations failed (exit status ${EXIT_STATUS[$name]}). Their last words: $(last_words "$logs")" \
      "Run: $(in_compose) logs migrate   then, with the cause removed: $(in_compose) up --detach" "$(section_for "$service" "$logs")"
    return
  fi
  if [[ "${EXIT_STATUS[$name]}" != 0 ]]; then words=" Its last words: $(last_words "$logs")"; fi
  problem "$service is stopped (exit status ${EXIT_STATUS[$name]}${ERROR[$name]:+, ${ERROR[$name]}}).$words" \
    "Run: $(in_compose) up --detach $service" "$(section_when_stopped "$name" "$logs")"
}

section_when_stopped() {
  if [[ "${EXIT_STATUS[$1]}" == 0 ]]; then echo "Services are stopped"; else section_for "${SERVICE[$1]}" "$2"; fi
}

say_never_started() {
  local name="$1" service="${SERVICE[$1]}"
  if [[ -n "${ERROR[$name]}" ]]; then
    problem "$service could not be started: ${ERROR[$name]}" "Run: $(in_compose) up --detach $service" "Services are stopped"
  else
    careful "$service was made and not started: it waits for a service that is not well." \
      "Repair what is named beside it, then run: $(in_compose) up --detach" "Services are stopped"
  fi
}

say_not_healthy() {
  local name="$1" service="${SERVICE[$1]}" said logs
  if [[ "${HEALTH[$name]}" == starting ]]; then
    careful "$service has been starting for $(seconds_up "$name") s." "Ask again in a minute."
    return
  fi
  said="$(asked docker inspect --format '{{with .State.Health}}{{range .Log}}{{.Output}}{{println}}{{end}}{{end}}' "$name" 2>/dev/null)"
  logs="$(last_logs "$name")"
  problem "$service runs and is ${HEALTH[$name]}: $(short "$said")" \
    "Run: $(in_compose) logs --tail 50 $service" "$(section_for "$service" "$said $logs")"
}

last_logs() { asked docker logs --tail 30 "$1" 2>&1; }

# The last line that tells a cause, not the stop that follows it.
last_words() {
  local cause
  cause="$(grep -aiE 'error|fatal|cannot|denied|refused|failed|No space|did not' <<<"$1" | grep -avE '^\s+(File|raise) ' | tail -n 1)"
  short "${cause:-$1}"
}
