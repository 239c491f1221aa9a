"""./install_docker.sh --check: .env, and the files of secrets."""

import os
import re

import pytest
from patient import SECRET

# --- .env -------------------------------------------------------------------------


def test_a_fresh_clone(patient):
    patient.env.unlink()
    patient.docker(ids="", port="", volume_list="", status=0)
    (patient.answers / "ids").write_text("")

    report = patient.check()

    assert report.problem.says == "There is no .env: this copy was never installed."
    assert report.problem.todo == "Run: ./install_docker.sh"
    assert re.search(r"\n  The project socle has no container: .*database", report.text)


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


def test_plain_http_on_all_addresses(server):
    server.change(PUBLISH_ON="")

    warning = server.check().warning

    assert warning.says.startswith("BEHIND_PROXY=1 and an empty PUBLISH_ON:")
    assert warning.todo == "Run: ./install_docker.sh prod --behind-proxy"


@pytest.mark.parametrize(
    ("address", "trusted", "is_told"),
    [
        ("10.0.3.4", "", True),
        ("0.0.0.0", "10.0.3.0/24", True),
        ("10.0.3.4", "10.0.3.0/24", False),
        ("127.0.0.1", "", False),
    ],
)
def test_plain_http_on_another_address(server, address, trusted, is_told):
    server.change(PUBLISH_ON=address, TRUSTED_PROXIES=trusted)

    told = server.check().of("warn")

    assert [f"PUBLISH_ON={address}:" in line.says for line in told] == [True] * is_told


# --- Files of secrets -----------------------------------------------------------


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


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TIME_ZONE", "US/Estern", "TIME_ZONE is 'US/Estern'; it is the name of"),
        ("UPLOAD_LIMIT_MB", "100MB", "UPLOAD_LIMIT_MB is '100MB'; it is megabytes, a"),
        ("EMAIL_URL", "imap://u:hush@x.org", "EMAIL_URL (not shown) is unusable"),
    ],
)
def test_a_value_against_its_rule(patient, name, value, says):
    patient.change(**{name: value})

    report = patient.check()

    assert report.problem.says.startswith(says)
    assert report.problem.section == "A value in .env cannot be used"
    assert "hush" not in report.text


def test_a_name_with_a_slip_of_the_pen(patient):
    patient.change(TIMEZONE="UTC")

    assert (
        "TIMEZONE is no variable; is TIME_ZONE meant?" in patient.check().problem.says
    )
