"""The three files, as `docker compose config` understands them."""

import re
from pathlib import Path

import pytest
from compose_files import (
    COMPOSE_FILES,
    GENERATED,
    MONITORING,
    REPOSITORY,
    SECRETS,
    STAGES,
    complete_values,
    config,
    docker,
    resolved,
    write_project,
)

ADVICE = "run ./install_docker.sh first, it writes .env"
LOCAL_ONLY = {"storage", "npm_watch"}
SERVERS_ONLY = {"certbot", "prometheus", "grafana"}
NOT_YET_IN_OLDER_FILES = {"POSTGRES_SITE_PASSWORD"}
NEEDED = [("local", name) for name in GENERATED if name not in NOT_YET_IN_OLDER_FILES]
NEEDED += [("dev", "SITE_URL"), ("prod", "SITE_URL")]


@pytest.mark.parametrize("stage", STAGES)
def test_each_file_is_complete_on_its_own(compose, tmp_path, stage):
    write_project(tmp_path, complete_values())
    shared = {"services.yml", MONITORING}
    for name in set(COMPOSE_FILES) - shared - {STAGES[stage]}:
        (tmp_path / name).unlink()

    done = docker("compose", "-f", STAGES[stage], "config", "--quiet", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("stage", STAGES)
def test_without_env_the_advice_is_to_run_the_installer(compose, tmp_path, stage):
    write_project(tmp_path, None)

    done = config(tmp_path, stage)

    assert done.returncode != 0
    assert ADVICE in done.stderr


@pytest.mark.parametrize(("stage", "name"), NEEDED)
def test_an_empty_must_have_is_named(compose, tmp_path, stage, name):
    write_project(tmp_path, complete_values() | {name: ""})

    done = config(tmp_path, stage)

    assert done.returncode != 0
    assert name in done.stderr
    assert ADVICE in done.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_with_an_env_of_before_the_sites_role_it_signs_in_as_the_owner(
    compose, tmp_path, stage
):
    values = complete_values(stage)
    for name in ("POSTGRES_SITE_USER", "POSTGRES_SITE_PASSWORD"):
        del values[name]
    write_project(tmp_path, values)
    (tmp_path / "secrets/values/postgres_site_password").unlink()

    found = resolved(tmp_path, stage)

    for name in ("web", "worker"):
        environment = found["services"][name]["environment"]
        assert environment["POSTGRES_USER"] == "socle"
        if stage == "local":
            assert environment["POSTGRES_PASSWORD"] == "generatedPOSTGRESPASSWORD"
    if stage != "local":
        file = found["secrets"]["postgres_site_password"]["file"]
        assert Path(file).name == "postgres_password"


@pytest.mark.parametrize("stage", STAGES)
def test_the_site_signs_in_by_a_role_of_its_own(stages, stage):
    for name in ("web", "worker"):
        environment = stages[stage]["services"][name]["environment"]
        assert environment["POSTGRES_USER"] == "socle_site"
    if stage != "local":
        file = stages[stage]["secrets"]["postgres_site_password"]["file"]
        assert Path(file).name == "postgres_site_password"


def test_local_adds_two_services_and_drops_none(stages):
    local, dev, prod = (set(stages[stage]["services"]) for stage in STAGES)

    dev, prod = dev - SERVERS_ONLY, prod - SERVERS_ONLY
    assert dev == prod
    assert local - dev == LOCAL_ONLY
    assert dev <= local


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_says_which_it_is(stages, stage):
    for name in ("migrate", "web", "worker", "cron"):
        environment = stages[stage]["services"][name]["environment"]
        assert environment["ENVIRONMENT"] == stage, name
        emulator = "http://storage:4443" if stage == "local" else ""
        assert environment["STORAGE_EMULATOR_HOST"] == emulator, name
    assert stages[stage]["services"]["flower"]["environment"]["ENVIRONMENT"] == stage


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_dev_and_prod_run_the_code_of_their_images(stages, stage):
    for name, service in stages[stage]["services"].items():
        bound = [v["target"] for v in service.get("volumes", []) if v["type"] == "bind"]
        settings = "/etc/" if name in {"prometheus", "grafana"} else "/secrets"
        assert [one for one in bound if not one.startswith(settings)] == [], name


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_secret_of_dev_and_prod_is_a_file_of_the_installers(stages, stage):
    files = {Path(s["file"]).name for s in stages[stage]["secrets"].values()}
    folders = {Path(s["file"]).parent.name for s in stages[stage]["secrets"].values()}

    assert files <= set(SECRETS)
    assert folders == {"values"}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_file_that_a_variable_names_is_mounted(stages, stage):
    for name, service in stages[stage]["services"].items():
        mounted = {f"/run/secrets/{s['source']}" for s in service.get("secrets", [])}
        for variable, value in (service.get("environment") or {}).items():
            if variable.endswith("_FILE") and value.startswith("/run/secrets/"):
                assert value in mounted, f"{name}: {variable}"


@pytest.mark.parametrize("stage", STAGES)
def test_redis_says_that_it_is_full_before_the_kernel_kills_it(stages, stage):
    redis = stages[stage]["services"]["redis"]
    (limit,) = re.findall(r"'maxmemory (\d+)mb'", redis["command"][-1])
    share = int(limit) * 1024**2 / int(redis["deploy"]["resources"]["limits"]["memory"])

    assert 0.5 < share < 0.75  # the rest: clients, and what is written anew meanwhile


@pytest.mark.parametrize("stage", STAGES)
def test_web_stops_later_than_its_longest_request_ends(stages, stage):
    waits = r"proxy_read_timeout +(\d+)s"
    outer = number_in("nginx/templates/servers/proxy.inc.template", waits)
    inner = number_in("nginx/templates/servers/turnstile.conf.template", waits)
    graceful = number_in("socle/core/gunicorn_settings.py", r"graceful_timeout = (\d+)")
    given = stages[stage]["services"]["web"]["stop_grace_period"]
    minutes, seconds = re.fullmatch(r"(?:(\d+)m)?(\d+)s", given).groups(default="0")

    assert inner == outer < graceful < 60 * int(minutes) + int(seconds)


def number_in(path: str, pattern: str) -> int:
    (found,) = re.findall(pattern, (REPOSITORY / path).read_text())
    return int(found)


def test_stages_on_one_machine_share_no_container_and_no_volume(stages):
    names = [stages[stage]["name"] for stage in STAGES]
    volumes = [v["name"] for stage in STAGES for v in stages[stage]["volumes"].values()]

    assert names == ["socle", "socle-dev", "socle-prod"]
    assert len(volumes) == len(set(volumes))


def test_local_is_published_on_this_machine_alone(stages):
    ports = stages["local"]["services"]["nginx"]["ports"]

    assert [port["host_ip"] for port in ports] == ["127.0.0.1"]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nobody_comes_by_ipv6_which_docker_would_make_one_address(stages, stage):
    ports = stages[stage]["services"]["nginx"]["ports"]

    assert [port["host_ip"] for port in ports] == ["0.0.0.0", "0.0.0.0"]


def test_files_in_the_tree_belong_to_whoever_ran_the_installer(stages):
    services = stages["local"]["services"]

    for name in ("web", "cron"):
        args = services[name]["build"]["args"]
        assert (args["APP_UID"], args["APP_GID"]) == ("1234", "1234"), name
    assert services["npm_watch"]["user"] == "1234:1234"
