from pathlib import Path

import pytest
from django.db import OperationalError, connection

from socle.core.management.commands.wait_for_services import advice
from socle.core.service_waits import ServiceNotReady, wait_for_services
from socle.core.writable_folders import FolderProblem, check_folder


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def wait(probe, *, timeout_seconds):
    clock = Clock()
    wait_for_services(
        timeout_seconds=timeout_seconds,
        probes={"Postgres": probe},
        clock=clock,
        sleep=clock.sleep,
    )
    return clock.now


def test_waiting_ends_as_soon_as_the_service_answers():
    answers = iter([OperationalError("no"), OperationalError("no"), None])

    def probe():
        if error := next(answers):
            raise error

    assert wait(probe, timeout_seconds=60) == 1.0


def test_waiting_is_bounded_and_ends_with_the_drivers_own_error():
    def probe():
        raise OperationalError('FATAL:  database "socle" is starting up')

    with pytest.raises(ServiceNotReady, match='within 30 s.*"socle" is starting up'):
        wait(probe, timeout_seconds=30)


def test_a_mistake_in_the_code_is_not_waited_for():
    def probe():
        raise TypeError("not a service's fault")

    with pytest.raises(TypeError):
        wait(probe, timeout_seconds=60)


def test_a_wrong_password_gets_its_own_advice():
    message = 'password authentication failed for user "socle"'

    assert "install_docker.sh" in advice(message)
    assert "troubleshooting" in advice("something else")


@pytest.mark.django_db(transaction=True)
def test_the_real_services_answer():
    wait_for_services(timeout_seconds=5)


@pytest.mark.django_db
def test_a_server_that_is_not_there_is_named():
    missing = connection.copy()
    missing.settings_dict = {**connection.settings_dict, "HOST": "/nowhere"}

    def probe():
        missing.ensure_connection()

    with pytest.raises(ServiceNotReady, match="Postgres did not answer.*/nowhere"):
        wait(probe, timeout_seconds=1)


def test_a_folder_is_made_and_left_empty(tmp_path):
    check_folder(tmp_path / "a" / "b", purpose="media")

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written_names_path_uid_and_fix(tmp_path, monkeypatch):
    blocker = tmp_path / "media"
    blocker.write_text("a file stands where the folder should be")
    monkeypatch.setattr("os.getuid", lambda: 1234)

    with pytest.raises(FolderProblem) as caught:
        check_folder(Path(blocker), purpose="media")

    message = str(caught.value)
    assert f"media folder {blocker}" in message
    assert "uid 1234" in message
    assert "chown -R 1234:" in message
