"""
What an attacker in a container may do: as good as nothing.

Read from the running containers; tests/compose/policy.py reads the files.
"""

import re

import pytest
from stack import Stack

CERTBOT = pytest.param("certbot", marks=pytest.mark.dev)
ALL = ["web", "worker", "flower", "cron", "nginx", "postgres", "redis", CERTBOT]
# cron's daemon becomes another user for each job, and has no other right.
CAPABILITIES = {"cron": {"CAP_SETGID", "CAP_SETUID"}}
NUMBERS = {6: "CAP_SETGID", 7: "CAP_SETUID"}


@pytest.fixture
def home(service, request) -> Stack:
    """Where the service runs: LOCAL has no certbot."""
    return request.getfixturevalue("dev" if service == "certbot" else "stack")


def status_of(stack, service: str) -> dict[str, str]:
    """/proc/1/status of its first process, by name."""
    lines = stack.inside(service, "cat", "/proc/1/status").splitlines()
    return {name: value.strip() for name, _, value in (x.partition(":") for x in lines)}


def capabilities(mask: str) -> set[str]:
    bits = int(mask, 16)
    return {NUMBERS.get(bit, str(bit)) for bit in range(64) if bits >> bit & 1}


@pytest.mark.parametrize("service", ALL)
def test_no_process_has_a_right_that_is_not_listed(home, service):
    status = status_of(home, service)

    allowed = CAPABILITIES.get(service, set())
    assert capabilities(status["CapBnd"]) <= allowed
    assert capabilities(status["CapEff"]) <= allowed
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("service", [one for one in ALL if one != "cron"])
def test_no_process_is_root(home, service):
    listed = home.inside(
        service, "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid: || true"
    )
    users = {line.split()[1] for line in listed.splitlines()}

    assert users
    assert "0" not in users


@pytest.mark.parametrize("service", ALL)
@pytest.mark.parametrize("place", ["/", "/usr/bin", "/etc"])
def test_its_root_cannot_be_written(home, service, place):
    touched = home.compose("exec", "-T", service, "touch", f"{place}/x", check=False)

    assert touched.returncode != 0
    assert re.search("Read-only file system|Permission denied", touched.stderr), place


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
