"""./install_docker.sh --check: containers, images, data, the site and its address."""

import os
import re
import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from outside import Site
from patient import BUCKET, MARK, Patient, fact, tar

OTHER = "sha256:2"


def just_now() -> str:
    return f"{datetime.now(UTC) - timedelta(seconds=20):%Y-%m-%dT%H:%M:%S.%fZ}"


# --- Containers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differs", "says"),
    [
        ({"state": "exited"}, "worker is stopped (exit status 0)."),
        ({"state": "exited", "status": 137}, "worker is stopped (exit status 137)."),
        ({"state": "paused"}, "worker is paused: it holds its connections"),
        ({"state": "dead"}, "worker is stopped"),
        ({"state": "created", "error": "no such network"}, "worker could not be start"),
        ({"health": "unhealthy"}, "worker runs and is unhealthy: last sign of life"),
        ({"state": "restarting", "restarts": 7}, "worker ends and is started again, 7"),
        (
            {"oom": "true"},
            "worker ran out of memory and a process of it was killed",
        ),
    ],
)
def test_a_container_that_is_not_well(patient, differs, says):
    patient.docker(health="\nlast sign of life: 90 s ago\n\n")
    patient.ill("worker", **differs)

    problem = patient.check().problem

    assert problem.says.startswith(says)
    assert "docker compose " in problem.todo
    assert "worker" in problem.todo


def test_what_a_crashing_service_says_and_its_section(patient):
    patient.docker(
        logs="Traceback\nMemoryError: x\nPostgres did not answer within 60 s: no\nbye\n"
    )
    patient.ill("web", restarts=4, started=just_now(), health="starting", status=1)

    problem = patient.check().problem

    assert "Its last words: Postgres did not answer within 60 s: no" in problem.says
    assert problem.section == "Postgres did not answer within … s"


def test_one_that_runs_again_after_restarts_is_a_warning(patient):
    patient.ill("worker", restarts=4, started=just_now())

    assert "Docker started it anew 4 times" in patient.check().warning.says


def test_restarts_of_long_ago_are_nothing(patient):
    patient.ill("worker", restarts=4)

    assert patient.check().status == 0


def test_migrations_that_failed(patient):
    patient.docker(logs="django.db.utils.ProgrammingError: relation exists\n")
    patient.ill("migrate", status=1)

    problem = patient.check().problem

    assert problem.says == (
        "The migrations failed (exit status 1). Their last words: "
        "django.db.utils.ProgrammingError: relation exists"
    )


def test_a_service_without_a_container(patient):
    patient.docker(services="web\nworker\nnginx\ncertbot\nscanner\n")

    problem = patient.check().problem

    assert problem.says == "Without a container: certbot and scanner."


def test_a_stack_that_is_stopped_is_one_problem(patient, site):
    names = ("postgres", "web", "nginx", "migrate")
    patient.container(**{name: {"state": "exited"} for name in names})
    site.close()

    report = patient.check()

    assert report.problem.says == "All 4 containers of socle are stopped."
    assert report.problem.todo == "Run: docker compose up --detach"
    assert "The service postgres does not run (exited): " in report.text


def test_a_project_under_another_name_is_found_by_its_folder(patient):
    patient.docker(ids="", port="", others="gallery\n", volume_list="")
    (patient.answers / "ids").write_text("")

    report = patient.check()

    said = report.the("warn").says
    assert said == "This folder has containers of another project: gallery."


# --- Images and settings -----------------------------------------------------------


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
    (patient.root / "web/Dockerfile").write_text("FROM scratch\n")
    git(patient, "init", "--quiet")
    git(patient, "add", "web", "scripts")
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
    commit(built, "web/Dockerfile")
    commit(built, "web/Dockerfile")

    assert built.check().warning.says == (
        f"The code here is newer than socle-app:local (of {first[:7]}, 2 commits ago)."
    )


def test_images_of_a_commit_that_nobody_knows(built):
    built.docker(revision="0123456789abcdef0123456789abcdef01234567")

    assert "is of a commit that this folder does not know" in built.check().warning.says


# --- Data --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"), [("login", "database's volume"), ("ping", "Redis runs")]
)
def test_a_password_that_was_changed(patient, answer, kind):
    words = "FATAL: password authentication failed for user; (error) WRONGPASS x"
    patient.docker(**{answer: words})

    problem = patient.check().problem

    assert kind in problem.says
    assert "another password than " in problem.says
    assert "in .env" in problem.says


def test_a_server_names_the_file_of_the_password(server):
    server.docker(login="password authentication failed for user")

    problem = server.check().problem

    assert "POSTGRES_PASSWORD in secrets/values/postgres_password" in problem.says
    assert problem.todo.startswith("Run: ./install_docker.sh prod")


def test_another_answer_of_postgres_and_redis_is_passed_on(patient):
    patient.docker(login="psql: error: too many clients", ping="LOADING the dataset")

    says = [line.says for line in patient.check().of("problem")]

    assert says == [
        "The database does not let us in: psql: error: too many clients",
        "Redis does not answer as it should: LOADING the dataset",
    ]


def test_services_that_are_too_slow_to_answer_are_not_blamed(patient):
    patient.docker(login="", ping="")

    report = patient.check()

    assert report.status == 0, report.text
    assert "The service postgres gave no answer within 10 s (load of" in report.text
    assert "The service redis gave no answer within 10 s (load of" in report.text


def test_a_new_major_that_would_begin_empty(patient):
    patient.change(POSTGRES_VERSION="18")

    problem = patient.check().problem

    assert "with 18 the site would begin with an empty database" in problem.says
    assert problem.todo.startswith("Write POSTGRES_VERSION=17 into .env")


def test_an_older_volume_beside_the_right_one_is_nothing(patient):
    patient.docker(volume_list="socle_postgres-16\nsocle_postgres-17\n")

    assert patient.check().status == 0


def test_files_of_another_major_in_the_volume(patient):
    patient.inside("postgres", "/data/PG_VERSION", tar("v", content=b"16\n"))
    patient.ill("postgres", state="restarting", restarts=9)
    patient.docker(logs="FATAL: database files are incompatible with server\n")

    says = [line.says for line in patient.check().of("problem")]

    assert "database files are incompatible with server" in says[0]
    assert "files are of Postgres 16, and POSTGRES_VERSION in .env is 17" in says[1]


def test_a_pg_dump_that_is_older_than_the_server(patient):
    patient.docker(pg_dump="pg_dump (PostgreSQL) 16.4\n")

    assert patient.check().problem.section == "pg_dump is older than the server"


@pytest.mark.parametrize(
    ("service", "path", "uid"),
    [
        ("web", "/media", 1000),
        ("postgres", "/data", 999),
        ("nginx", "/var/cache/nginx", 101),
    ],
)
def test_a_volume_of_another_user(patient, service, path, uid):
    patient.inside(service, path, tar("x/", uid=4711))

    problem = patient.check().problem

    assert problem.says == (
        f"{service} writes {path} as uid {uid}, and that folder of the volume "
        "belongs to uid 4711."
    )
    assert f"--entrypoint chown {service} -R {uid} {path}" in problem.todo


def test_a_volume_that_everybody_may_write_is_nothing(patient):
    patient.inside("web", "/media", tar("media/", uid=0, mode=0o1777))

    assert patient.check().status == 0


# --- What the site says ---------------------------------------------------------------


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


# --- From outside ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (502, "answers 502: nginx is there, the site behind it is not."),
        (400, "answers 400: the site takes that host for a foreign one."),
        (404, "answers 404, which is not this site."),
    ],
)
def test_an_address_that_does_not_lead_to_the_site(patient, site, status, words):
    site.status = status

    assert patient.check().problem.says.endswith(words)


def test_a_site_that_is_starting_is_no_problem(patient, site):
    site.status = 503
    patient.ill("web", health="starting", started=just_now())

    report = patient.check()

    assert report.status == 0, report.text
    assert "answers 503: web is starting." in report.text


def test_an_address_that_nobody_answers(patient):
    with closing(Site()) as other:
        port = other.port
    patient.change(SITE_URL=f"http://localhost:{port}")

    assert f"http://localhost:{port} does not answer: curl: (7)" in (
        patient.check().problem.says
    )


def test_a_local_name_that_does_not_resolve(patient):
    patient.change(SITE_URL="http://gallery.invalid:8080", ALLOWED_HOSTS="*")

    problem = patient.check().problem

    assert problem.says.startswith("The name gallery.invalid (of SITE_URL in .env)")
    assert problem.todo == "Add this line to /etc/hosts: 127.0.0.1 gallery.invalid"


@pytest.fixture
def edge(server, site) -> Patient:
    """PROD with a name, a port 80 and a certificate of its own."""
    server.change(BEHIND_PROXY="", HTTPS_PORT=str(site.port))
    server.docker(port=f"8443/tcp -> 0.0.0.0:{site.port}\n8080/tcp -> 0.0.0.0:80")
    server.change(HTTP_PORT="80")
    return server


@pytest.fixture
def port_80(edge):
    """What the name leads to; it writes nginx' log, until a test takes that away."""
    with closing(Site()) as site:
        site.log = edge.answers / "logs"
        yield site


def checked(edge: Patient, port_80: Site):
    return edge.check(DOCTOR_PUBLIC_HTTP_PORT=str(port_80.port))


def test_a_name_that_leads_here(edge, port_80):
    report = checked(edge, port_80)

    assert report.status == 0, report.text
    assert "http://localhost leads to our nginx, also for certificates." in report.text
    assert re.search(r"The certificate of localhost is good for \d+ days", report.text)


def test_a_name_that_leads_to_another_machine(edge, port_80):
    port_80.log = None
    port_80.status = 404

    problem = checked(edge, port_80).problem

    assert "is answered with 404, by something else than our nginx" in problem.says
    assert "127.0.0.1" in problem.todo


def test_a_port_80_that_is_closed(edge, port_80):
    port_80.close()

    problem = checked(edge, port_80).problem

    assert f"(port {port_80.port}) does not answer: curl: (7)" in problem.says
    assert f"Open port {port_80.port} in the firewall" in problem.todo


def test_a_public_name_that_does_not_resolve(edge, port_80):
    edge.change(SITE_URL="https://photos.invalid", ALLOWED_HOSTS="photos.invalid")

    problems = checked(edge, port_80).of("problem")

    assert "photos.invalid (of SITE_URL in .env) does not resolve." in problems[0].says
    assert "record A (and AAAA) for photos.invalid" in problems[0].todo


@pytest.mark.parametrize(
    ("certificate", "says"),
    [
        ({"days": -3}, "The certificate of localhost expired on 20"),
        ({"self_signed": True}, "nginx still shows its self-signed certificate for"),
        ({"name": "other.example"}, "a certificate for another name than localhost:"),
    ],
)
def test_a_certificate_that_is_not_right(edge, port_80, tmp_path, certificate, says):
    with closing(Site()) as site:
        site.use_certificate(tmp_path, **certificate)
        serve(edge, site)

        problem = checked(edge, port_80).problem

    assert says in problem.says
    assert problem.todo.startswith("Run: docker compose logs --tail 50 certbot")


def serve(edge: Patient, site: Site) -> None:
    edge.change(HTTPS_PORT=str(site.port), SITE_URL=f"https://localhost:{site.port}")
    edge.docker(port=f"8443/tcp -> 0.0.0.0:{site.port}\n8080/tcp -> 0.0.0.0:80")


@pytest.mark.parametrize(("days", "kind"), [(13, "warn"), (15, "ok")])
def test_a_certificate_that_expires_soon(edge, port_80, tmp_path, days, kind):
    with closing(Site()) as site:
        site.use_certificate(tmp_path, days=days)
        serve(edge, site)

        report = checked(edge, port_80)

    (line,) = [one for one in report.lines if "certificate of localhost" in one.says]
    assert line.kind == kind
    assert f" {days} days" in line.says


@pytest.mark.skipif(os.geteuid() != 0, reason="root becomes somebody else here")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_root_is_not_needed(patient, tmp_path):
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 4711, 4711)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    command = ["setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", "bash"]
    environment = {"PATH": f"{patient.stubs}:{os.environ['PATH']}", "NEEDED_MB": "1"}

    for home, status in ((patient.root, 0), (strangers_home(tmp_path), 1)):
        done = subprocess.run(
            [*command, patient.root / "install_docker.sh", "--check"],
            env=environment | {"HOME": str(home)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (status, ""), done.stdout

    assert done.stdout.count("  problem  ") == 1
    assert "Docker's settings" in done.stdout, "of root, to whom HOME belongs"


def strangers_home(folder: Path) -> Path:
    (folder / "home/.docker").mkdir(parents=True)
    (folder / "home/.docker/config.json").write_text("{}")
    (folder / "home/.docker").chmod(0o700)
    return folder / "home"
