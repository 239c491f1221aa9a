"""
What an attacker in a container would find: nothing to build with, no right, no secret.

Read from the running containers; tests/compose/policy.py reads the files.
"""

import json
import re

import pytest

OURS = ("web", "worker", "flower", "cron", "nginx")
ALL = (*OURS, "postgres", "redis")
# cron's daemon becomes another user for each job, and has no other right.
CAPABILITIES = {"cron": {"CAP_SETGID", "CAP_SETUID"}}
NUMBERS = {6: "CAP_SETGID", 7: "CAP_SETUID"}
TOOLS = "gcc cc g++ clang make cargo go node npm pip pytest ruff mypy git gdb strace nc"


def status_of(stack, service: str) -> dict[str, str]:
    """/proc/1/status of its first process, by name."""
    lines = stack.inside(service, "cat", "/proc/1/status").splitlines()
    return {name: value.strip() for name, _, value in (x.partition(":") for x in lines)}


def capabilities(mask: str) -> set[str]:
    bits = int(mask, 16)
    return {NUMBERS.get(bit, str(bit)) for bit in range(64) if bits >> bit & 1}


@pytest.mark.parametrize("service", ALL)
def test_no_process_has_a_right_that_is_not_listed(stack, service):
    status = status_of(stack, service)

    allowed = CAPABILITIES.get(service, set())
    assert capabilities(status["CapBnd"]) <= allowed
    assert capabilities(status["CapEff"]) <= allowed
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("service", set(ALL) - {"cron"})
def test_no_process_is_root(stack, service):
    listed = stack.inside(
        service, "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid: || true"
    )
    users = {line.split()[1] for line in listed.splitlines()}

    assert users
    assert "0" not in users


@pytest.mark.parametrize("service", ALL)
@pytest.mark.parametrize("place", ["/", "/usr/bin", "/etc"])
def test_its_root_cannot_be_written(stack, service, place):
    touched = stack.compose("exec", "-T", service, "touch", f"{place}/x", check=False)

    assert touched.returncode != 0
    assert re.search("Read-only file system|Permission denied", touched.stderr), place


@pytest.mark.parametrize("service", OURS)
def test_there_is_no_tool_to_build_or_to_look_around_with(stack, service):
    found = stack.inside(
        service, "sh", "-c", f"for tool in {TOOLS}; do command -v $tool; done; true"
    )

    assert found.split() == []


@pytest.mark.parametrize("service", OURS)
def test_no_program_gives_another_users_rights(stack, service):
    found = stack.inside(
        service, "find", "/usr", "-xdev", "-perm", "/6000", "-type", "f"
    )

    assert found.split() == []


@pytest.mark.parametrize("service", OURS)
def test_an_image_says_what_it_is_and_what_it_is_built_from(stack, service):
    image = json.loads(stack.run("docker", "inspect", image_of(stack, service)).stdout)
    labels = image[0]["Config"]["Labels"]

    assert labels["org.opencontainers.image.title"].startswith("socle-")
    assert labels["org.opencontainers.image.description"]
    assert labels["org.opencontainers.image.revision"]


@pytest.mark.parametrize("service", OURS)
def test_no_layer_holds_a_secret(stack, service):
    history = stack.run(
        *("docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}"),
        image_of(stack, service),
    ).stdout
    config = stack.run("docker", "inspect", image_of(stack, service)).stdout

    for name in ("SECRET_KEY", "MEDIA_LINK_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert stack.value(name) not in history + config, name


@pytest.mark.parametrize("service", ["web", "cron"])
def test_the_bill_of_materials_is_complete(stack, service):
    bill = json.loads(stack.inside(service, "cat", "/usr/share/sbom.cdx.json"))
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    code = (
        "import importlib.metadata as m;"
        "print(*(f'{d.name} {d.version}' for d in m.distributions()), sep='\\n')"
    )
    python = stack.inside(service, "python", "-c", code).splitlines()
    debian = stack.inside(service, "dpkg-query", "-Wf", "${Package} ${Version}\n")

    assert bill["bomFormat"] == "CycloneDX"
    installed = {tuple(line.split()) for line in (*python, *debian.splitlines())}
    assert installed - listed == set()
    assert {"react", "postgresql-client-17"} <= {name for name, _ in listed}


def test_the_edges_bill_of_materials_is_complete(stack):
    bill = json.loads(stack.inside("nginx", "cat", "/usr/share/sbom.cdx.json"))
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    debian = stack.inside("nginx", "dpkg-query", "-Wf", "${Package} ${Version}\n")

    assert {tuple(line.split()) for line in debian.splitlines()} == listed


@pytest.mark.parametrize("service", ["postgres", "redis", "worker", "cron"])
def test_nginx_reaches_nobody_behind_the_site(stack, service):
    """Neither by its name nor by any address that it has."""
    networks = stack.container(service)["NetworkSettings"]["Networks"].values()
    port = {"postgres": 5432, "redis": 6379}.get(service, 22)
    for place in (service, *(network["IPAddress"] for network in networks)):
        tried = stack.compose(
            *("exec", "-T", "nginx", "curl", "--silent", "--show-error"),
            *("--connect-timeout", "2", f"telnet://{place}:{port}"),
            check=False,
        )
        assert tried.returncode in {6, 7, 28}, f"{place}: {tried.stderr}"


def test_the_data_network_leads_nowhere(stack):
    """Asked of Postgres, which is on no other one."""
    routes = stack.inside("postgres", "cat", "/proc/net/route").splitlines()[1:]

    assert not [line for line in routes if line.split()[1] == "00000000"]


def image_of(stack, service: str) -> str:
    return stack.container(service)["Image"]
