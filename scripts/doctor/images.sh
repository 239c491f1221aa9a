# shellcheck shell=bash disable=SC2153
# Whether containers run what the tags, the code and .env say now. Sourced by scripts/doctor.sh.

check_images() {
  if [[ -n "$WITHOUT_ENGINE" ]]; then
    unasked "the images" "$WITHOUT_ENGINE"
    return
  fi
  compose_reads_its_files || local unreadable=yes
  if ((${#NAMES[@]} == 0)); then return; fi
  containers_run_the_tagged_image
  if [[ -z "${unreadable:-}" && " ${STATE[*]} " == *" running "* ]]; then containers_have_the_settings; fi
  images_are_of_this_code
}

compose_reads_its_files() {
  local said
  if [[ ! -e .env ]]; then return 1; fi
  if said="$(asked docker compose --file "$COMPOSE_FILE_NAME" config --quiet 2>&1)"; then return 0; fi
  problem "Compose cannot read $COMPOSE_FILE_NAME with this .env: $(short "$said")" \
    "Run: $(installer)   then: $(in_compose) config --quiet" "Compose cannot read the files"
  return 1
}

# Sets OLD: the services whose containers run another image than its tag names now.
containers_run_the_tagged_image() {
  local name tagged
  OLD=()
  for name in "${NAMES[@]}"; do
    tagged="$(asked docker image inspect --format '{{.Id}}' "${IMAGE[$name]}" 2>/dev/null)"
    if [[ -n "$tagged" && "$tagged" != "${IMAGE_ID[$name]}" ]]; then OLD+=("${SERVICE[$name]}"); fi
  done
  if ((${#OLD[@]} == 0)); then
    well "Containers run the images that their tags name."
  else
    problem "$(in_words "${OLD[@]}") still run$( ((${#OLD[@]} > 1)) || echo s) an older image than ${IMAGE[${NAME_OF[${OLD[0]}]}]} names now." \
      "Run: $(in_compose) up --detach" "Containers run an older image"
  fi
}

# What Compose would make anew, by its own rehearsal of `up`.
containers_have_the_settings() {
  local name said changed=()
  if ! said="$(asked docker compose --dry-run --file "$COMPOSE_FILE_NAME" up --detach --no-build --no-deps 2>&1)"; then
    unasked "whether containers have the settings of .env" "Compose does not rehearse its start ($(short "$said"))."
    return
  fi
  while read -r name; do
    if [[ -n "${SERVICE[$name]:-}" && " ${OLD[*]} " != *" ${SERVICE[$name]} "* ]]; then changed+=("${SERVICE[$name]}"); fi
  done < <(sed -nE 's/.*Container +([^ ]+) +Recreate$/\1/p' <<<"$said")
  if ((${#changed[@]} == 0)); then
    well "Containers have the settings of .env and $COMPOSE_FILE_NAME."
  else
    careful ".env or $COMPOSE_FILE_NAME was changed after these were started: $(in_words "${changed[@]}")." \
      "Run: $(in_compose) up --detach" "Containers run with older settings"
  fi
}

# --- Image and code ----------------------------------------------------------

in_git() { git -c "safe.directory=$PWD" "$@" 2>/dev/null; }

# usage: revision_of IMAGE    As ./install_docker.sh labels it; nothing where it is unknown.
revision_of() {
  local revision
  revision="$(asked docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$1" 2>/dev/null)"
  revision="${revision%-dirty}"
  if [[ "$revision" =~ ^[0-9a-f]{7,64}$ ]]; then echo "$revision"; fi
}

# What an image is made from. LOCAL mounts the code itself, so there it is less.
sources_of_images() {
  if [[ "$STAGE" == local ]]; then
    echo socle/docker web/requirements web/frontend/package-lock.json nginx
  else
    echo web socle nginx cron certbot
  fi
}

our_images() {
  local name
  for name in "${NAMES[@]}"; do echo "${IMAGE[$name]}"; done | grep -E "^($(known PROJECT_NAME socle)|$PROJECT)-" |
    grep -v npm_watch | sort -u # it holds no code
}

images_are_of_this_code() {
  local image revision unlabelled=() old=() strange=()
  if ! in_git rev-parse --verify --quiet HEAD >/dev/null; then
    unasked "whether images are of this code" "This folder has no history of git."
    return
  fi
  for image in $(our_images); do
    revision="$(revision_of "$image")"
    if [[ -z "$revision" ]]; then
      unlabelled+=("$image")
    elif ! in_git cat-file -e "$revision^{commit}"; then
      strange+=("$image")
    elif ! is_current "$revision"; then
      old+=("$image (of ${revision:0:7}, $(in_git rev-list --count "$revision..HEAD") commits ago)")
    fi
  done
  if ((${#old[@]} > 0)); then
    careful "The code here is newer than $(in_words "${old[@]}")." "Run: $(installer)" "Images are older than the code"
  fi
  if ((${#strange[@]} > 0)); then
    careful "$(in_words "${strange[@]}") $( ((${#strange[@]} == 1)) && echo is || echo are) of a commit that this folder does not know." \
      "Run: git fetch   or build here: $(installer)" "Images are older than the code"
  fi
  if ((${#unlabelled[@]} > 0)); then
    unasked "whether these are of this code: $(in_words "${unlabelled[@]}")" "The images do not say of which commit they are."
  elif ((${#old[@]} + ${#strange[@]} == 0)); then
    well "The images are of this code."
  fi
}

# Commits that change nothing of what goes into images do not count.
is_current() {
  local sources
  read -ra sources <<<"$(sources_of_images)"
  in_git diff --quiet "$1" HEAD -- "${sources[@]}"
}
