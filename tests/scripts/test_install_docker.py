"""./install_docker.sh: its checks, and the .env it writes."""

import os
import re
import socket
import stat
from pathlib import Path

import pytest
from docker_project import FOR_A_SERVER, REPOSITORY

SECRETS = (
    "SECRET_KEY",
    "MEDIA_LINK_KEY",
    "POSTGRES_PASSWORD",
    "POSTGRES_SITE_PASSWORD",
    "REDIS_PASSWORD",
)


@pytest.fixture
def listener():
    """A program that listens on a port of 127.0.0.1."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


@pytest.fixture
def taken(listener) -> int:
    return listener.getsockname()[1]


# --- Usage -------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_printed_and_nothing_is_asked_of_docker(project, option):
    done = project.run(option)

    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ./install_docker.sh [local | dev | prod]")
    assert project.calls == []


@pytest.mark.parametrize("words", [["staging"], ["local", "dev"], ["--fast"]])
def test_wrong_usage_ends_with_2(project, words):
    done = project.run(*words)

    assert done.returncode == 2
    assert "Usage: ./install_docker.sh" in done.stderr
    assert project.calls == []


# --- Checks: each says what to do, and nothing was changed -------------------


def test_a_machine_without_docker(project, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("bash", "dirname"):
        (bare / name).symlink_to(Path("/usr/bin") / name)

    said = project.refuse(PATH=str(bare))

    assert "The command 'docker' is not on this machine." in said
    assert "./install_local.sh" in said


def test_an_engine_that_is_down(project):
    project.docker(info="Cannot connect to the Docker daemon at unix:///x.", status=1)

    said = project.refuse()

    assert "The Docker engine does not answer: Cannot connect" in said
    assert "systemctl start docker" in said


def test_a_user_who_may_not_use_the_engine(project):
    project.docker(info="permission denied while trying to connect", status=1)

    said = project.refuse()

    assert "may not use it" in said
    assert "sudo usermod -aG docker" in said


def test_a_docker_without_compose(project):
    project.docker(version="unknown command: compose", status=1)

    assert "This Docker has no Compose." in project.refuse()


@pytest.mark.parametrize("version", ["2.23.3", "v2.9.0", "1.29.2"])
def test_a_compose_that_is_too_old(project, version):
    project.docker(version=version)

    said = project.refuse()

    assert f"Docker Compose is {version}; 2.24 is the first" in said


@pytest.mark.parametrize("version", ["2.24.0", "v2.24.7", "2.26.1-4", "2.100.0", "5.0"])
def test_a_compose_that_is_new_enough(project, version):
    project.docker(version=version)

    project.install()


def test_a_docker_without_buildkit(project):
    project.docker(buildx="docker: 'buildx' is not a docker command.", status=1)

    assert "docker-buildx-plugin" in project.refuse()


def test_a_port_that_another_program_has(project, taken):
    said = project.refuse(HTTP_PORT=str(taken))

    assert f"Port {taken} is taken by another program." in said
    assert re.search(r"HTTP_PORT=80\d\d in .env or before this command", said)


def test_a_port_in_env_that_another_program_has(project, taken):
    project.install()
    project.change(HTTP_PORT=str(taken))
    # Our nginx listens inside its container on a port of that number: no matter.
    project.docker(published="8080\n")
    (project.answers / "calls").unlink()

    assert f"Port {taken} is taken" in project.refuse()


def test_the_port_of_our_own_nginx_is_no_obstacle(project, taken):
    project.install()
    project.change(HTTP_PORT=str(taken))
    project.docker(published=f"8443\n{taken}\n")

    project.install()


def test_both_ports_of_dev_are_checked(project, taken):
    said = project.refuse("dev", *FOR_A_SERVER, HTTPS_PORT=str(taken))

    assert f"Port {taken} is taken" in said
    assert "HTTPS_PORT=" in said


def test_a_disk_that_is_too_full(project):
    said = project.refuse(NEEDED_MB="999999999")

    assert re.search(r"has \d+ MB left; images and data need 999999999 MB", said)
    assert "docker system df" in said


@pytest.mark.parametrize("sign", ["$", "#", '"', "'", " ", "`", "\\", "\r"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_value_that_compose_would_change_is_named(project, sign, end):
    lines = f"# not a value: $ #\nPROJECT_NAME=socle\nSECRET_KEY=hush{sign}word{end}"
    project.env.write_bytes(lines.encode())

    said = project.refuse()

    assert "SECRET_KEY has a" in said
    assert "hush" not in said


def test_a_first_value_from_the_environment_is_checked_too(project):
    said = project.refuse(ADMIN_EMAIL="the admin@example.com")

    assert "ADMIN_EMAIL" in said


# --- .env --------------------------------------------------------------------


def test_env_is_the_example_with_fresh_secrets_for_its_owner_alone(project):
    project.install(HTTP_PORT=str(project.port))

    values = project.values()
    owner = str(os.getuid() or 1000)
    expected = dict(
        line.split("=", 1)
        for line in (REPOSITORY / ".env.example").read_text().splitlines()
        if line and line[0] != "#"
    )
    expected |= {name: values[name] for name in SECRETS}
    expected |= {
        "HTTP_PORT": str(project.port),
        "SITE_URL": f"http://localhost:{project.port}",
        "APP_UID": owner,
        "APP_GID": str(os.getgid() if os.getuid() else 1000),
    }
    assert values == expected
    assert stat.S_IMODE(project.env.stat().st_mode) == 0o600
    for name in SECRETS:
        assert re.fullmatch("[A-Za-z0-9]{40}", values[name])
    assert len({values[name] for name in SECRETS}) == len(SECRETS)


def test_env_keeps_the_comments_of_the_example(project):
    project.install()

    def comments(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("#")]

    example = (REPOSITORY / ".env.example").read_text()
    assert comments(project.env.read_text()) == comments(example)


def test_the_first_env_takes_values_from_the_environment(project):
    given = {"PROJECT_NAME": "shop", "ADMIN_EMAIL": "me@example.org"}
    given["BACKUP_STORAGE_URL"] = "s3://shop/backups"

    project.install("dev", SITE_URL="https://dev.example.org", **given)

    expected = given | {"SITE_URL": "https://dev.example.org", "ENVIRONMENT": "dev"}
    assert expected.items() <= project.values().items()


def test_a_second_run_changes_no_value(project):
    project.install()
    project.change(UPLOAD_LIMIT_MB="250", SITE_URL="http://gallery.lan")
    before = project.values()

    project.install(ADMIN_EMAIL="other@example.org", SITE_URL="http://x")

    assert project.values() == before


def test_a_second_run_fills_a_secret_that_was_emptied(project):
    project.install()
    before = project.values()
    project.change(SECRET_KEY="")

    project.install()

    assert re.fullmatch("[A-Za-z0-9]{40}", project.values()["SECRET_KEY"])
    assert project.values() | {"SECRET_KEY": ""} == before | {"SECRET_KEY": ""}


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_variable_that_is_new_in_the_example_is_added(project, end):
    project.install()
    before = project.env.read_text()
    project.env.write_text(before.rstrip("\n") + end)
    with (project.root / ".env.example").open("a") as file:
        file.write("\n# Something that came with an update.\nNEW_LIMIT=7\n")

    project.install()

    added = "\n# Something that came with an update.\nNEW_LIMIT=7\n"
    assert project.env.read_text() == before + added
