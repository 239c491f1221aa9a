"""Flower is for staff who are signed in to the site, every path of it."""

import pytest
from photos import jpeg
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


@pytest.fixture(scope="module")
def plain_member(stack, member):
    return stack.visitor(member)


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_sent_to_the_sign_in(nobody, path):
    answer = nobody.get(path)

    assert answer.status_code == 302, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["Location"] == "/sign-in/?next=/flower/"


def test_a_stranger_cannot_stop_the_worker(nobody, stack):
    answer = nobody.request("POST", "/flower/api/worker/shutdown/celery@anything")

    assert answer.status_code == 302, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["Location"] == "/sign-in/?next=/flower/"


@pytest.mark.parametrize("path", PATHS[:4])
def test_a_member_who_is_no_staff_is_refused(plain_member, path):
    answer = plain_member.get(path)

    assert answer.status_code == 403, f"{answer.status_code} {answer.text[:300]}"
    assert "This page is for operators" in answer.text


@pytest.mark.parametrize("path", PATHS[:4])
def test_staff_may_see_it(admin, path):
    answer = admin.get(path)

    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"


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
