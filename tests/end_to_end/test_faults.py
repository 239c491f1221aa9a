"""What breaks in a night heals by itself, or is repaired by one command."""

import secrets
import time

import requests
from photos import encoded, jpeg
from PIL import Image
from visitor import facts_of
from waiting import wait_until

SWEPT_WITHIN_SECONDS = 120  # cron sweeps each minute
A_MINUTE_AGO = """
UPDATE gallery_photo SET queued_at = queued_at - interval '1 minute'
WHERE state = 'waiting'
"""


def test_postgres_may_come_back_late(stack, admin, gallery):
    started = {name: stack.started_at(name) for name in ("web", "worker", "nginx")}
    stack.compose("stop", "postgres")
    try:
        checks = wait_until(
            lambda: unready(stack), within=30, what="/health/ready says that it is not"
        )
        assert checks["redis"]["state"] == "ok", checks
        assert "postgres" in checks["database"]["says"], checks
        assert health_is_live(stack), "a process that lives is not restarted for this"
        assert_waiting_ends_with_the_drivers_error(stack)
    finally:
        stack.compose("start", "postgres")

    stack.wait_until_ready(within=30)
    admin.upload(gallery, {"after.jpg": jpeg(seed=51)})
    admin.ready_photos(gallery)
    assert {name: stack.started_at(name) for name in started} == started


def unready(stack) -> dict[str, dict[str, str]]:
    """State and words of each of its checks."""
    answer = requests.get(f"{stack.url}/health/ready", timeout=30)
    assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert "database" in answer.text, "nginx answers, not the site"
    return answer.json()["checks"]


def health_is_live(stack) -> bool:
    return requests.get(f"{stack.url}/health/live", timeout=10).status_code == 200


def assert_waiting_ends_with_the_drivers_error(stack) -> None:
    command = ["python", "manage.py", "wait_for_services", "--timeout", "3"]
    started = time.monotonic()
    done = stack.compose("run", "--rm", "--no-deps", "-T", "web", *command, check=False)

    assert done.returncode == 1, done.stderr
    assert "Postgres did not answer within 3 s" in done.stderr, done.stderr
    assert 'could not translate host name "postgres"' in done.stderr, done.stderr
    assert time.monotonic() - started < 30, "it is to end soon after its 3 seconds"


def test_a_changed_password_is_noticed_and_repaired(stack, admin, gallery):
    admin.upload(gallery, {"before.jpg": jpeg(seed=52)})
    before = admin.ready_photos(gallery)
    stack.setting("POSTGRES_PASSWORD", secrets.token_hex(20))

    said = stack.install()

    assert "keeps another password than POSTGRES_PASSWORD" in said, said
    assert "Giving the database the password of .env" in said, said
    stack.wait_until_ready(within=10)
    assert facts_of(admin.photos(gallery)) == facts_of(before)


def test_photos_outlive_a_flushed_redis(stack, admin, gallery):
    stack.compose("stop", "worker")
    try:
        files = {f"waits{seed}.jpg": jpeg(seed=seed) for seed in (53, 54, 55)}
        admin.upload(gallery, files)
        assert queue_length(stack) == 3, "the photos' messages wait in Redis"
        stack.inside("redis", "redis-cli", "FLUSHALL")
        stack.sql(A_MINUTE_AGO)  # only then may a message be lost
    finally:
        stack.compose("start", "worker")

    photos = admin.ready_photos(gallery, within=SWEPT_WITHIN_SECONDS)
    assert len(photos) == 3
    words = "Sent 3 photos again whose message was lost"
    wait_until(lambda: words in stack.logs("cron", tail=100), within=20, what=words)


def queue_length(stack) -> int:
    return int(stack.inside("redis", "redis-cli", "LLEN", "images"))


def test_a_photo_outlives_its_worker_and_is_drawn_once(stack, admin, gallery):
    """All processes of the worker die at once, as when memory runs out."""
    worker = stack.container("worker")
    admin.upload(gallery, {"slow.png": slow_png()})
    wait_until(
        lambda: admin.photos(gallery)["slow.png"]["state"] == "working",
        within=20,
        pause=0.05,
        what="the worker has begun",
    )
    kill = ("docker", "exec", worker["Id"], "sh", "-c", "kill -9 -1")
    stack.run(*kill, check=False)  # Compose itself would take a second
    assert admin.photos(gallery)["slow.png"]["state"] == "working", (
        "the photo was finished before the worker died: this test proves nothing"
    )

    photos = admin.ready_photos(gallery, within=90)
    assert len(photos) == 1
    assert stack.container("worker")["RestartCount"] == worker["RestartCount"] + 1
    assert stack.sql(ATTEMPTS) == "2", "one run was killed, and one was enough"
    assert queue_length(stack) == 0, "no message for it is left"


ATTEMPTS = "SELECT attempts FROM gallery_photo WHERE name = 'slow.png'"


def slow_png() -> bytes:
    """63 megapixels of noise, quick to make: the worker needs seconds for it."""
    noise = Image.effect_noise((2000, 1990), 90).convert("RGB")
    whole = Image.new("RGB", (8000, 7960))
    for x in range(0, 8000, 2000):
        for y in range(0, 7960, 1990):
            whole.paste(noise, (x, y))
    return encoded(whole, "PNG", compress_level=1)
