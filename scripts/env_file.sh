# shellcheck shell=bash
# The file .env of ./install_docker.sh: checked, written once, kept ever after. Sourced.

FROM_THE_ENVIRONMENT=(PROJECT_NAME HTTP_PORT HTTPS_PORT PUBLISH_ON SITE_URL ALLOWED_HOSTS
  BEHIND_PROXY TRUSTED_PROXIES ADMIN_EMAIL ACME_EMAIL ACME_SERVER BACKUP_STORAGE_URL TIME_ZONE)

# What the environment gives for a first .env, as lines of it.
values_given() {
  local name
  for name in "${FROM_THE_ENVIRONMENT[@]}"; do
    if [[ -n "${!name:-}" ]]; then printf '%s=%s\n' "$name" "${!name//$'\n'/ }"; fi
  done
}

# Whatever is wrong with the values that containers would get, in one report.
values_can_be_used() {
  local faults
  if [[ -e .env ]]; then
    faults="$(file_faults .env plain; shell_faults; option_faults; secret_faults)"
    stop_for_faults .env "$faults" "./install_docker.sh $STAGE"
  else
    faults="$(given_faults; secret_faults)"
    stop_for_faults "your environment or an option" "$faults" "./install_docker.sh $STAGE"
  fi
}

given_faults() {
  local line
  load_rules
  while IFS= read -r line; do fault_in_line "${line%%=*}" "${line#*=}" plain; done < <(values_given)
}

option_faults() {
  local name
  load_rules
  for name in "${!ASKED[@]}"; do fault_in_line "$name" "${ASKED[$name]}" plain; done
}

# Where Compose fills in a variable, what the shell exports counts more than .env.
shell_faults() {
  local names=()
  mapfile -t names < <(sed -nE 's/^[^$]*\$\{([A-Z0-9_]+).*/\1/p; s/.*\$\{([A-Z0-9_]+).*/\1/p' "$COMPOSE_FILE_NAME" services.yml | sort -u)
  exported_faults "${names[@]}"
}

# usage: setting NAME DEFAULT    As an option says, else from .env, or for a first .env from
# the environment.
setting() {
  local value="${ASKED[$1]:-}"
  if [[ -n "$value" ]]; then
    :
  elif [[ -e .env ]]; then
    value="$(env_value .env "$1")"
  else
    value="${!1:-}"
  fi
  printf '%s' "${value:-$2}"
}

# The user whom files in the tree belong to: yours, also below sudo. Containers never
# run as root, so for root itself it is 1000.
owner_uid() { if ((EUID != 0)); then id -u; else echo "${SUDO_UID:-1000}"; fi; }
owner_gid() { if ((EUID != 0)); then id -g; else echo "${SUDO_GID:-1000}"; fi; }

write_env() {
  local first=no names_no_file=no name
  if [[ ! -e .env ]]; then
    first=yes
    install -m 600 /dev/null .env
    if [[ -n "${SUDO_UID:-}" ]]; then chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" .env; fi
  fi
  if ! grep -q '^COMPOSE_FILE=' .env; then names_no_file=yes; fi
  add_new_variables
  # Whatever runs `docker compose` here means this stage; older files did not say so.
  if [[ "$names_no_file" == yes ]]; then set_env_value .env COMPOSE_FILE "$COMPOSE_FILE_NAME"; fi
  if [[ "$first" == yes ]]; then take_first_values; fi
  for name in "${!ASKED[@]}"; do set_env_value .env "$name" "${ASKED[$name]}"; done
  write_secrets
  fill_generated
  chmod 600 .env
}

# Adds each variable of .env.example that .env has not, with its comment.
add_new_variables() {
  local line comment=''
  if [[ -n "$(tail -c 1 .env)" ]]; then echo >>.env; fi # its last line had no end
  while IFS= read -r line; do
    if [[ "$line" =~ ^([A-Z_]+)= ]]; then
      if ! grep -q "^${BASH_REMATCH[1]}=" .env; then printf '%s%s\n' "$comment" "$line" >>.env; fi
      comment=''
    else
      comment+="$line"$'\n'
    fi
  done <.env.example
}

take_first_values() {
  local name
  for name in "${FROM_THE_ENVIRONMENT[@]}"; do
    if [[ -n "${!name:-}" ]]; then set_env_value .env "$name" "${!name}"; fi
  done
  set_env_value .env ENVIRONMENT "$STAGE"
  if [[ "$STAGE" == local && -z "${SITE_URL:-}" ]]; then
    set_env_value .env SITE_URL "http://localhost:$(env_value .env HTTP_PORT)"
  fi
}

# Fills what is empty and whose comment in .env.example says (generated).
fill_generated() {
  local line generated=no name
  while IFS= read -r line; do
    if [[ "$line" == *"(generated)"* ]]; then generated=yes; fi
    if [[ ! "$line" =~ ^([A-Z_]+)= ]]; then
      if [[ -z "$line" ]]; then generated=no; fi
      continue
    fi
    name="${BASH_REMATCH[1]}"
    if [[ "$generated" == yes && -z "$(env_value .env "$name")" && "$(place_of "$name")" == .env ]]; then
      set_env_value .env "$name" "$(generated_value "$name")"
    fi
    if [[ "$name" != APP_UID ]]; then generated=no; fi # one comment for uid and gid
  done <.env.example
}

generated_value() {
  case "$1" in
    APP_UID) owner_uid ;;
    APP_GID) owner_gid ;;
    *) random_secret 40 ;;
  esac
}
