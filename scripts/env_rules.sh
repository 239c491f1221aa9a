# shellcheck shell=bash
# Whether the values of .env (or .local/env) may be used: reads socle/core/env_rules.txt,
# changes nothing. The site reads the same rules with socle/core/env_rules.py. Sourced.

ENV_RULES="$REPOSITORY/socle/core/env_rules.txt"
TIME_ZONES="$REPOSITORY/socle/core/time_zones.txt"
PLACEHOLDERS=' changeme change-me secret password changethis '

declare -gA RULE_KIND=() RULE_DETAIL=() RULE_WORDS=() RULE_NEEDED=()

load_rules() {
  local line name parts=() part is_part='^\{([a-z0-9]+)\} +(.+)$'
  local is_rule='^([A-Z0-9_]+)(\*?) +(number|match|secret|zone) +([^ ]|[^ ].*[^ ])  +([^ ].*)$'
  local -A pattern=()
  if ((${#RULE_KIND[@]} > 0)); then return 0; fi
  while IFS= read -r line; do
    for part in "${parts[@]}"; do line="${line//"{$part}"/"${pattern[$part]}"}"; done
    if [[ "$line" =~ $is_part ]]; then
      parts+=("${BASH_REMATCH[1]}")
      pattern[${BASH_REMATCH[1]}]="${BASH_REMATCH[2]}"
    elif [[ "$line" =~ $is_rule ]]; then
      name="${BASH_REMATCH[1]}"
      RULE_NEEDED[$name]="${BASH_REMATCH[2]}" RULE_KIND[$name]="${BASH_REMATCH[3]}"
      RULE_DETAIL[$name]="${BASH_REMATCH[4]}" RULE_WORDS[$name]="${BASH_REMATCH[5]}"
    fi
  done <"$ENV_RULES"
}

# usage: is_allowed NAME VALUE
is_allowed() {
  local LC_ALL=C detail="${RULE_DETAIL[$1]}"
  if [[ -z "$2" ]]; then
    [[ -z "${RULE_NEEDED[$1]}" ]]
    return
  fi
  case "${RULE_KIND[$1]}" in
    number) [[ "$2" =~ ^[0-9]{1,10}$ ]] && ((10#$2 >= ${detail%..*} && 10#$2 <= ${detail#*..})) ;;
    zone) [[ -n "$(zone_today "$2")" ]] ;;
    secret) ! is_placeholder "$2" && [[ "$2" =~ $detail ]] ;;
    *) [[ "$2" =~ $detail ]] ;;
  esac
}

is_placeholder() { [[ "$PLACEHOLDERS" == *" ${1,,} "* ]]; }

# usage: zone_today NAME    What the zone is called today; nothing when there is none.
zone_today() { NAME="$1" awk '$1 == ENVIRON["NAME"] { print $NF }' "$TIME_ZONES"; }

# usage: near_zone NAME    The zone that was perhaps meant: in other letters, by its city
# alone, or with a slip of the pen.
near_zone() {
  local wanted="${1,,}" found
  wanted="${wanted// /_}"
  found="$(NAME="$wanted" awk '!/^#/ { split($1, parts, "/"); city = parts[length(parts)] }
    tolower($1) == ENVIRON["NAME"] { print $1; exit }
    tolower(city) == ENVIRON["NAME"] { other = $1 }
    END { if (other) print other }' "$TIME_ZONES" | head -n 1)"
  printf '%s' "${found:-$(near "$wanted" < <(sed '/^#/d; s/ .*//' "$TIME_ZONES"))}"
}

# usage: near WORD    The line of the input that differs least from it: by two signs at most.
near() {
  NAME="${1,,}" awk '
    function distance(a, b,    i, j, cost, before, now, best) {
      if (length(a) - length(b) > 2 || length(b) - length(a) > 2) return 9
      for (j = 0; j <= length(b); j++) row[j] = j
      for (i = 1; i <= length(a); i++) {
        before = row[0]; row[0] = i
        for (j = 1; j <= length(b); j++) {
          now = row[j]
          cost = before + (substr(a, i, 1) != substr(b, j, 1))
          best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1
          row[j] = cost < best ? cost : best
          before = now
        }
      }
      return row[length(b)]
    }
    { far = distance(ENVIRON["NAME"], tolower($1)) }
    far <= 2 && (!found || far < least) { least = far; found = $1 }
    END { if (found) print found }'
}

# usage: fault_of NAME VALUE    What is wrong and what would be right; nothing when all is well.
fault_of() {
  local words low high
  if [[ -z "${RULE_KIND[$1]:-}" ]] || is_allowed "$1" "$2"; then return 0; fi
  words="${RULE_WORDS[$1]}"
  case "${RULE_KIND[$1]}" in
    secret)
      if is_placeholder "$2"; then echo "is a placeholder; it is $words"; else echo "(not shown) is unusable; it is $words"; fi
      return
      ;;
    number)
      low="${RULE_DETAIL[$1]%..*}" high="${RULE_DETAIL[$1]#*..}"
      words+=", a whole number from $low to $high"
      ;;
    zone)
      low="$(near_zone "$2")"
      words+="${low:+ (near: $low)}"
      ;;
  esac
  echo "is '$(sed -E 's#://[^/@[:space:]]+@#://[secret]@#g' <<<"$2")'; it is $words"
}

# --- A file of values --------------------------------------------------------

# Compose and shells leave these signs alone: no $, #, quotes and spaces.
PLAIN_VALUE='^[A-Za-z0-9_.,:/@*+%-]*$'
PLAIN_SIGNS='letters, digits and - _ . : / @ , %'

# usage: is_plain NAME VALUE    A site's name may have letters of any language.
is_plain() {
  local LC_ALL=C value="$2"
  if [[ "$1" == SITE_NAME ]]; then value="${value//[$'\x80'-$'\xff']/}"; fi
  [[ "$value" =~ $PLAIN_VALUE ]]
}

# usage: trap_in VALUE    The sign that Compose or a shell would change, in words.
trap_in() {
  case "$1" in
    *'$'*) echo 'a $: Compose puts a variable there' ;;
    *'#'*) echo 'a #: what follows is a comment' ;;
    *[\"\'\`]*) echo 'a quote' ;;
    *[[:space:]]*) echo 'a space' ;;
    *\\*) echo 'a backslash' ;;
    *) echo 'an unusual sign' ;;
  esac
}

# usage: file_faults FILE [plain]    A line for each fault, such as "TIME_ZONE is …".
# plain: Compose reads the file, so only plain signs will do.
file_faults() {
  local file="$1" line name value fault number=0 assignment='^[A-Za-z_][A-Za-z0-9_]*='
  local -A seen=()
  load_rules
  if [[ "$(head -c 3 "$file")" == $'\xef\xbb\xbf' ]]; then
    # shellcheck disable=SC2028 # the command is shown, not run
    echo "line 1 begins with an invisible mark of Windows (BOM). Run: sed -i '1s/^\xef\xbb\xbf//' $file"
  fi
  if grep -q $'\r$' "$file"; then
    # shellcheck disable=SC2028 # the command is shown, not run
    echo "its lines end as Windows ends them (CRLF). Run: sed -i 's/\\r\$//' $file"
  fi
  while IFS= read -r line || [[ -n "$line" ]]; do
    ((number += 1))
    line="${line%$'\r'}" line="${line#$'\xef\xbb\xbf'}"
    if [[ "$line" =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    if [[ ! "$line" =~ $assignment ]]; then
      echo "line $number$(name_in "$line") is no NAME=value$(why_no_assignment "$line")"
      continue
    fi
    name="${line%%=*}" value="${line#*=}"
    if [[ -n "${seen[$name]+is there}" && "${seen[$name]}" != "$value" ]]; then
      echo "$name is there twice, with two values: delete the line that does not count"
    fi
    seen[$name]="$value"
    fault="$(fault_in_line "$name" "$value" "${2:-}")"
    if [[ -n "$fault" ]]; then echo "$fault"; fi
  done <"$file"
}

# What else stands there may be half of a secret.
name_in() { sed -nE 's/^[[:space:]]*(export[[:space:]]+)?([A-Za-z0-9_]+)[[:space:]]*[=:].*/ (\2)/p' <<<"$1"; }

why_no_assignment() {
  case "$1" in
    *export\ *) echo ": leave the word export out" ;;
    *\ =*) echo ": leave the blanks before = out" ;;
    \ *) echo ": leave the blanks before the name out" ;;
  esac
}

# usage: exported_faults NAME...    Of what the caller's shell exports by these names.
exported_faults() {
  local name fault
  load_rules
  for name in "$@"; do
    if ! is_exported "$name" || [[ -z "${!name}" ]]; then continue; fi
    fault="$(fault_of "$name" "${!name}")"
    if [[ -n "$fault" ]]; then echo "$name, which your shell exports, $fault"; fi
  done
}

is_exported() { [[ "$(declare -p "$1" 2>/dev/null)" == "declare -"*x* ]]; }

# usage: stop_for_faults WHERE FAULTS COMMAND    One report of them all.
stop_for_faults() {
  if [[ -z "$2" ]]; then return 0; fi
  die "What $1 says cannot be used. Nothing was changed or stopped.
$(sed 's/^/  /; s/$/./' <<<"$2")" \
    "Correct it, then run: $3 (docs/troubleshooting.md: A value in .env cannot be used)"
}

# usage: fault_in_line NAME VALUE [plain]
fault_in_line() {
  local fault
  if ! is_known "$1"; then
    fault="$(near "$1" < <(known_names))"
    if [[ -n "$fault" ]]; then
      echo "$1 is no variable; is $fault meant? A variable of your own gets a line in .env.example"
    fi
  elif [[ "${3:-}" == plain ]] && ! is_plain "$1" "$2"; then
    echo "$1 has $(trap_in "$2"). Use $PLAIN_SIGNS only"
  elif [[ "$2" =~ ^[\"\'] ]]; then
    echo "$1 has quotes, which would be a part of the value: leave them out"
  else
    fault="$(fault_of "$1" "${2%"${2##*[![:space:]]}"}")"
    if [[ -n "$fault" ]]; then echo "$1 $fault"; fi
  fi
}

# What the project knows, and what Compose and django-environ do.
is_known() {
  [[ -n "${RULE_KIND[$1]:-}" || "$1" == COMPOSE_* || "$1" == DOCKER_* || "$1" == BUILDKIT_* ]] ||
    [[ "$1" == *_FILE && -n "${RULE_KIND[${1%_FILE}]:-}" ]] || grep -q "^$1=" "$REPOSITORY/.env.example"
}

known_names() { printf '%s\n' "${!RULE_KIND[@]}" | sort; }
