"""./install_docker.sh: what it says when a container is not well, and at the end."""

import re
import stat
import subprocess

import pytest
from docker_project import FOR_A_SERVER, REPOSITORY, WELL, Project

BROKEN = "web|running|unhealthy|0|socle-web-1\n"


def headings() -> set[str]:
    text = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
    return set(re.findall(r"^### (.+)$", text, re.MULTILINE))


def section_for(service: str, logs: str) -> str:
    command = 'source scripts/lib.sh; source scripts/docker.sh; section_for "$1" "$2"'
    done = subprocess.run(
        ["bash", "-euc", command, "-", service, logs],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def failed(project: Project) -> str:
    done = project.run()
    assert done.returncode == 1, done.stderr
    assert "Stopped: " in done.stderr
    assert "The site is at" not in done.stderr
    return done.stderr


# --- A container that is not well --------------------------------------------


def test_a_container_that_is_unhealthy_is_explained(project):
    logs = "".join(f"line {number}\n" for number in range(3))
    project.docker(containers=WELL + BROKEN, logs=logs)
    project.docker(health="\ngunicorn does not answer: refused\n\n")

    said = failed(project)

    assert "socle-web-1 is running, unhealthy" in said
    assert "    gunicorn does not answer: refused\n" in said
    assert "    line 0\n    line 1\n    line 2\n" in said
    assert "See docs/troubleshooting.md: web is unhealthy" in said
    assert "socle-postgres-1 is" not in said
    assert "logs --tail 30 socle-web-1" in project.calls


def test_a_migration_that_failed_is_explained(project):
    project.docker(
        containers="migrate|exited||1|socle-migrate-1\nweb|created||0|socle-web-1\n",
        health="\n",  # it has no health check
        logs="Postgres did not answer within 60 s: the name postgres is unknown\n",
    )

    said = failed(project)

    assert "socle-migrate-1 is exited, exit status 1" in said
    assert "    Postgres did not answer within 60 s" in said
    assert "docs/troubleshooting.md: Postgres did not answer within … s" in said
    assert "socle-web-1 is" not in said


def test_what_a_migration_waits_for_is_said_while_it_waits(project):
    waits = "Waits for the backup that began at 2026-11-21 03:00:12 UTC (process 7)."
    project.docker(migrate_log=f"Running migrations:\n{waits}\n", up_seconds="3")

    said = project.install()

    assert said.count(waits) == 1
    assert said.index(waits) < said.index("All services, healthy")


def test_a_container_that_never_gets_healthy_ends_the_wait(project):
    project.docker(containers="web|running|starting|0|socle-web-1\n")

    assert "socle-web-1 is running, starting" in failed(project)


def test_an_engine_that_lists_no_container_is_no_success(project):
    project.docker(containers="")

    failed(project)


def test_containers_that_could_not_be_started_are_no_success(project):
    project.docker(up="driver failed: the port is already allocated\n", status=1)

    said = failed(project)

    assert "    driver failed: the port is already allocated\n" in said


def test_images_that_could_not_be_built_are_not_started(project):
    project.docker(build="ERROR: failed to solve: process did not complete\n", status=1)

    said = failed(project)

    assert "    ERROR: failed to solve" in said
    assert not [call for call in project.calls if " up " in call]


@pytest.mark.parametrize(
    ("logs", "section"),
    [
        ("FATAL: password authentication failed for user", "password authentication"),
        ("write: No space left on device", "No space left on device"),
        ("The folder /media cannot be written by uid 1", "The … folder … cannot be"),
        ("Redis did not answer within 60 s", "Redis did not answer within"),
        ("a.0002_b was not run: for 60 min it waited", "… was not run: for … min"),
    ],
)
def test_the_section_follows_from_what_the_container_says(logs, section):
    assert section_for("web", f"first\n{logs}\nlast").startswith(section)


def test_every_section_that_is_named_exists():
    known = headings()
    text = "".join(
        (REPOSITORY / name).read_text()
        for name in ("install_docker.sh", "scripts/env_file.sh", "scripts/docker.sh")
    )
    named = set(re.findall(r"docs/troubleshooting\.md: ([^$]+?)\)?\"", text))
    in_functions = text[text.index("section_for() {") : text.index("# --- The data")]
    named |= set(re.findall(r'echo "([^"]+)"', in_functions))

    assert len(named) > 15
    assert named - known == set()


def test_every_service_has_a_section_of_its_own_in_the_list():
    services = re.findall(
        r"^  ([a-z_]+):$", (REPOSITORY / "services.yml").read_text(), re.MULTILINE
    )

    for service in {*services, "npm_watch", "storage"}:
        assert section_for(service, "nothing known") in headings(), service


# --- The database's password -------------------------------------------------


def test_a_changed_password_is_given_to_the_database(project):
    project.docker(login="FATAL: password authentication failed for user", status=2)

    said = project.install()

    assert "keeps another password than POSTGRES_PASSWORD in .env" in said
    assert "ALTER ROLE" in (project.answers / "sql").read_text()
    assert project.values()["POSTGRES_PASSWORD"] not in "".join(project.calls)


def test_a_password_that_cannot_be_repaired_stops_the_start(project):
    project.docker(login="FATAL: password authentication failed for user", status=2)
    project.docker(repair="psql: error: no such role\n", status=3)

    said = failed(project)

    assert "    psql: error: no such role\n" in said
    assert "password authentication failed for user" in said


def test_another_answer_of_the_database_is_passed_on(project):
    project.docker(login="psql: error: the database is missing", status=2)

    assert "Postgres does not let us in: psql: error" in failed(project)
    assert not (project.answers / "sql").exists()


# --- The end -----------------------------------------------------------------


def test_the_summary_names_the_address_and_the_first_password(project):
    said = project.install()

    kept = project.root / ".local" / "docker-admin-password"
    password = kept.read_text()
    assert re.fullmatch("[A-Za-z0-9]{20}", password)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"The site is at http://localhost:{project.port}" in said
    assert "sign in    admin@example.com" in said
    assert f"password   {password} " in said
    assert (project.answers / "password").read_text() == password
    assert password not in "".join(project.calls)


def test_a_second_run_shows_no_password(project):
    project.install()
    project.docker(admin="admin@example.com exists already; nothing was changed.")

    said = project.install()

    kept = (project.root / ".local" / "docker-admin-password").read_text()
    assert "password   unchanged" in said
    assert kept not in said


def test_no_password_is_kept_that_was_never_set(project):
    project.docker(admin="admin@example.com exists already; nothing was changed.")

    said = project.install()

    assert "password   unchanged" in said
    assert not (project.root / ".local" / "docker-admin-password").exists()
    assert "docker-admin-password" not in said


def test_an_administrator_that_cannot_be_made_stops_it(project):
    project.docker(admin="CommandError: 'x' is not an e-mail address.\n", status=1)

    assert "    CommandError: 'x' is not an e-mail address.\n" in failed(project)


def test_dev_runs_its_own_file(project):
    said = project.install("dev", *FOR_A_SERVER)

    of_compose = [call for call in project.calls if "--file" in call]
    assert of_compose
    assert all("compose --file dev.yml " in call for call in of_compose)
    assert project.values()["COMPOSE_FILE"] == "dev.yml", "so that these words are true"
    assert "docker compose stop" in said
