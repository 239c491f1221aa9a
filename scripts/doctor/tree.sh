# shellcheck shell=bash
# The files of the working tree that containers run or write. Sourced by scripts/doctor.sh.

check_tree() {
  no_script_has_crlf
  programs_can_be_run
  no_folder_is_anothers
}

# Scripts and what is read line by line in a container; names without spaces.
scripts_of_the_tree() {
  find . \( -path ./.git -o -path ./.local -o -name node_modules -o -name dist \) -prune -o -type f \
    \( -name '*.sh' -o -name '*.envsh' -o -name 'Dockerfile' -o -name '*.yml' -o -name '*.template' \
    -o -path './cron/*' -o -path './certbot/*' -o -path ./.env.example \) -print 2>/dev/null
}

no_script_has_crlf() {
  local bad
  mapfile -t bad < <(scripts_of_the_tree | xargs -r grep -lI $'\r$' 2>/dev/null | sed 's,^\./,,' | sort)
  if ((${#bad[@]} == 0)); then
    well "Scripts end their lines as Linux does."
    return
  fi
  problem "$(several "${#bad[@]}" file) with line ends of Windows (CRLF), which Linux cannot run: $(in_words "${bad[@]:0:8}")$( ((${#bad[@]} <= 8)) || echo " …")." \
    "Run: sed -i 's/\\r\$//' ${bad[*]:0:8}   and: git config core.autocrlf input" \
    "bash\\r: No such file or directory"
}

# What a container or a person starts by its name.
programs_can_be_run() {
  local program bad=()
  for program in install_docker.sh google_storage.sh cron/run cron/entrypoint nginx/entrypoint/*.sh; do
    if [[ -f "$program" && ! -x "$program" ]] && grep -q '^#!' "$program"; then bad+=("$program"); fi
  done
  if ((${#bad[@]} == 0)); then return; fi
  careful "Not executable, as git has them: $(in_words "${bad[@]}")." "Run: chmod +x ${bad[*]}"
}

no_folder_is_anothers() {
  local folder bad=()
  if ((EUID == 0)); then return; fi
  for folder in web/frontend secrets secrets/keys "${WRITTEN_FOLDERS[@]}"; do
    if [[ -e "$folder" && ! -w "$folder" ]]; then bad+=("$folder"); fi
  done
  if ((${#bad[@]} == 0)); then
    well "The folders that installing writes belong to you."
  else
    problem "The user $(id -un) (uid $EUID) cannot write in $(in_words "${bad[@]}"), which belongs to uid $(stat -c %u "${bad[0]}")." \
      "Run: sudo chown -R $EUID:$(id -g) ${bad[*]}" "The … folder … cannot be written by uid …"
  fi
}
