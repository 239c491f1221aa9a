"""One request, followed by its id through the logs of DEV; and DEV's numbers."""

import json
import re

import photos
import pytest
from visitor import Visitor
from waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
KEYS = ["time", "level", "service", "event", "request_id", "logger"]
OF_COMPOSE = re.compile(r"\x1b\[\d*[A-Z]")  # clears a line, whatever one asked for
LEVELS = {"debug", "info", "warning", "error", "critical"}
ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())"


def lines_of(stack, service: str) -> list[dict]:
    """Of nginx without the lines of its error log, which has a form of its own."""
    logs = stack.compose("logs", "--no-color", "--no-log-prefix", service).stdout
    lines = [OF_COMPOSE.sub("", line) for line in logs.splitlines()]
    if service == "nginx":
        lines = [line for line in lines if line.startswith("{")]
    return [json.loads(line) for line in lines]


def events(stack, service: str, request_id: str) -> list[str]:
    lines = lines_of(stack, service)
    return [line["event"] for line in lines if line.get("request_id") == request_id]


@pytest.fixture(scope="module")
def request_id(dev) -> str:
    """Of an upload, whose photo the worker has drawn."""
    password = (dev.folder / "secrets/values/dev_password").read_text().strip()
    visitor = Visitor(dev.url, verify=False, password_of_dev=password)
    visitor.sign_in(dev.admin)
    slug = visitor.create_gallery("Followed")
    answer = visitor.post(
        f"/api/galleries/{slug}/photos/?secret=s3cret",
        files=[("files", ("one.jpg", photos.jpeg()))],
    )
    assert answer.status_code in {200, 201}, answer.text[:300]
    visitor.ready_photos(slug)
    return answer.headers["X-Request-ID"]


def test_a_request_has_one_id_in_nginx_web_and_worker(dev, request_id):
    wait_until(
        lambda: "task_succeeded" in events(dev, "worker", request_id),
        within=60,
        what="the worker has logged the task of the upload",
    )

    assert "task_started" in events(dev, "worker", request_id)
    assert "task_enqueued" in events(dev, "web", request_id)
    lines = lines_of(dev, "nginx")
    (line,) = [one for one in lines if one.get("request_id") == request_id]
    assert line["method"] == "POST"
    assert line["path"].startswith("/api/galleries/")


@pytest.mark.parametrize("service", ["web", "worker", "flower"])
def test_every_line_is_json_with_the_keys(dev, request_id, service):
    lines = lines_of(dev, service)

    assert lines
    for line in lines:
        assert list(line)[: len(KEYS)] == KEYS, line
        assert line["service"] == service
        assert line["level"] in LEVELS


def test_no_line_names_a_person_or_a_secret(dev, request_id):
    said = dev.logs("nginx", "web", "worker", "flower", "cron", "migrate")

    assert request_id in said
    assert "admin@example.com" not in said
    assert "s3cret" not in said


def test_the_numbers_are_told_to_the_inside_alone(dev, request_id):
    page = dev.inside("worker", "python", "-c", ASK, "http://web:9100/metrics")

    assert 'http_requests_total{method="POST"' in page
    assert re.search(r'gallery_photos\{state="ready"\} [1-9]', page)
    password = (dev.folder / "secrets/values/dev_password").read_text().strip()
    visitor = Visitor(dev.url, verify=False, password_of_dev=password)
    assert visitor.get("/metrics").status_code == 404
    assert set(dev.container("web")["NetworkSettings"]["Ports"] or {}) == set()
