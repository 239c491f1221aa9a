import pytest
from django.utils import timezone

from accounts.models import User
from socle.backups.exceptions import AlreadyRunning, StoreUnavailable
from socle.operations.tests.history import put_backup, put_run

pytestmark = pytest.mark.django_db


def test_an_operator_reads_what_the_page_shows(staff, store):
    now = timezone.now().replace(microsecond=0)
    put_backup(store, now, proven=True)
    put_run("backup", now, outcome="failed", reason="The bucket is away.")

    answer = staff.get("/api/operations/")

    body = answer.json()
    (night,) = body["backups"]
    assert night["url"].startswith("file:///")
    assert (body["problem"], body["is_overdue"]) == ("", False)
    assert body["newest_at"] == night["taken_at"] == f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert night["proven_at"] > night["taken_at"]
    assert [failure["reason"] for failure in body["failures"]] == [
        "The bucket is away."
    ]
    assert [one["what"] for one in body["next_runs"]] == ["Backup", "Drill"]
    assert "no-store" in answer["Cache-Control"]


def test_nobody_else_reads_it_or_starts_a_backup(client, store):
    assert client.get("/api/operations/").status_code == 401
    client.force_login(User.objects.create_user("m@example.com", "only-looking"))

    assert client.get("/api/operations/").status_code == 403
    assert client.post("/api/operations/backups/").status_code == 403


def test_a_backup_is_asked_for_by_name(staff, store, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "socle.operations.api.ask_for_backup", lambda **how: asked.append(how["by"])
    )

    assert staff.post("/api/operations/backups/").status_code == 202
    assert asked == ["ops@example.com"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AlreadyRunning("A drill runs."), 409, "already_running"),
        (StoreUnavailable("Redis took no task."), 503, "unavailable"),
    ],
)
def test_a_backup_that_cannot_begin_says_why(
    staff, store, monkeypatch, error, status, code
):
    def refuse(**_how):
        raise error

    monkeypatch.setattr("socle.operations.api.ask_for_backup", refuse)
    answer = staff.post("/api/operations/backups/")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"] == str(error)
