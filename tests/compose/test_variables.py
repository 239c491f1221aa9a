"""Variables and declarations in the compose files, as they are written."""

import re
from collections.abc import Iterator

import pytest
import yaml
from compose_files import (
    COMPOSE_FILES,
    MONITORING,
    REPOSITORY,
    STAGES,
    example_values,
)

# Compose's own: the name of the project, also when -p gives another.
OF_COMPOSE = {"COMPOSE_PROJECT_NAME"}
OF_THE_INSTALLER = {"GIT_REVISION"}  # of the code that is built
NO_SECRETS = {"secrets", "x-secrets", "x-site-secrets", "file", "SECRETS_REVISION"}
SECRET = re.compile(r"SECRET|PASSW|TOKEN|_KEY$|AUTH$", re.IGNORECASE)
# A single $ starts a variable of Compose's; $$ is a $ of the container's shell.
VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Z_][A-Z0-9_]*)")
GUARD = r"\$\{[A-Z_]+:\?run ./install_docker.sh first, it writes .env\}"
GUARDED = re.compile(rf"{GUARD}|\$\{{[A-Z_]+:-{GUARD}\}}")


def text(name: str) -> str:
    return (REPOSITORY / name).read_text()


def leaves(node, *, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, key=str(name))
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, key=key)
    else:
        yield key, str(node)


def literal_secrets(written: str) -> list[str]:
    found = []
    for key, value in leaves(yaml.safe_load(written)):
        if key in NO_SECRETS or not value:
            continue
        in_address = re.search(r"://[^/@]*:[^$/@]+@", value)
        in_file = key.endswith("_FILE") and value.startswith("/run/secrets/")
        guarded = in_file or GUARDED.fullmatch(value)
        if in_address or (SECRET.search(key) and not guarded):
            found.append(f"{key}: {value}")
    return found


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_each_variable_is_in_env_example(name):
    used = set(VARIABLE.findall(text(name)))

    assert used - OF_COMPOSE - OF_THE_INSTALLER - set(example_values()) == set()


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_no_secret_is_written_down(name):
    # Flower's API is open to those whom nginx lets pass: "true" is no secret.
    found = literal_secrets(text(name))

    assert [line for line in found if "UNAUTHENTICATED" not in line] == []


@pytest.mark.parametrize(
    "line",
    [
        "POSTGRES_PASSWORD: secret",
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-secret}",
        "REDIS_URL: redis://:secret@redis:6379",
    ],
)
def test_a_secret_that_is_written_down_is_seen(line):
    assert len(literal_secrets(f"environment:\n  {line}\n")) == 1


@pytest.mark.parametrize("name", STAGES.values())
def test_each_volume_and_network_that_is_declared_is_used(name, stages):
    stage = next(stage for stage, file in STAGES.items() if file == name)
    written = yaml.safe_load(text(name))

    # `config` leaves out what no service uses, and refuses what is not declared.
    for kind in ("volumes", "networks"):
        assert set(written[kind]) == set(stages[stage][kind]), kind


@pytest.mark.parametrize("name", STAGES.values())
def test_each_service_extends_the_common_one(name):
    common = set(yaml.safe_load(text("services.yml"))["services"])
    common -= {"certbot"} if name == STAGES["local"] else set()
    expected = dict.fromkeys(common, "services.yml")
    if name != STAGES["local"]:
        monitoring = yaml.safe_load(text(MONITORING))["services"]
        expected |= dict.fromkeys(monitoring, MONITORING)
    written = yaml.safe_load(text(name))["services"]

    extending = {
        service: body["extends"]
        for service, body in written.items()
        if "extends" in body
    }

    assert extending == {
        service: {"file": file, "service": service}
        for service, file in expected.items()
    }


def test_one_postgres_version():
    image, *others = re.findall(r"POSTGRES_VERSION:-(\d+)", text("services.yml"))
    dockerfile = re.findall(
        r"ARG POSTGRES_VERSION=(\d+)", text("socle/docker/Dockerfile")
    )
    stages = [
        version
        for name in STAGES.values()
        for version in re.findall(r"POSTGRES_VERSION:-(\d+)", text(name))
    ]

    everywhere = {image, *others, *dockerfile, *stages}

    assert dockerfile
    assert stages
    assert everywhere == {example_values()["POSTGRES_VERSION"]}


def test_defaults_in_the_compose_files_are_those_of_env_example():
    differs_by_design = {"HTTP_PORT", "HTTPS_PORT"}  # 80 and 443 in DEV and PROD
    example = example_values()

    for name in COMPOSE_FILES:
        for variable, default in re.findall(r"\$\{([A-Z_]+):-([^}$]*)\}", text(name)):
            if variable in example.keys() - differs_by_design and example[variable]:
                assert default == example[variable], f"{variable} in {name}"
