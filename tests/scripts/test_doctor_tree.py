"""./install_docker.sh --check: the files of the working tree."""

import os
import subprocess

import pytest


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
