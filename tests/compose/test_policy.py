"""The rules of policy.py over the three stages, and each rule over a broken one."""

import copy

import policy
import pytest
from compose_files import STAGES


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("rule", policy.RULES, ids=lambda rule: rule.__name__)
def test_every_service(stages, stage, rule):
    assert list(rule(stages[stage])) == []


def broken(path: str, value):
    """usage: broken("services.web.user", "root")    None takes the thing away."""

    def change(config: dict) -> None:
        *parents, last = path.split(".")
        place = config
        for name in parents:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


def bind(source: str) -> list[dict]:
    return [{"type": "bind", "source": source, "target": "/mnt"}]


def binds(service: str, folder: str):
    """As `- ./FOLDER:/mnt` in a Compose file."""

    def change(config: dict) -> None:
        root = config["services"]["web"]["build"]["context"]
        config["services"][service]["volumes"] = bind(f"{root}/{folder}".rstrip("/"))

    return change


SECRET_KEY = {"source": "secret_key"}
LIMITS = "services.redis.deploy.resources.limits"
BREAKS = [
    ("has_a_healthcheck", broken("services.web.healthcheck", None)),
    ("has_a_healthcheck", broken("services.cron.healthcheck", {"disable": True})),
    ("starts_again", broken("services.web.restart", None)),
    ("starts_again", broken("services.migrate.restart", "unless-stopped")),
    ("has_limits", broken(f"{LIMITS}.cpus", None)),
    ("has_limits", broken(f"{LIMITS}.memory", None)),
    ("has_limits", broken(f"{LIMITS}.pids", None)),
    ("gains_no_privileges", broken("services.nginx.security_opt", None)),
    ("has_no_capabilities", broken("services.web.cap_drop", None)),
    ("has_no_capabilities", broken("services.cron.cap_add", ["SETUID", "CHOWN"])),
    ("has_no_capabilities", broken("services.web.cap_add", ["SETUID"])),
    ("stays_in_its_container", broken("services.worker.privileged", True)),
    ("stays_in_its_container", broken("services.worker.network_mode", "host")),
    ("stays_in_its_container", broken("services.worker.pid", "host")),
    ("stays_in_its_container", broken("services.worker.devices", ["/dev/sda"])),
    ("has_a_read_only_root", broken("services.postgres.read_only", None)),
    ("is_not_root", broken("services.web.user", None)),
    ("is_not_root", broken("services.nginx.user", "0:101")),
    ("rotates_its_log", broken("services.flower.logging.options.max-size", None)),
    (
        "never_sees_the_docker_socket",
        broken("services.cron.volumes", bind("/var/run/docker.sock")),
    ),
    ("never_sees_the_docker_socket", broken("services.cron.volumes", bind("/run"))),
    ("only_nginx_publishes", broken("services.postgres.ports", [{"target": 5432}])),
    ("only_nginx_publishes", broken("services.grafana.ports", [{"target": 3000}])),
    ("names_its_networks", broken("services.web.networks", {"default": None})),
    ("names_its_networks", broken("services.web.networks", None)),
    ("keeps_data_apart", broken("services.nginx.networks.data", {})),
    ("keeps_data_apart", broken("services.postgres.networks.app", {})),
    ("keeps_data_apart", broken("services.cron.networks.edge", {})),
    ("keeps_data_apart", broken("networks.data.internal", None)),
    (
        "reaches_flower_through_nginx_alone",
        broken("services.flower.command", ["celery", "flower", "--port=5555"]),
    ),
    (
        "reaches_flower_through_nginx_alone",
        broken(
            "services.certbot.volumes",
            [{"type": "volume", "source": "flower_socket", "target": "/run/flower"}],
        ),
    ),
    (
        "gives_flower_no_secret_of_the_site",
        broken("services.flower.environment.SECRET_KEY", "generated"),
    ),
    ("waits_for_migrate", broken("services.worker.depends_on.migrate", None)),
    ("waits_for_migrate", broken("services.nginx.depends_on", {"web": {}})),
    ("pins_its_image", broken("services.redis.image", "redis")),
    ("pins_its_image", broken("services.redis.image", "redis:latest")),
    (
        "shows_no_secret_on_a_command_line",
        broken("services.redis.command", ["redis-server", "generatedREDISPASSWORD"]),
    ),
    (
        "has_passwords_in_files",
        broken("services.web.environment.POSTGRES_PASSWORD", "generated"),
    ),
    ("sees_its_own_secrets_alone", broken("services.redis.secrets", [SECRET_KEY])),
    (
        "sees_its_own_secrets_alone",
        broken("services.flower.secrets", [SECRET_KEY]),
    ),
    (
        "sees_its_own_secrets_alone",
        broken("services.worker.secrets", [{"source": "media_link_key"}]),
    ),
    ("keeps_data_apart", broken("services.flower.networks.edge", {})),
    (
        "sees_its_own_secrets_alone",
        broken("services.web.secrets", [{"source": "grafana_password"}]),
    ),
    (
        "sees_its_own_secrets_alone",
        broken("services.cron.secrets", [{"source": "postgres_site_password"}]),
    ),
    (
        "leaves_the_owner_of_the_tables_alone",
        broken("services.worker.environment.POSTGRES_USER", "socle"),
    ),
    (
        "leaves_the_owner_of_the_tables_alone",
        broken("services.web.secrets", [{"source": "postgres_password"}]),
    ),
    ("sees_its_own_secrets_alone", binds("cron", "secrets")),
    ("sees_its_own_secrets_alone", binds("cron", "secrets/values")),
    ("sees_its_own_secrets_alone", binds("web", "")),
    ("sees_its_own_secrets_alone", binds("flower", "secrets/keys")),
]


@pytest.mark.parametrize(("name", "breaks"), BREAKS)
def test_a_rule_sees_what_breaks_it(stages, name, breaks):
    config = copy.deepcopy(stages["prod"])
    breaks(config)

    complaints = list(getattr(policy, name)(config))

    assert len(complaints) == 1, complaints


def test_every_rule_was_seen_failing():
    assert {name for name, _ in BREAKS} == {rule.__name__ for rule in policy.RULES}
