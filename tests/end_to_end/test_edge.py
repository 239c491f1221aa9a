"""nginx stands on its own: it starts before the site and follows it about."""

import time

import requests
from waiting import wait_until

FOLLOWS_WITHIN_SECONDS = 10


def answer(stack, path="/sign-in/") -> requests.Response:
    return stack.visitor().get(path, timeout=10)


def test_nginx_starts_without_the_site_and_says_so(stack):
    stack.compose("stop", "web", "flower")
    try:
        stack.compose("up", "-d", "--wait", "--no-deps", "--force-recreate", "nginx")

        page = answer(stack)
        assert page.status_code == 503, page.status_code
        assert "The site is starting" in page.text
        assert page.headers["Retry-After"] == "3"
        assert page.headers["Cache-Control"] == "no-store"
        program = answer(stack, "/api/galleries/")
        assert program.status_code == 503, program.status_code
        assert "starting or busy" in program.json()["detail"]
        assert answer(stack, "/flower/").status_code == 503
    finally:
        stack.compose("start", "web", "flower")

    wait_until(
        lambda: answer(stack).status_code == 200, within=60, what="the site is back"
    )


def test_nginx_follows_the_site_to_a_new_address(stack):
    old = address(stack, "web")
    nginx = stack.started_at("nginx")
    stack.compose("rm", "--stop", "--force", "web")
    occupier = occupy(stack, old)
    try:
        stack.compose("up", "-d", "--no-deps", "--wait", "web", timeout=90)
        healthy_at = time.monotonic()

        new = address(stack, "web")
        assert new != old, f"web came back at {old}, so this test proves nothing"
        wait_until(
            lambda: answer(stack).status_code == 200,
            within=FOLLOWS_WITHIN_SECONDS,
            what=f"nginx finds web at {new}, after {old}",
        )
        assert time.monotonic() - healthy_at < FOLLOWS_WITHIN_SECONDS
        assert stack.started_at("nginx") == nginx, "nginx was started again"
    finally:
        stack.run("docker", "rm", "--force", occupier)


def address(stack, service: str) -> str:
    """On the network that it shares with nginx."""
    networks = stack.container(service)["NetworkSettings"]["Networks"]
    return networks[f"{stack.project}_edge"]["IPAddress"]


def occupy(stack, wanted: str) -> str:
    """A container, on the network for as long as it takes, at the address `wanted`."""
    network = ["--network", f"{stack.project}_edge"]
    label = ["--label", f"com.docker.compose.project={stack.project}"]
    image = stack.container("nginx")["Config"]["Image"]
    command = ["--entrypoint", "sleep", image, "300"]
    started = stack.run("docker", "run", "-d", "--rm", *network, *label, *command)
    name = started.stdout.strip()
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    got = stack.run("docker", "inspect", "--format", form, name).stdout.strip()
    assert got == wanted, f"the address {wanted} was free, and {got} was given"
    return name
