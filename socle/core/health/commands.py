"""The commands that facts name, as they are typed beside this stack."""

from django.conf import settings


def is_in_docker() -> bool:
    """./install_local.sh reaches Postgres by a unix socket, Compose by a name."""
    return not str(settings.DATABASES["default"]["HOST"]).startswith("/")


def compose(words: str) -> str:
    file = "" if settings.LOCAL else f" -f {settings.ENVIRONMENT}.yml"
    return f"docker compose{file} {words}"


def start(service: str) -> str:
    """Starts a service that is down, and leaves one that runs as it is."""
    return compose(f"up -d {service}") if is_in_docker() else "./install_local.sh"


def restart(service: str) -> str:
    if is_in_docker():
        return compose(f"restart {service}")
    return "./install_local.sh --stop && ./install_local.sh --detach"


def logs(service: str) -> str:
    if is_in_docker():
        return compose(f"logs --tail 50 {service}")
    return f"tail -n 50 .local/logs/{service}.log"


def manage(words: str) -> str:
    if is_in_docker():
        return compose(f"exec web python manage.py {words}")
    return f"web/manage.py {words}"


def manage_as_owner(words: str) -> str:
    """The site's own role in the database may end no session but its own."""
    if is_in_docker():
        return compose(f"exec --user app cron python manage.py {words}")
    return f"web/manage.py {words}"


def migrating() -> str:
    return compose("run --rm migrate") if is_in_docker() else "./install_local.sh"
