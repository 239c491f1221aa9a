"""./install_docker.sh --check: whether containers run what the code and .env say."""

import re
import subprocess

import pytest
from patient import REPOSITORY, Patient

OTHER = "sha256:2"


def test_a_container_of_an_older_image(patient):
    patient.ill("worker", image_id=OTHER)
    patient.docker(rehearsal="DRY-RUN MODE -  Container socle-worker-1  Recreate\n")

    assert patient.check().problem.says == (
        "worker still runs an older image than socle-app:local names now."
    )


def test_containers_with_older_settings(patient):
    rows = ("socle-web-1  Running", "socle-worker-1  Recreate", "socle-x-1  Created")
    patient.docker(rehearsal="".join(f"DRY-RUN MODE -  Container {r}\n" for r in rows))

    warning = patient.check().warning

    assert warning.says.endswith("changed after these were started: worker.")
    assert warning.todo == "Run: docker compose up --detach"


def test_files_that_compose_cannot_read(patient):
    patient.docker(status=1, config="")
    (patient.answers / "config.error").write_text("yaml: line 7: did not find\n")

    problem = patient.check().problem

    assert problem.says.endswith("with this .env: yaml: line 7: did not find")


def git(patient: Patient, *words: str) -> str:
    person = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    command = ["git", *person, *words]
    done = subprocess.run(
        command, cwd=patient.root, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def built(patient) -> Patient:
    """Its images carry the commit that the folder is at."""
    (patient.root / "socle/docker").mkdir()
    (patient.root / "socle/docker/Dockerfile").write_text("FROM scratch\n")
    git(patient, "init", "--quiet")
    git(patient, "add", "socle", "scripts")
    git(patient, "commit", "--quiet", "--message", "First")
    patient.docker(revision=git(patient, "rev-parse", "HEAD"))
    return patient


def commit(patient: Patient, name: str) -> None:
    with (patient.root / name).open("a") as file:
        file.write("# another line\n")
    git(patient, "commit", "--quiet", "--all", "--message", "Change it")


def test_images_of_this_code(built):
    commit(built, "scripts/api_client.sh")  # no image holds it

    report = built.check()

    assert report.status == 0, report.text
    assert "The images are of this code." in report.text


def test_images_that_are_older_than_the_code(built):
    first = git(built, "rev-parse", "HEAD")
    commit(built, "socle/docker/Dockerfile")
    commit(built, "socle/docker/Dockerfile")

    assert built.check().warning.says == (
        f"The code here is newer than socle-app:local (of {first[:7]}, 2 commits ago)."
    )


def test_images_of_a_commit_that_nobody_knows(built):
    built.docker(revision="0123456789abcdef0123456789abcdef01234567")

    assert "is of a commit that this folder does not know" in built.check().warning.says


def test_whatever_an_image_is_made_from_is_looked_at():
    script = (REPOSITORY / "scripts/doctor/images.sh").read_text()
    looked_at = set(re.findall(r"^    echo (web socle .*)$", script, re.M)[0].split())
    used = set()
    for file in ("socle/docker/Dockerfile", "certbot/Dockerfile"):
        text = (REPOSITORY / file).read_text()
        used |= set(re.findall(r"^COPY (?:--chmod=\S+ )?(\w+)/", text, re.M))

    assert {"web", "socle", "cron"} <= used <= looked_at
