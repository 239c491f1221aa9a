"""./install_docker.sh --check: whether each container runs."""

import pytest
from patient import just_now


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


def test_a_project_that_was_taken_down(patient, site):
    site.close()
    patient.docker(ids="", port="")
    (patient.answers / "ids").write_text("")

    problem = patient.check().problem

    assert problem.says.startswith("The project socle has no container: local is not")
    assert problem.todo.startswith("Run: ./install_docker.sh   (volumes")


def test_a_project_under_another_name_is_found_by_its_folder(patient):
    patient.docker(ids="", port="", others="gallery\n", volume_list="")
    (patient.answers / "ids").write_text("")

    report = patient.check()

    said = report.the("warn").says
    assert said == "This folder has containers of another project: gallery."
