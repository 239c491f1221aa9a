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
