"""./install_docker.sh --check: this machine, the engine, the files and .env."""

import os
import re
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from outside import Site
from patient import REPOSITORY, SECRET, headings

# --- All is well, and the words around it -------------------------------------


def test_a_well_installation_has_no_problem(patient):
    report = patient.check()

    assert report.status == 0, report.text
    assert {line.kind for line in report.lines} == {"ok"}, report.text
    assert "Not asked" in report.text, "images without git cannot be judged"
    assert re.search(r"^No problem in \d+ checks, 1 question could", report.text, re.M)
    assert report.text.startswith("Doctor: local (docker-compose.yml), project socle, ")


def test_a_problem_ends_with_1_and_one_line_that_counts_them(patient):
    patient.change(POSTGRES_DB="", SECRET_KEY='a"b')

    report = patient.check()

    assert report.status == 1
    assert "\n2 problems, " in report.text
    assert report.text.count("Begin with the first") == 1


@pytest.mark.parametrize("words", [["staging"], ["local", "dev"], ["--fast"]])
def test_wrong_usage_ends_with_2(patient, words):
    done = patient.run("--check", *words)

    assert done.returncode == 2
    assert "--check [local | dev | prod]" in done.stderr
    assert patient.calls == ""


def test_without_a_word_it_is_the_stage_of_env(server):
    report = server.check()

    assert report.text.startswith("Doctor: prod (prod.yml), project socle-prod, ")
    assert "label=com.docker.compose.project=socle-prod " in server.calls
    assert report.status == 0, report.text


def test_another_stage_than_that_of_env_is_said(patient):
    said = [line.says for line in patient.check("dev").of("warn")]

    assert "ENVIRONMENT in .env is local, and dev was asked about." in said


def test_two_doctors_at_once_do_not_disturb_each_other(patient):
    command = ["bash", patient.root / "install_docker.sh", "--check"]
    environment = os.environ | {"PATH": f"{patient.stubs}:{os.environ['PATH']}"}
    environment |= {"NEEDED_MB": "1", "DOCTOR_LEAST_MB": "1"}
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    texts = {
        re.sub(r", 20\d\d-.*|\(to \d+ s\)|\d+ GB", "", one.communicate()[0])
        for one in running
    }

    assert len(texts) == 1, texts
    assert [one.returncode for one in running] == [0, 0, 0], texts


def test_no_secret_passes_whatever_a_container_says(patient):
    patient.docker(logs=f"connect redis://:{SECRET}@redis failed, error {SECRET}\n")
    patient.ill("worker", state="exited", status=1)

    report = patient.check()

    assert "redis://[secret]@redis failed, error [secret]" in report.problem.says


def test_every_section_that_the_doctor_names_exists():
    files = (REPOSITORY / "scripts/doctor").glob("*.sh")
    text = "".join(path.read_text() for path in files)
    # A last word that is no sentence and no command is a section.
    words = r'"((?:[A-Z]|bash|password)[^"$]+[^".])"(?: ;;)?$'
    last = set(re.findall(words, text, re.M))
    named = {one for one in last if not one.startswith(NO_SECTIONS)}
    named |= set(re.findall(r'(?:echo|section=)"?([A-Z][^"$]+[^".])" ;;', text))
    named = {name.replace("\\\\", "\\") for name in named}

    assert len(named) > 25, named
    assert named - headings() == set()


NO_SECTIONS = ("Run: ", "If PROJECT_NAME", "Update ", "The volume of uploads")


# --- Docker itself -------------------------------------------------------------


def test_a_machine_without_docker(patient, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            link = bare / program.name
            if not program.name.startswith("docker") and not link.exists():
                link.symlink_to(program)

    report = patient.check(PATH=str(bare))

    assert "The command 'docker' is not on this machine." in report.text
    assert "./install_local.sh" in report.of("problem")[0].todo
    assert "There is no docker on this machine: " in report.text
    assert ".env has all variables" in report.text, "the rest is asked all the same"


def test_an_engine_that_is_down(patient):
    error = "Cannot connect to the Docker daemon at unix:///x.\n"
    patient.docker(status=1, info="|\n")
    (patient.answers / "info.error").write_text(error)
    patient.docker(port="")

    report = patient.check()

    first = report.of("problem")[0]
    assert first.says == f"The Docker engine does not answer: {error.strip()}"
    assert "systemctl start docker" in first.todo
    asked = report.text.partition("The Docker engine does not answer: the ")[2]
    assert "the containers; the images; database and volumes" in asked
    assert "exec" not in patient.calls


def test_a_user_who_may_not_use_the_engine(patient):
    patient.docker(status=1, info="|\n", port="")
    (patient.answers / "info.error").write_text("permission denied while trying\n")

    assert "sudo usermod -aG docker" in patient.check().of("problem")[0].todo


def test_an_engine_that_hangs(patient):
    patient.stub("docker", "sleep 30")

    report = patient.check(DOCTOR_PATIENCE_SECONDS="0.5")

    assert "does not answer: no answer within 0.5 s" in report.of("problem")[0].says


def test_an_engine_that_is_too_old(patient):
    patient.docker(info=f"24.0.9|{patient.answers}\n")

    assert (
        "The Docker engine is 24.0.9; 25.0 is the first" in patient.check().problem.says
    )


@pytest.mark.parametrize("version", ["2.23.3", "1.29.2"])
def test_a_compose_that_is_too_old(patient, version):
    patient.docker(version=version)

    assert f"Docker Compose is {version}; 2.24 is" in patient.check().problem.says


def test_a_docker_without_compose(patient):
    patient.docker(version="", status=1)

    assert patient.check().problem.says == "This Docker has no Compose."


def test_a_docker_without_buildkit(patient):
    patient.docker(buildx="docker: 'buildx' is not a docker command.", status=1)

    assert "docker-buildx-plugin" in patient.check().problem.todo


# --- Ports, disk, clock -----------------------------------------------------------


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


# --- Files ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scripts/api_client.sh", "services.yml", "cron/run"])
def test_a_file_with_line_ends_of_windows(patient, name):
    path = patient.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"#!/bin/sh\r\necho\r\n")
    path.chmod(0o755)

    problem = patient.check().problem

    assert (
        f"1 file with line ends of Windows (CRLF), which Linux cannot run: {name}."
        in (problem.says)
    )
    repair = problem.todo.removeprefix("Run: ").partition("   and")[0]
    subprocess.run(["bash", "-c", repair], cwd=patient.root, check=True)
    assert patient.check().status == 0, "the command that it names repairs it"


def test_a_script_that_cannot_be_run(patient):
    (patient.root / "google_storage.sh").write_text("#!/bin/sh\n")

    assert patient.check().warning.todo == "Run: chmod +x google_storage.sh"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(patient):
    (patient.root / "web/frontend").chmod(0o555)

    assert "cannot write in web/frontend" in patient.check().problem.says


# --- .env -------------------------------------------------------------------------


def test_a_fresh_clone(patient):
    patient.env.unlink()
    patient.docker(ids="", port="", volume_list="", status=0)
    (patient.answers / "ids").write_text("")

    report = patient.check()

    assert report.problem.says == "There is no .env: this copy was never installed."
    assert report.problem.todo == "Run: ./install_docker.sh"
    assert re.search(r"\n  The project socle has no container: .*database", report.text)


def test_a_project_that_was_taken_down(patient, site):
    site.close()
    patient.docker(ids="", port="")
    (patient.answers / "ids").write_text("")

    problem = patient.check().problem

    assert problem.says.startswith("The project socle has no container: local is not")
    assert problem.todo.startswith("Run: ./install_docker.sh   (volumes")


def test_a_variable_that_is_new_in_the_example(patient):
    with (patient.root / ".env.example").open("a") as file:
        file.write("\nNEW_LIMIT=7\nNEWER_LIMIT=8\n")

    assert patient.check().problem.says == (
        "2 variables of .env.example are not in .env: NEW_LIMIT and NEWER_LIMIT."
    )


@pytest.mark.parametrize("name", ["POSTGRES_DB", "SECRET_KEY", "APP_UID"])
def test_a_needed_value_that_is_empty(patient, name):
    patient.change(**{name: ""})

    assert patient.check().problem.says == f"Empty in .env, and needed: {name}."


@pytest.mark.parametrize(
    ("sign", "word"),
    [
        ("$", "a $: Compose puts a variable there"),
        ("#", "a #: what follows is a comment"),
        ('"', "a quote"),
        ("'", "a quote"),
        (" ", "a space"),
        ("\\", "a backslash"),
    ],
)
def test_a_value_that_compose_would_change(patient, sign, word):
    patient.change(SECRET_KEY=f"hush{sign}word")

    report = patient.check()

    assert report.problem.says.endswith(f" of .env: SECRET_KEY ({word}).")
    assert "hush" not in report.text


def test_an_env_with_line_ends_of_windows_is_one_problem(patient):
    text = patient.env.read_text()
    patient.env.write_bytes(text.replace("\n", "\r\n").encode())

    problem = patient.check().problem

    assert ".env has line ends of Windows" in problem.says
    assert problem.todo == r"Run: sed -i 's/\r$//' .env"


def test_an_env_that_others_can_read(patient):
    patient.env.chmod(0o644)

    assert patient.check().warning.todo == "Run: chmod 600 .env"


def test_a_variable_twice(patient):
    with patient.env.open("a") as file:
        file.write("TIME_ZONE=UTC\n")

    assert "Twice in .env" in patient.check().warning.says


def test_a_shell_that_exports_another_value(patient):
    warning = patient.check(POSTGRES_USER="somebody").warning

    assert warning.says.endswith("Compose prefers the shell's: POSTGRES_USER.")
    assert warning.todo == "Run: unset POSTGRES_USER"


def test_an_address_that_the_site_would_refuse(patient):
    patient.change(ALLOWED_HOSTS="photos.example.org")

    assert "ALLOWED_HOSTS in .env has not localhost" in patient.check().problem.says


@pytest.mark.parametrize("hosts", ["*", ".localhost", "x.org,localhost"])
def test_an_address_that_the_site_takes(patient, hosts):
    patient.change(ALLOWED_HOSTS=hosts)

    assert patient.check().status == 0


# --- Files of secrets ---------------------------------------------------------------


def test_a_server_needs_no_password_in_env(server):
    report = server.check()

    assert "The files of secrets are there." in report.text
    assert server.answers.joinpath("given_to_postgres").read_text() == SECRET
    assert server.answers.joinpath("given_to_redis").read_text() == SECRET


def test_a_secret_that_is_missing(server):
    (server.root / "secrets/values/redis_password").unlink()

    problems = server.check().of("problem")

    assert "There is no secrets/values/redis_password" in problems[0].says
    assert problems[0].todo.startswith("Run: ./install_docker.sh prod")


def test_a_secret_that_is_empty(server):
    path = server.root / "secrets/values/secret_key"
    path.chmod(0o644)
    path.write_text("")
    path.chmod(0o444)

    assert "Empty, and needed: secrets/values/secret_key" in server.check().problem.says


def test_a_secret_that_containers_cannot_read(server):
    (server.root / "secrets/values/media_link_key").chmod(0o400)

    problem = server.check().problem

    assert "users cannot read secrets/values/media_link_key (mode 400)" in problem.says


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_secret_that_the_user_cannot_read(server):
    (server.root / "secrets/values/media_link_key").chmod(0o000)

    assert "cannot read secrets/values/media_link_key" in server.check().problem.says


def test_a_prod_without_https(server):
    server.change(SITE_URL="http://localhost")

    said = [line.says for line in server.check().of("problem")]

    assert "SITE_URL in .env is http://localhost, which is not https" in said[0]
