"""./install_docker.sh --check as a whole: what it prints, and what it needs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from patient import REPOSITORY, SECRET, headings


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
