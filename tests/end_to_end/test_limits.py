"""Uploads at the limits: refused in words, and no process dies of them."""

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from photos import encoded
from PIL import Image
from progress import say


def announce(
    stack, path: str, *, megabytes: int
) -> tuple[http.client.HTTPResponse, str]:
    """Only the headers of a request: nginx need not see the rest to refuse it."""
    connection = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(megabytes * 1024 * 1024))
    connection.endheaders(b"--x\r\n")
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_nginx_refuses_too_large_an_upload_naming_the_limit(stack, gallery):
    answer, text = announce(stack, f"/api/galleries/{gallery}/photos/", megabytes=102)

    assert answer.status == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "100 MB at most" in text
    page, text = announce(stack, "/galleries/new/", megabytes=102)
    assert (page.status, "<h1>" in text, "100 MB" in text) == (413, True, True)


def test_a_body_just_below_the_limit_reaches_the_site(stack, admin, gallery):
    exactly = os.urandom(100 * 1024 * 1024)
    with without_running_out_of_memory(stack, "nginx", "web"):
        results = admin.upload(gallery, {"noise.jpg": exactly})
        more = admin.upload(gallery, {"more.jpg": exactly + b"1"})

    assert results["noise.jpg"]["status"] == "rejected"
    assert "not a photo" in results["noise.jpg"]["message"]
    assert "at most 100 MB" in more["more.jpg"]["message"], "Django's own limit"


def test_the_worker_survives_the_largest_photos(stack, admin, gallery):
    largest = {
        f"large{number}.png": encoded(
            Image.new("RGB", (8000, 7990 + number), "teal"), "PNG", compress_level=1
        )
        for number in (1, 2, 3)
    }
    with without_running_out_of_memory(stack, "worker"):
        results = admin.upload(gallery, largest)
        assert {result["status"] for result in results.values()} == {"accepted"}
        admin.ready_photos(gallery, within=120)


@contextmanager
def without_running_out_of_memory(stack, *services: str) -> Iterator[None]:
    """Neither container nor any process in it ends while the block runs."""
    restarts = {name: stack.container(name)["RestartCount"] for name in services}
    yield
    for name in services:
        container = stack.container(name)
        limit = container["HostConfig"]["Memory"]
        kills, peak = memory_of(stack, name)
        say(f"  {name}: peak {peak >> 20} MB of {limit >> 20} MB, files included")
        assert limit > 0
        assert kills == 0, f"the kernel killed {kills} processes of {name}"
        assert not container["State"]["OOMKilled"], f"{name} was out of memory"
        assert container["RestartCount"] == restarts[name], f"{name} was started again"


CGROUP = """
cd /sys/fs/cgroup
if [ -e memory ]; then
  grep '^oom_kill ' memory/memory.oom_control
  cat memory/memory.max_usage_in_bytes
else
  grep '^oom_kill ' memory.events
  cat memory.peak || cat memory.current
fi
"""


def memory_of(stack, service: str) -> tuple[int, int]:
    """How many processes the kernel killed, and the most bytes used, files included."""
    kills, peak = stack.inside(service, "sh", "-c", CGROUP).splitlines()
    return int(kills.split()[1]), int(peak)
