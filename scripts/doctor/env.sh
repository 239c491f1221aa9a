# shellcheck shell=bash disable=SC2153
# The file .env, and in DEV and PROD the files of secrets. Sourced by scripts/doctor.sh.

MUST_HAVES=(PROJECT_NAME ENVIRONMENT ALLOWED_HOSTS SITE_URL POSTGRES_VERSION POSTGRES_DB POSTGRES_USER)
SECRETS_MUST_HAVE=(SECRET_KEY POSTGRES_PASSWORD REDIS_PASSWORD MEDIA_LINK_KEY)

check_env() {
  if [[ ! -e .env ]]; then
    problem "There is no .env: this copy was never installed." "Run: $(installer)" "There is no .env"
  elif [[ ! -r .env ]]; then
    problem "The user $(id -un) may not read .env; it belongs to $(stat -c %U .env)." \
      "Run: sudo chown $(id -un) .env   or ask again with sudo." "There is no .env"
  else
    env_is_complete
    env_has_no_trap
    values_fit_the_rules
    env_is_private
    stage_is_the_same
    shell_does_not_win
    addresses_fit
    proxy_mode_is_closed
  fi
  if [[ "$STAGE" != local && (-e .env || -e "$SECRETS_FOLDER") ]]; then secret_files_are_there; fi
}

names_in() { sed -nE 's/^([A-Z][A-Z0-9_]*)=.*/\1/p' "$1"; }

env_is_complete() {
  local missing=() empty=() name
  for name in $(names_in .env.example); do
    if [[ -z "${VALUES[$name]+is there}" ]]; then missing+=("$name"); fi
  done
  for name in $(must_haves); do
    if [[ -n "${VALUES[$name]+is there}" && -z "${VALUES[$name]}" ]]; then empty+=("$name"); fi
  done
  if ((${#missing[@]} > 0)); then
    problem "$(several "${#missing[@]}" variable) of .env.example $( ((${#missing[@]} == 1)) && echo is || echo are) not in .env: $(in_words "${missing[@]}")." \
      "Run: $(installer)   (it adds them with their defaults and keeps the rest)" ".env is incomplete"
  fi
  if ((${#empty[@]} > 0)); then
    problem "Empty in .env, and needed: $(in_words "${empty[@]}")." \
      "Write a value into .env (secrets: run $(installer), which generates them)." ".env is incomplete"
  fi
  if ((${#missing[@]} + ${#empty[@]} == 0)); then well ".env has all variables of .env.example."; fi
}

# Secrets are files in DEV and PROD, so there they may be empty here.
must_haves() {
  printf '%s\n' "${MUST_HAVES[@]}"
  if [[ "$STAGE" == local ]]; then printf '%s\n' "${SECRETS_MUST_HAVE[@]}" APP_UID APP_GID; fi
}

# Names the sign, never the value.
env_has_no_trap() {
  local line name value bad=() twice
  if grep -q $'\r$' .env; then
    problem ".env has line ends of Windows (CRLF): each value ends with an invisible sign." \
      "Run: sed -i 's/\\r\$//' .env" "A value in .env cannot be used"
  fi
  while IFS= read -r line || [[ -n "$line" ]]; do
    line="${line%$'\r'}"
    [[ "$line" =~ ^[A-Z][A-Z0-9_]*= ]] || continue
    name="${line%%=*}" value="${line#*=}"
    if ! is_plain "$name" "$value"; then bad+=("$name ($(trap_in "$value"))"); fi
  done <.env
  if ((${#bad[@]} > 0)); then
    problem "Compose or a shell changes these values of .env: $(in_words "${bad[@]}")." \
      "Use $PLAIN_SIGNS only; empty a generated secret and run $(installer) for a fresh one." \
      "A value in .env cannot be used"
  fi
  twice="$(names_in .env | sort | uniq -d | paste -sd ' ')"
  if [[ -n "$twice" ]]; then
    careful "Twice in .env, and the last line counts: ${twice// /, }." "Delete the other line."
  fi
}

# By the rules that the installer asks before it changes anything.
values_fit_the_rules() {
  local fault faults
  faults="$(values_fault)"
  if [[ -z "$faults" ]]; then return; fi
  while IFS= read -r fault; do
    problem "$fault." "Correct it in .env, then run: $(installer)" "A value in .env cannot be used"
  done <<<"$faults"
}

# A line for each; what env_has_no_trap says is left to it.
values_fault() {
  local name
  load_rules
  for name in $(names_in .env | sort -u); do
    if { [[ -n "${VALUES[$name]}" ]] && is_plain "$name" "${VALUES[$name]}"; } || ! is_known "$name"; then
      fault_in_line "$name" "${VALUES[$name]}"
    fi
  done
  secret_faults
}

env_is_private() {
  local mode
  mode="$(stat -c %a .env)"
  if [[ "$mode" != *00 ]]; then
    careful "Other users of this machine can read .env (mode $mode)." "Run: chmod 600 .env"
  fi
}

stage_is_the_same() {
  local stage
  stage="$(known ENVIRONMENT)"
  if [[ -n "$stage" && "$stage" != "$STAGE" ]]; then
    careful "ENVIRONMENT in .env is $stage, and $STAGE was asked about." \
      "Ask about that one: ./install_docker.sh --check $stage   (or set ENVIRONMENT=$STAGE)"
  fi
}

# What the shell exports, Compose prefers: then .env is not what containers get.
shell_does_not_win() {
  local name bad=()
  for name in "${!VALUES[@]}"; do
    if [[ -n "${!name:-}" && "${!name}" != "${VALUES[$name]}" ]] && is_exported "$name"; then bad+=("$name"); fi
  done
  if ((${#bad[@]} > 0)); then
    careful "Your shell has other values than .env, and Compose prefers the shell's: $(in_words "${bad[@]}")." \
      "Run: unset ${bad[*]}" "A value in .env has no effect"
  fi
}

addresses_fit() {
  local host hosts
  host="$(site_host)" hosts=",$(known ALLOWED_HOSTS),"
  if [[ -z "$host" ]]; then return; fi
  if [[ "$hosts" != *",$host,"* && "$hosts" != *",*,"* ]] && ! parent_is_allowed "$host" "$hosts"; then
    problem "ALLOWED_HOSTS in .env has not $host, the host of SITE_URL: its pages would be refused." \
      "Add it in .env: ALLOWED_HOSTS=$host,…   then run: $(in_compose) up --detach" "The host of SITE_URL is not allowed"
  fi
  if [[ "$STAGE" == prod && "$(known SITE_URL)" != https://* ]]; then
    problem "SITE_URL in .env is $(known SITE_URL), which is not https: nobody could sign in." \
      "Write SITE_URL=https://… into .env, then run: $(installer)" "The host of SITE_URL is not allowed"
  fi
}

# Django's way to say "and all below": .example.com
parent_is_allowed() {
  local allowed
  for allowed in ${2//,/ }; do
    if [[ "$allowed" == .* && ("$1" == *"$allowed" || ".$1" == "$allowed") ]]; then return 0; fi
  done
  return 1
}

# Behind a proxy nginx speaks plain HTTP, which is for the server in front alone.
proxy_mode_is_closed() {
  local address section="The site speaks plain HTTP to everybody"
  address="$(known PUBLISH_ON)"
  if ! is_behind_proxy || [[ "$address" == 127.* ]]; then return; fi
  if [[ -z "$address" ]]; then
    careful "BEHIND_PROXY=1 and an empty PUBLISH_ON: the site speaks plain HTTP on all addresses of this machine." \
      "Run: $(installer) --behind-proxy" "$section"
  elif [[ "$address" == 0.0.0.0 || -z "$(known TRUSTED_PROXIES)" ]]; then
    careful "BEHIND_PROXY=1 and PUBLISH_ON=$address: not only the web server in front reaches the site, by plain HTTP." \
      "Write PUBLISH_ON=127.0.0.1 into .env, then run: $(installer)   (a server in front elsewhere needs a private address, and TRUSTED_PROXIES)" \
      "$section"
  fi
}

# --- Files of secrets --------------------------------------------------------

# As the stage's Compose file lists them; where the site has no role of its own in the
# database, it reads the owner's password.
secret_files() {
  local part=''
  if [[ -n "$(known POSTGRES_SITE_USER)" ]]; then part=site_; fi
  sed "s,\${POSTGRES_SITE_USER:+site_},$part," "$COMPOSE_FILE_NAME" |
    sed -nE '/^secrets:/,/^[a-z]/ s,.*file: *"?\./([^"}[:space:]]+).*,\1,p'
}

secret_files_are_there() {
  local file missing=() unreadable=() empty=()
  for file in $(secret_files); do
    if [[ -d "${file%/*}" && ! -x "${file%/*}" ]]; then
      unreadable+=("$file")
    elif [[ ! -f "$file" ]]; then
      missing+=("$file")
    elif [[ ! -r "$file" ]]; then
      unreadable+=("$file")
    elif [[ ! -s "$file" ]] && is_must_have "$file"; then
      empty+=("$file")
    fi
  done
  say_of_secrets missing "There is no" "${missing[@]}"
  say_of_secrets empty "Empty, and needed:" "${empty[@]}"
  if ((${#unreadable[@]} > 0)); then
    problem "The user $(id -un) cannot read $(in_words "${unreadable[@]}")." \
      "Run this as the owner, $(stat -c %U "$SECRETS_FOLDER" 2>/dev/null || echo root), or with sudo." \
      "A file in secrets/ is missing, empty or unreadable"
  elif ((${#missing[@]} + ${#empty[@]} == 0)) && [[ -n "$(secret_files)" ]]; then
    well "The files of secrets are there."
    secrets_are_for_containers
  fi
}

is_must_have() {
  local name="${1##*/}"
  [[ " ${SECRETS_MUST_HAVE[*]} DEV_PASSWORD " == *" ${name^^} "* ]]
}

# usage: say_of_secrets WHICH WORDS FILE...
say_of_secrets() {
  if (($# < 3)); then return; fi
  problem "$2 $(in_words "${@:3}"): Compose hands these files to the containers." \
    "Run: $(installer)   (it generates what can be; keeps the rest)" \
    "A file in secrets/ is missing, empty or unreadable"
}

# Containers read them as users of their own: the file is open, its folder is not.
secrets_are_for_containers() {
  local file bad=()
  for file in $(secret_files); do
    if [[ "$(stat -c %a "$file")" != *4 ]]; then bad+=("$file"); fi
  done
  if ((${#bad[@]} > 0)); then
    problem "The containers' users cannot read $(in_words "${bad[@]}") (mode $(stat -c %a "${bad[0]}"))." \
      "Run: chmod 644 ${bad[*]}   (the folder's mode, 700, keeps others out)" \
      "A file in secrets/ is missing, empty or unreadable"
  fi
}
