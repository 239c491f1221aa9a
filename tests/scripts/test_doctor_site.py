"""./install_docker.sh --check: what the site says of itself."""

import pytest
from patient import BUCKET, MARK, fact


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("migrations", "Migrations are missing"),
        ("worker", "The worker takes no tasks"),
        ("backup", "cron is unhealthy: the newest backup is too old"),
        ("storage", "The bucket does not exist / permission / does not answer"),
        ("disk", "No space left on device"),
        ("something new", ""),
    ],
)
def test_a_fact_that_fails(patient, name, section):
    patient.docker(facts=BUCKET + fact(name, "fail", "It is so.", "docker compose up"))

    problem = patient.check().problem

    assert (problem.says, problem.todo) == ("It is so.", "Run: docker compose up")
    assert problem.section == section


def test_a_fact_that_warns(patient):
    old = fact("backup", "warn", "It is old.", "./google_storage.sh -b")
    patient.docker(facts=old + BUCKET)

    assert patient.check().warning.todo == "Run: ./google_storage.sh -b"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("Unknown command: 'site_status'", "The image of web is older than this code"),
        ("", "The site's commands took longer than 30 s (load"),
        ("a\nImportError: x\n", "cannot say anything of itself (ImportError: x)"),
    ],
)
def test_a_site_that_cannot_tell_of_itself(patient, error, why):
    patient.docker(facts="", status=1)
    (patient.answers / "facts.error").write_text(error)

    report = patient.check()

    assert report.status == 0, report.text
    assert why in report.text
    assert (
        "migrations, worker, backup and what else the site knows; the bucket for"
        in (report.text)
    )


def test_a_bucket_that_refuses(patient):
    words = MARK.join(("bucket", "fail", "The bucket x does not exist."))
    patient.docker(facts=fact("database", "ok", "Up.") + words)

    problem = patient.check().problem

    assert problem.says == (
        "The bucket for backups cannot be read: The bucket x does not exist."
    )
    assert "./google_storage.sh -a" in problem.todo
