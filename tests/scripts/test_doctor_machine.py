"""./install_docker.sh --check: ports, disk and clock."""

import os
import re
import socket
from contextlib import closing

import pytest
from outside import Site


def test_a_port_that_another_program_has_is_told_with_its_name(patient):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        patient.change(HTTP_PORT=str(port))

        problem = patient.check().problem

    assert problem.says.startswith(f"Port {port} (HTTP_PORT) is taken by the program ")
    assert problem.says.endswith(f"(pid {os.getpid()}).")


def test_a_port_that_another_container_has_is_told_with_its_name(patient, site):
    patient.docker(port="")
    (patient.answers / f"publish_{site.port}").write_text("shop-nginx-1\n")

    problem = patient.check().problem

    assert problem.says == (
        f"Port {site.port} (HTTP_PORT) is taken by the container shop-nginx-1."
    )
    assert "HTTP_PORT=… in .env" in problem.todo


def test_a_port_that_was_changed_and_not_yet_published(patient):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    patient.change(HTTP_PORT=str(free))

    assert patient.check().warning.todo == "Run: docker compose up --detach"


def test_a_disk_that_is_full(patient):
    problems = patient.check(DOCTOR_LEAST_MB="999999999").of("problem")

    assert len(problems) == 2, "the engine's disk, and that of the uploads"
    for problem in problems:
        assert re.search(r"has \d+ MB left; below 999999999 MB", problem.says)
        assert "docker system df" in problem.todo


def test_a_disk_that_is_too_full_for_the_next_installation(patient):
    for warning in patient.check(NEEDED_MB="999999999").of("warn"):
        assert "the next installation wants 999999999 MB" in warning.says


def test_a_volume_of_uploads_that_is_full(patient):
    full = "Filesystem 1M-blocks Used Available Capacity Mounted on\n"
    rows = f"{full}/dev/sdb 900 900 0 100% /media\n{full}/dev/sdb 9 1 8 5% /media\n"
    patient.docker(media=rows)

    assert "The volume of uploads has 0 MB left" in patient.check().problem.says


def test_a_disk_without_inodes(patient):
    head = "Filesystem Blocks Used Available Capacity Mounted on\n"
    rows = f"{head}/dev/sdb 900 9 891 1% /media\n{head}/dev/sdb 9 9 0 100% /media\n"
    patient.docker(media=rows)

    assert "has used 100 % of its inodes" in patient.check().problem.says


@pytest.mark.parametrize(("off", "word"), [(-600, "ahead of"), (600, "behind")])
def test_a_clock_that_is_off_is_compared_with_the_buckets_host(patient, off, word):
    with closing(Site()) as bucket:
        bucket.off_seconds = off
        patient.change(STORAGE_EMULATOR_HOST="", BACKUP_STORAGE_URL="s3://backups")
        patient.change(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{bucket.port}")

        problem = patient.check().problem

    host = f"127.0.0.1:{bucket.port}"
    words = rf"This machine's clock is (599|600|601) s {word} that of {host}"
    assert re.match(words, problem.says)
    assert "timedatectl set-ntp true" in problem.todo


def test_a_clock_that_is_right_and_one_that_nobody_can_compare(patient):
    with closing(Site()) as bucket:
        port = bucket.port
        patient.change(STORAGE_EMULATOR_HOST="", BACKUP_STORAGE_URL="s3://backups")
        patient.change(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")
        report = patient.check()
        assert f"The clock agrees with 127.0.0.1:{port}" in report.text
        assert report.status == 0, report.text

    report = patient.check()

    assert report.status == 0, report.text
    assert f"127.0.0.1:{port} does not answer (" in report.text
    assert ": the clock against 127.0.0.1" in report.text


def test_containers_whose_clock_is_off(patient):
    patient.docker(clock="1700000000")

    assert re.match(
        r"The clock of Postgres is \d+ s behind", patient.check().problem.says
    )
