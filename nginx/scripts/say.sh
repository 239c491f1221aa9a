# shellcheck shell=sh
# Sourced. usage: say LEVEL SENTENCE    One line of the container's log, in its form.
say() {
  if [ "${NGINX_LOG_FORMAT:-text}" = json ]; then
    printf '{"time":"%s","level":"%s","service":"nginx","logger":"nginx.%s","event":"%s"}\n' \
      "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$(basename "$0" .sh)" \
      "$(printf '%s' "$2" | tr '\n\t' '  ' | sed 's/[\\"]/\\&/g')"
  else
    printf '%s\n' "$2"
  fi
}
