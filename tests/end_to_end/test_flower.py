"""Flower is for staff who are signed in to the site, every path of it."""

import re

import pytest
from photos import jpeg
from visitor import Visitor
from waiting import wait_until

PATHS = [
    "/flower/",
    "/flower/api/tasks",
    "/flower/api/workers",
    "/flower/metrics",
    "/flower/tasks",
    "/flower/static/css/flower.css",
    "//flower/api/tasks",
    "/static/../flower/api/tasks",
    "/%66lower/api/tasks",
]


@pytest.fixture(scope="module")
def nobody(stack):
    return stack.visitor()


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_sent_to_the_sign_in(nobody, path):
    answer = nobody.get(path)

    assert answer.status_code == 302, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["Location"] == "/sign-in/?next=/flower/"


def test_a_stranger_cannot_stop_the_worker(nobody, stack):
    answer = nobody.request("POST", "/flower/api/worker/shutdown/celery@anything")

    assert answer.status_code == 302, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["Location"] == "/sign-in/?next=/flower/"


# --- Who may what -----------------------------------------------------------------

ROLES = ("member", "photographer", "moderator", "operator", "staff", "superuser")
READERS = {"operator", "superuser"}
PAGES = ("/flower/", "/flower/workers", "/flower/tasks", "/flower/broker")
ANSWERS = ("api/workers", "api/tasks", "api/task/types", "api/queues/length", "metrics")
ROWS = {"draw": "1", "start": "0", "length": "10", "order[0][column]": "0"}
ACTIONS = ("worker/pool/grow", "worker/shutdown", "task/revoke", "task/rate-limit")


@pytest.fixture(scope="module")
def people(stack) -> dict[str, Visitor]:
    """A visitor of each role."""
    made = {"superuser": stack.admin}
    made["staff"] = stack.make_person("flower-staff", staff=True)
    for role in ROLES[:4]:
        made[role] = stack.make_person(f"flower-{role}", role=role)
    return {role: stack.visitor(person) for role, person in made.items()}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", [*PAGES, *(f"/flower/{name}" for name in ANSWERS)])
def test_operators_and_superusers_read(people, role, path):
    answer = people[role].get(path)

    expected = 200 if role in READERS else 403
    assert answer.status_code == expected, f"{answer.status_code} {answer.text[:300]}"
    if role not in READERS:
        assert "This page is for operators" in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_whoever_reads_sees_the_rows_of_the_tasks(people, role, admin, gallery):
    admin.upload(gallery, {"a-row.jpg": jpeg(200, 100, seed=22)})
    admin.ready_photos(gallery)

    def rows():
        asked = people[role].request("POST", "/flower/tasks/datatable", data=ROWS)
        if role not in READERS:
            return [asked.status_code]
        return asked.json()["data"]

    seen = wait_until(rows, within=20, what="the page Tasks has rows")
    assert ("uuid" in seen[0]) if role in READERS else (seen == [403])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_superusers_alone_act(people, role, action):
    answer = people[role].post(f"/flower/api/{action}/nobody")

    if role == "superuser":  # Flower's own words: there is no such worker or task
        assert answer.status_code in {200, 400, 404}, answer.text[:300]
    else:
        assert answer.status_code == 403, answer.text[:300]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_what_another_site_sends_does_not_act(people, headers):
    act = "/flower/api/task/revoke/00000000-0000-0000-0000-000000000000"

    answer = people["superuser"].request("POST", act, headers=headers)

    assert answer.status_code == 403, answer.text[:300]


# --- Who reaches it, and what it knows --------------------------------------------


@pytest.mark.parametrize("service", ["web", "worker", "cron", "postgres", "redis"])
def test_no_other_container_reaches_it(stack, service):
    """Neither by its name nor by any address that it has: it listens at none."""
    networks = stack.container("flower")["NetworkSettings"]["Networks"].values()
    for place in ("flower", *(network["IPAddress"] for network in networks)):
        connect = f"exec 3<>/dev/tcp/{place}/5555"
        tried = stack.compose(
            *("exec", "-T", service, "timeout", "5", "bash", "-c", connect), check=False
        )
        assert tried.returncode != 0, f"{service} reaches {place}"
        assert re.search("refused|unreachable|resol", tried.stderr), tried.stderr


def test_it_listens_at_no_address(stack):
    listed = stack.inside("flower", "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6")
    lines = [line.split() for line in listed.splitlines()]
    listening = [words[1] for words in lines if words[3] == "0A"]

    # The engine's own name server is in each container: 127.0.0.11.
    assert [one for one in listening if not one.startswith("0B00007F:")] == []


def test_nginx_alone_sees_its_socket(stack):
    for service in ("web", "worker", "cron", "postgres", "redis"):
        seen = stack.compose("exec", "-T", service, "ls", "/run/flower", check=False)
        assert "flower.sock" not in seen.stdout, service
    assert "flower.sock" in stack.inside("nginx", "ls", "/run/flower")


def test_it_holds_no_secret_but_the_way_to_the_queue(stack):
    environment = stack.inside("flower", "env")

    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "MEDIA_LINK_KEY"):
        assert f"{name}=" not in environment
        assert stack.value(name) not in environment


# --- What it shows ----------------------------------------------------------------


def test_it_shows_the_task_of_each_photo_with_its_result(admin, gallery):
    admin.upload(gallery, {"seen-in-flower.jpg": jpeg(2000, 1000, seed=21)})
    admin.ready_photos(gallery)

    def task():
        tasks = admin.get("/flower/api/tasks").json().values()
        return [one for one in tasks if "seen-in-flower.jpg" in str(one["result"])]

    (seen,) = wait_until(task, within=20, what="Flower shows the photo's task")
    assert seen["name"] == "gallery.make_renditions"
    assert seen["state"] == "SUCCESS"
    assert "2000 × 1000" in seen["result"]


def test_the_worker_is_there(stack, admin):
    """Containers of before may be listed too, as offline."""
    name = f"celery@{stack.container('worker')['Config']['Hostname']}"

    def online():
        workers = admin.get("/flower/workers?json=1").json().get("data", [])
        return [
            one for one in workers if (one["hostname"], one["status"]) == (name, True)
        ]

    wait_until(online, within=20, what=f"Flower shows {name} as online")
