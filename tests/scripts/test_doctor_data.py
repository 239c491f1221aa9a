"""./install_docker.sh --check: what the volumes hold, and the passwords to it."""

import pytest
from patient import tar


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
