"""./install_local.sh, run for real in a copy of the working tree."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_project import REPOSITORY, Project, copy_tree, read_values

sys.path.insert(0, str(REPOSITORY / "web"))
from socle.embedded import preflight  # noqa: E402
from socle.embedded.exceptions import LocalError  # noqa: E402

PROGRAMS = {"postgres", "redis", "storage", "web", "worker", "flower", "cron"}
ORPHANS_SECONDS = 20
# By hand, before the first run; and a light stack for a machine that is busy testing.
CHOSEN = "# mine\nWEB_WORKERS=1\nWORKER_CONCURRENCY=1\n"


@pytest.fixture(scope="module")
def project():
    with tempfile.TemporaryDirectory(prefix="socle-install-") as folder:
        root = Path(folder) / "a project"  # a path with a space in it
        root.parent.chmod(0o755)  # Postgres' account passes through
        root.mkdir()
        copy_tree(root)
        (root / ".local").mkdir()
        (root / ".local" / "env").write_text(CHOSEN)
        project = Project(root)
        yield project
        project.end()


@pytest.fixture(scope="module")
def first_run(project):
    return project.start(*project.ports)


def states(project):
    done = project.run("--status")
    rows = [line.split() for line in done.stdout.splitlines()[1:8]]
    return done.returncode, {row[0]: row[1] for row in rows}


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_a_first_run_ends_with_a_site_that_answers(project, first_run):
    assert project.status_of("/health/ready") == 200
    assert states(project) == (0, dict.fromkeys(PROGRAMS, "running"))
    assert f"The site runs: http://127.0.0.1:{project.web}/" in first_run
    assert f"http://127.0.0.1:{project.flower}/flower/  user flower" in first_run
    password = (project.local / "admin-password").read_text().strip()
    assert f"admin@example.com, password {password} (shown once" in first_run
    assert len([line for line in first_run.splitlines() if "  ./" in line]) == 3
    assert re.search(r"ok  Postgres +\d+\.\d s", first_run)


@pytest.mark.slow
def test_secrets_are_readable_by_their_owner_alone(project, first_run):
    assert (project.local / "env").read_text().startswith(CHOSEN)
    assert mode(project.local / "env") == 0o600
    assert mode(project.local / "admin-password") == 0o600
    assert mode(project.local / "bucket") == mode(project.local / "logs") == 0o700


@pytest.mark.slow
def test_a_second_run_changes_nothing(project, first_run):
    before = (project.local / "env").read_text(), project.users(), project.processes()
    said = project.start()
    assert "nothing has changed" in said
    after = (project.local / "env").read_text(), project.users(), project.processes()
    assert after == before
    password = (project.local / "admin-password").read_text().strip()
    assert password not in said


@pytest.mark.slow
def test_a_wrong_value_leaves_the_site_that_runs_alone(project, first_run):
    file = project.local / "env"
    before = file.read_text(), project.processes()
    file.write_text(before[0].replace("TIME_ZONE=UTC", "TIME_ZONE=US/Estern"))

    done = project.run("--detach")

    file.write_text(before[0])
    assert done.returncode == 1
    assert "TIME_ZONE is 'US/Estern'; it is the name of a time zone" in done.stderr
    assert "Nothing was changed or stopped." in done.stderr
    assert project.processes() == before[1]
    assert project.status_of("/health/ready") == 200


@pytest.mark.slow
def test_a_changed_file_restarts_the_site_and_nothing_else(project, first_run):
    before = project.processes()
    os.utime(project.root / "web/config/urls.py")
    assert "Site (gunicorn)" in project.start()
    kept = {
        line.split()[0] for pid, line in project.processes().items() if pid in before
    }
    assert any(program.endswith("/postgres") for program in kept)
    assert not any(
        "gunicorn" in before[pid] for pid in project.processes() if pid in before
    )
    assert project.status_of("/health/ready") == 200


@pytest.mark.slow
def test_after_kill_9_of_the_manager_nothing_is_left_and_all_comes_back(
    project, first_run
):
    before = project.users()
    manager = [
        pid for pid, line in project.processes().items() if "supervisord" in line
    ]
    os.kill(manager[0], signal.SIGKILL)
    assert project.left_after(ORPHANS_SECONDS) == {}
    assert project.run("--status").returncode == 3
    project.start()
    assert project.users() == before
    assert project.status_of("/health/ready") == 200


@pytest.mark.slow
def test_after_kill_9_of_everything_a_run_recovers_and_ctrl_c_ends_it_all(
    project, first_run
):
    before = project.users()
    project.kill_everything()
    assert project.left_after(5) == {}
    with in_front(project) as (process, lines):
        said = ""
        while "Ctrl-C stops everything" not in said:
            assert (line := lines.readline()), said  # else it has ended
            said += line
        assert project.status_of("/health/ready") == 200
        assert project.users() == before
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all in front
        said = "".join(lines)
        assert process.wait(timeout=90) == 0, said
    assert "Everything stopped, Postgres last" in said
    assert project.left_after(1) == {}
    assert not (project.local / "postgres" / "postmaster.pid").exists()


@contextmanager
def in_front(project):
    process = subprocess.Popen(
        **project.command(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, process.stderr
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_a_reset_asks_and_then_deletes_all_data(project, first_run):
    refused = project.run("--reset")
    assert refused.returncode == 1
    assert "Nothing was deleted" in refused.stderr
    assert (project.local / "postgres").exists()
    assert project.run("--reset", "--yes").returncode == 0
    left = {path.name for path in project.local.iterdir()}
    assert left <= {"lock", "venv", "node"}


@pytest.fixture
def bare(tmp_path):
    """A copy where nothing was installed, and nothing may be."""
    copy_tree(tmp_path)
    project = Project(tmp_path)
    yield project
    project.end()
    assert not (tmp_path / ".local").exists()


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(bare):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", bare.web))
        other.listen()
        done = bare.run("--detach", *bare.ports)
    assert done.returncode == 1
    assert (
        f"Port {bare.web} (the site) is taken by process {os.getpid()}" in done.stderr
    )
    assert f"./install_local.sh --port {bare.web + 1}" in done.stderr
    assert "Nothing was changed" in done.stderr


def test_a_python_that_is_too_old_is_named(bare, tmp_path_factory):
    stubs = tmp_path_factory.mktemp("stubs")
    old = stubs / "python3"
    old.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo Python 3.9.2; fi\nexit 1\n'
    )
    old.chmod(0o755)
    for name in ("python3.11", "python3.12", "python3.13", "python3.14"):
        (stubs / name).symlink_to(old)
    done = bare.run("--detach", PATH=f"{stubs}:/usr/bin:/bin", PYTHON="")
    assert done.returncode == 1
    assert "No Python from 3.11 to 3.14" in done.stderr
    assert "Python 3.9.2 is python3" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_without_a_network_pip_says_why(bare, tmp_path_factory):
    empty = tmp_path_factory.mktemp("venv") / "venv"
    nowhere = "http://127.0.0.1:9/simple"  # the port that discards
    done = bare.run(
        "--detach",
        *bare.ports,
        SOCLE_VENV=str(empty),
        PIP_INDEX_URL=nowhere,
        PIP_CONFIG_FILE=os.devnull,
    )
    assert done.returncode == 1
    assert "The packages cannot be downloaded" in done.stderr
    assert "HTTPS_PROXY" in done.stderr
    assert "Nothing was changed" in done.stderr
    assert not empty.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_seen_before_anything_is_written(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(small)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"This machine mounts nothing: {mounted.stderr.strip()}")
    project = Project(small)
    try:
        copy_tree(small)
        done = project.run("--detach", *project.ports)
        assert done.returncode == 1
        assert f"Not enough room on the disk of {small}" in done.stderr
        # 1000 where no other test has installed the packages before.
        assert re.search("about (300|1000) MB are needed", done.stderr)
        assert not (small / ".local").exists()
    finally:
        project.end()  # what should not have started would hold the disk
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize(
    ("system", "machine", "library"),
    [
        ("Darwin", "arm64", ("", "")),
        ("Linux", "armv7l", ("glibc", "2.36")),
        ("Linux", "x86_64", ("glibc", "2.17")),
        ("Linux", "x86_64", ("", "")),  # musl
    ],
)
def test_a_machine_without_wheels_is_sent_to_docker(
    monkeypatch, system, machine, library
):
    monkeypatch.setattr(preflight.platform, "system", lambda: system)
    monkeypatch.setattr(preflight.platform, "machine", lambda: machine)
    monkeypatch.setattr(preflight.platform, "libc_ver", lambda: library)
    with pytest.raises(LocalError, match=r"no compiler would help.*install_docker\.sh"):
        preflight.check_platform()


def test_a_python_without_ensurepip_is_told_its_package(monkeypatch):
    monkeypatch.setattr(preflight, "has_module", lambda name: name != "ensurepip")
    with pytest.raises(LocalError, match="'ensurepip'.*apt-get install python3-venv"):
        preflight.check_venv()


def test_the_folder_of_another_user_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / ".local").mkdir()
    monkeypatch.setattr(preflight.os, "getuid", lambda: 12_345)
    with pytest.raises(LocalError, match="you are uid 12345"):
        preflight.check_folder(tmp_path, tmp_path / ".local")


@pytest.mark.parametrize(
    "arguments",
    [["--sideways"], ["--port"], ["--port", "many"], ["--stop", "--detach"]]
    + [["--stop", "--status"]],
)
def test_wrong_usage_ends_with_2(arguments):
    done = subprocess.run(
        [REPOSITORY / "install_local.sh", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "./install_local.sh --help" in done.stderr


def test_where_nothing_is_installed_status_is_3_and_stop_is_0(bare):
    empty = {"SOCLE_VENV": str(bare.root / "no-venv")}
    assert bare.run("--status", **empty).returncode == 3
    assert bare.run("--stop", **empty).returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="run by an ordinary user already")
@pytest.mark.slow
def test_an_ordinary_user_gets_the_same(ordinary_user):
    project = ordinary_user
    said = project.start(*project.ports)
    assert project.status_of("/health/ready") == 200
    assert "Ctrl-C" not in said
    owners = {path.lstat().st_uid for path in project.local.rglob("*")}
    assert len(owners) == 1
    assert owners != {0}
    assert read_values(project.local / "env")["POSTGRES_HOST"].startswith("/")
    assert project.run("--stop").returncode == 0
    assert project.left_after(3) == {}


class OrdinaryUser(Project):
    """Runs the script as `name`, with Python that this user may run too."""

    def __init__(self, root: Path, name: str, python: str):
        super().__init__(root)
        self.name = name
        home = str(root.parent)
        self.variables = {"PYTHON": python, "NO_COLOR": "1", "HOME": home}

    def command(self, *arguments):
        command = super().command(*arguments)
        user = ["setpriv", f"--reuid={self.name}", f"--regid={self.name}"]
        return command | {
            "args": [*user, "--clear-groups", *command["args"]],
            "cwd": str(self.root),
        }


@pytest.fixture
def ordinary_user():
    python = python_for_everybody()
    name = f"socle{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="socle-user-") as folder:
        root = Path(folder) / "project"
        root.mkdir()
        copy_tree(root)
        subprocess.run(["useradd", "--no-create-home", "-d", folder, name], check=True)
        try:
            subprocess.run(["chown", "-R", f"{name}:{name}", folder], check=True)
            project = OrdinaryUser(root, name, python)
            yield project
            project.end()
        finally:
            subprocess.run(["userdel", name], check=True)


def python_for_everybody():
    python = "/usr/bin/python3"
    asks = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*user, python, "-c", asks], capture_output=True).returncode:
        pytest.skip(f"{python} is older than 3.11 or lacks ensurepip.")
    return python
