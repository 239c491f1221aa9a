"""./install_docker.sh --check: Docker itself."""

from pathlib import Path

import pytest


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


# --- What the engine can run -------------------------------------------------------


def facts(cpus=4, memory_mb=16_000, quota="true") -> str:
    return f"26.1.5|{cpus}|{memory_mb}000000|{quota}|[name=seccomp]"


def test_fewer_processors_than_a_limit(patient):
    patient.docker(facts=facts(cpus=1))

    first, second = patient.check().of("problem")

    assert first.says == (
        "WEB_CPUS is 2, and the engine has 1 processor: Docker refuses to start the "
        "container."
    )
    assert first.todo.startswith("Run: ./install_docker.sh")
    assert second.says.startswith("WORKER_CPUS is 2")


def test_limits_that_were_fitted(patient):
    patient.docker(facts=facts(cpus=1))
    patient.change(WEB_CPUS="1", WORKER_CPUS="0.5")

    assert patient.check().status == 0


def test_an_engine_that_cannot_limit_processors(patient):
    patient.docker(facts=facts(quota="false"))

    assert "cannot limit processors" in patient.check().problem.says


def test_too_little_memory_and_little_memory(patient):
    patient.docker(facts=facts(memory_mb=512))
    assert "has 512 MB of memory; the stack needs" in patient.check().problem.says

    patient.docker(facts=facts(memory_mb=1500))
    assert "has 1500 MB of memory; 2000 MB" in patient.check().warning.says


def test_networks_that_are_missing_beside_many_others(patient):
    patient.docker(networks="bridge\n", network_ids="id\n" * 31)

    warning = patient.check().warning

    assert warning.says.startswith("3 networks of this project are missing, and")
    assert warning.todo.startswith("Run: docker network prune")
    assert "network create" not in patient.calls


def test_many_networks_are_no_matter_where_ours_are_there(patient):
    patient.docker(network_ids="id\n" * 31)

    assert patient.check().status == 0
