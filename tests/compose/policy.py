"""
What holds for every container of the project.

A rule takes a stage's resolved file (`docker compose config`) and yields one sentence
for each thing that breaks it. Whoever may break a rule is named here, with the reason.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

Rule = Callable[[dict], Iterator[str]]
RULES: list[Rule] = []

# One shot: it ends, so nobody waits for its health, and it must not start again.
ONE_SHOT = {"migrate"}
# cron's daemon becomes another user for each job; it runs none as root itself.
MAY_START_AS_ROOT = {"cron"}
CAPABILITIES = {"cron": {"SETUID", "SETGID"}}
# Who wants to see it comes by ssh.
TO_THE_SERVER_ITSELF = {"grafana"}
# Nobody: what has to be written lies on volumes and in memory.
MAY_WRITE_TO_ITS_ROOT: set[str] = set()
# Reaches nothing and is reached by nobody: it only reads and writes files.
WITHOUT_NETWORK = {"npm_watch"}
# The site, its workers and their database; nginx is reached from outside, so not it.
ON_DATA = {"postgres", "redis", "migrate", "web", "worker", "flower", "cron"}
ON_EDGE = {"nginx", "certbot", "web", "prometheus"}
AFTER_MIGRATE = {"web", "worker", "flower", "cron"}
# The way out leads to the bucket.
ON_APP = {"web", "worker", "flower", "cron", "storage", "prometheus", "grafana"}
# In LOCAL they are in .env, which is the developer's own.
PASSWORDS_IN_THE_ENVIRONMENT = {"local"}
# Without these Django's settings cannot be read.
TO_READ_SETTINGS = {"secret_key", "postgres_password", "redis_password"}
# Letters, backups and uploads in a bucket: web shows and starts what the others do.
OF_THE_WORK = {"email_url", "backup_encryption_key", "aws_secret_access_key"}
# The owner of the tables is a superuser: nothing that visitors reach signs in as it.
KNOW_THE_OWNER = {"postgres", "migrate", "cron"}
AS_THE_SITE = TO_READ_SETTINGS - {"postgres_password"} | {"postgres_site_password"}
SECRETS_OF = {
    "migrate": TO_READ_SETTINGS | {"postgres_site_password"},
    "web": AS_THE_SITE | OF_THE_WORK | {"media_link_key"},
    "worker": AS_THE_SITE | {"email_url", "aws_secret_access_key"},
    "cron": TO_READ_SETTINGS | OF_THE_WORK,
    "flower": {"redis_password"},
    "postgres": {"postgres_password"},
    "redis": {"redis_password"},
    "nginx": {"media_link_key", "dev_password"},
    "grafana": {"grafana_password"},
}
REACHES_FLOWER = {"flower", "nginx"}
# secrets/keys has the bucket's key; the rest of secrets/ is for no container.
SEES_THE_BUCKETS_KEY = {"web", "worker", "cron"}
SECRET = re.compile(
    r"(PASSWORD|SECRET|_KEY|KEY_ID|REDISCLI_AUTH|EMAIL_URL)(?!.*_FILE$)"
)


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


def services(config: dict) -> list[tuple[str, dict]]:
    return sorted(config["services"].items())


@rule
def has_a_healthcheck(config):
    for name, service in services(config):
        check = service.get("healthcheck", {})
        if name not in ONE_SHOT and (check.get("disable") or not check.get("test")):
            yield f"{name} has no healthcheck"


@rule
def starts_again(config):
    for name, service in services(config):
        wanted = "no" if name in ONE_SHOT else "unless-stopped"
        if service.get("restart") != wanted:
            yield f"{name} has restart {service.get('restart')!r} instead of {wanted!r}"


@rule
def has_limits(config):
    for name, service in services(config):
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        for limit in ("cpus", "memory", "pids"):
            if not float(limits.get(limit, 0)):
                yield f"{name} has no limit of {limit}"


@rule
def gains_no_privileges(config):
    for name, service in services(config):
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name} lacks no-new-privileges"


@rule
def has_no_capabilities(config):
    for name, service in services(config):
        if service.get("cap_drop") != ["ALL"]:
            yield f"{name} does not drop all capabilities"
        extra = set(service.get("cap_add") or []) - CAPABILITIES.get(name, set())
        if extra:
            yield f"{name} adds {sorted(extra)}"


@rule
def stays_in_its_container(config):
    for name, service in services(config):
        if service.get("privileged"):
            yield f"{name} is privileged"
        for space in ("pid", "ipc", "network_mode", "userns_mode", "uts"):
            if service.get(space) not in (None, "none", "private"):
                yield f"{name} has {space} {service[space]!r}"
        if service.get("devices"):
            yield f"{name} has devices of the machine"


@rule
def has_a_read_only_root(config):
    for name, service in services(config):
        if not service.get("read_only") and name not in MAY_WRITE_TO_ITS_ROOT:
            yield f"{name} can write to its root"


@rule
def is_not_root(config):
    for name, service in services(config):
        user = str(service.get("user") or "root").split(":")[0]
        if user in ("root", "0") and name not in MAY_START_AS_ROOT:
            yield f"{name} runs as root"


@rule
def rotates_its_log(config):
    for name, service in services(config):
        options = service.get("logging", {}).get("options", {})
        if not {"max-size", "max-file"} <= set(options):
            yield f"{name}'s log grows for ever"


@rule
def never_sees_the_docker_socket(config):
    for name, service in services(config):
        for volume in service.get("volumes", []):
            source = volume.get("source", "")
            reaches = source in ("/", "/var", "/var/run", "/run")
            if volume["type"] == "bind" and (reaches or "docker" in source):
                yield f"{name} mounts {source}"


@rule
def only_nginx_publishes(config):
    for name, service in services(config):
        ports = service.get("ports", [])
        if name in TO_THE_SERVER_ITSELF:
            ports = [port for port in ports if port.get("host_ip") != "127.0.0.1"]
        if ports and name != "nginx":
            yield f"{name} publishes a port"


@rule
def names_its_networks(config):
    for name, service in services(config):
        networks = set(service.get("networks") or {})
        if not networks and name not in WITHOUT_NETWORK:
            yield f"{name} is on no network"
        if "default" in networks:
            yield f"{name} is on the implicit network"


@rule
def keeps_data_apart(config):
    if not config["networks"]["data"].get("internal"):
        yield "the network data leads out"
    for name, service in services(config):
        networks = set(service.get("networks") or {})
        for network, members in (("data", ON_DATA), ("edge", ON_EDGE), ("app", ON_APP)):
            if network in networks and name not in members:
                yield f"{name} is on the network {network}"


@rule
def reaches_flower_through_nginx_alone(config):
    """It has no password: whoever reaches it may stop the worker."""
    flower = config["services"]["flower"]
    words = flower["command"]
    if not any(word.startswith("--unix-socket=/run/flower/") for word in words):
        yield "flower listens on a port"
    for name, service in services(config):
        mounts = [v["target"] for v in service.get("volumes", []) if is_flowers(v)]
        if mounts and name not in REACHES_FLOWER:
            yield f"{name} sees Flower's socket"


def is_flowers(volume: dict) -> bool:
    return volume.get("source") == "flower_socket"


@rule
def waits_for_migrate(config):
    for name in sorted(AFTER_MIGRATE):
        waits_for = config["services"][name].get("depends_on", {})
        wanted = {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
        for other, condition in wanted.items():
            if waits_for.get(other, {}).get("condition") != condition:
                yield f"{name} does not wait for {other}: {condition}"
    if config["services"]["nginx"].get("depends_on"):
        yield "nginx waits for another service, instead of showing its starting page"


@rule
def pins_its_image(config):
    for name, service in services(config):
        image, _, tag = service["image"].rpartition(":")
        ours = image.startswith(f"{config['name'].split('-')[0]}-")
        if not ours and (not image or tag == "latest"):
            yield f"{name} takes whatever {service['image']} is today"


@rule
def shows_no_secret_on_a_command_line(config):
    for name, service in services(config):
        words = [service.get("command"), service.get("entrypoint")]
        words.append(service.get("healthcheck", {}).get("test"))
        if "generated" in str(words):
            yield f"{name} shows a secret to `ps`"


@rule
def has_passwords_in_files(config):
    if stage_of(config) in PASSWORDS_IN_THE_ENVIRONMENT:
        return
    for name, service in services(config):
        for variable, value in (service.get("environment") or {}).items():
            if value and SECRET.search(variable):
                yield f"{name} has {variable} in its environment"


@rule
def gives_flower_no_secret_of_the_site(config):
    """In no stage: it has no .env, and its environment is a list of what it uses."""
    for variable, value in config["services"]["flower"]["environment"].items():
        if value and SECRET.search(variable):
            yield f"flower has {variable} in its environment"


@rule
def sees_its_own_secrets_alone(config):
    for name, service in services(config):
        seen = {secret["source"] for secret in service.get("secrets", [])}
        foreign = seen - SECRETS_OF.get(name, set())
        if foreign:
            yield f"{name} sees {sorted(foreign)}"
        for volume in service.get("volumes", []):
            if volume["type"] == "bind" and shows_secrets(config, name, volume):
                yield f"{name} mounts {volume['source']}, where secrets are"


@rule
def leaves_the_owner_of_the_tables_alone(config):
    """By the name it signs in as, and by the password in its environment or files."""
    owner = config["services"]["postgres"]["environment"]["POSTGRES_USER"]
    password = config["services"]["postgres"]["environment"].get("POSTGRES_PASSWORD")
    for name, service in services(config):
        if name in KNOW_THE_OWNER:
            continue
        environment = service.get("environment") or {}
        seen = {secret["source"] for secret in service.get("secrets", [])}
        if environment.get("POSTGRES_USER") == owner:
            yield f"{name} signs in to the database as its owner"
        if "postgres_password" in seen or (
            password and password in environment.values()
        ):
            yield f"{name} has the password of the database's owner"


def shows_secrets(config: dict, name: str, volume: dict) -> bool:
    source = Path(volume["source"])
    secrets = Path(config["services"]["web"]["build"]["context"]) / "secrets"
    if source == secrets / "keys":
        return name not in SEES_THE_BUCKETS_KEY
    return secrets.is_relative_to(source) or source.is_relative_to(secrets)


def stage_of(config: dict) -> str:
    return config["services"]["web"]["environment"]["ENVIRONMENT"]
