# shellcheck shell=bash
# ./install_docker.sh --check: reads the system as it is, and names causes and next steps.
# Changes nothing. Sourced; what one subject's checks know is in scripts/doctor/.

source scripts/doctor/report.sh     # well, careful, problem, unasked, print_room
source scripts/doctor/look.sh       # look_at_engine, look_at_containers, asked, container
source scripts/doctor/engine.sh     # check_engine
source scripts/doctor/tree.sh       # check_tree
source scripts/doctor/env.sh        # check_env
source scripts/doctor/machine.sh    # check_machine
source scripts/doctor/containers.sh # check_containers
source scripts/doctor/images.sh     # check_images
source scripts/doctor/data.sh       # check_data
source scripts/doctor/site.sh       # check_site
source scripts/doctor/outside.sh    # check_outside

# In the order of the report: what comes first often causes what follows.
ROOMS=(engine tree env machine containers images data site outside)
declare -gA TITLES=(
  [engine]="Docker" [tree]="Working tree" [env]="Settings" [machine]="This machine"
  [containers]="Containers" [images]="Images and configuration" [data]="Data"
  [site]="What the site says" [outside]="From outside"
)

# usage: doctor [local | dev | prod]    Exit status 0: all well, 1: a problem, 2: usage.
doctor() {
  if (($# > 1)); then
    usage >&2
    exit 2
  fi
  set +e # a check that fails is an answer
  read_env 2>/dev/null
  choose_stage "${1:-$(stage_of_env)}"
  choose_colours
  NOTES="$(mktemp -d)"
  trap 'rm -rf "$NOTES"' EXIT
  SECRETS="$(secret_values)"
  look_at_engine
  look_at_containers
  ask_all_rooms
  report
}

stage_of_env() {
  case "$(known ENVIRONMENT)" in
    dev | prod) known ENVIRONMENT ;;
    *) echo local ;;
  esac
}

ask_all_rooms() {
  local room
  for room in "${ROOMS[@]}"; do
    "check_$room" >"$NOTES/$room" 2>"$NOTES/$room.errors" </dev/null &
  done
  wait
  for room in "${ROOMS[@]}"; do
    if [[ -s "$NOTES/$room.errors" ]]; then
      careful "The doctor stumbled here: $(short "$(cat "$NOTES/$room.errors")")" >>"$NOTES/$room"
    fi
  done
}

report() {
  local room files=()
  printf '%s\n' "Doctor: $STAGE ($COMPOSE_FILE_NAME), project $PROJECT, $(date -u '+%Y-%m-%d %H:%M:%S UTC')"
  for room in "${ROOMS[@]}"; do
    files+=("$NOTES/$room")
    print_room "${TITLES[$room]}" "$NOTES/$room"
  done
  print_unasked "${files[@]}"
  print_verdict "${files[@]}"
}
