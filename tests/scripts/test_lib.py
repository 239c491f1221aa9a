"""scripts/lib.sh: what the project's scripts share."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "scripts" / "lib.sh"
# Runs the code it is given, with another version in sys.
PRETEND = (
    """exec "$real" -c "import sys; sys.version_info = (%s); ${2#import sys; }" """
)


def bash(code, *arguments, library=LIBRARY, **variables):
    return subprocess.run(
        [
            "bash",
            "-c",
            f'set -euo pipefail\nsource "{library}"\n{code}',
            "-",
            *arguments,
        ],
        env={**os.environ, "NO_COLOR": "1", "SOCLE_VENV": "", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def stub(tmp_path):
    """Puts a command of that name first on the PATH that it returns."""
    folder = tmp_path / "stubs"
    folder.mkdir()

    def make(name, text):
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    return make


@pytest.fixture
def copied(tmp_path):
    """A copy of the library, in a project of its own."""
    library = tmp_path / "project" / "scripts" / "lib.sh"
    library.parent.mkdir(parents=True)
    shutil.copy(LIBRARY, library)
    return library


def test_a_value_is_replaced_in_its_line_and_the_rest_stays(tmp_path):
    file = tmp_path / "env"
    file.write_text("# mine\nA=1\nAB=2\n\nC=3\n")
    bash('set_env_value "$1" A "x & y\\1 = \\$z"', str(file))
    bash('set_env_value "$1" NEW n', str(file))
    assert file.read_text() == "# mine\nA=x & y\\1 = $z\nAB=2\n\nC=3\nNEW=n\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_value_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "env"
    file.write_text("AB=2\nA=first\nA=x=y $z\n")
    assert bash('env_value "$1" A', str(file)).stdout == "x=y $z\n"
    assert bash('env_value "$1" MISSING', str(file)).stdout == ""


def test_a_secret_has_letters_and_digits_and_its_length():
    secrets = {bash("random_secret 50").stdout for _ in range(3)}
    assert len(secrets) == 3
    assert all(len(secret) == 50 and secret.isalnum() for secret in secrets)


def test_a_step_shows_its_output_only_when_it_fails():
    good = bash("timed Copying bash -c 'echo noise'")
    assert good.returncode == 0
    assert "ok  Copying" in good.stderr
    assert "noise" not in good.stderr
    bad = bash("timed Copying bash -c 'echo the disk is full; exit 7'")
    assert bad.returncode == 7
    assert "failed  Copying (exit status 7)" in bad.stderr
    assert "    the disk is full" in bad.stderr


def test_nothing_is_agreed_to_without_a_terminal():
    assert bash("confirm 'Delete everything?'").returncode == 1


def test_a_missing_command_is_named_with_the_way_out():
    done = bash("need no-such-command 'Install it.'")
    assert done.returncode == 1
    assert "'no-such-command' is not on this machine" in done.stderr
    assert "Install it." in done.stderr


@pytest.mark.parametrize(
    ("version", "fits"),
    [("3, 10", False), ("3, 11", True), ("3, 14", True), ("3, 15", False)],
)
def test_only_a_python_of_3_11_to_3_14_is_taken(stub, version, fits):
    path = stub("chosen", f"real={shutil.which('python3')}\n" + PRETEND % version)
    found = bash("find_python", PATH=path, PYTHON="chosen").stdout.strip()
    assert found.endswith("/chosen") == fits


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("18.20.0", False),
        ("20.18.3", False),
        ("20.19.0", True),
        ("21.7.0", False),
        ("22.11.0", False),
        ("22.12.0", True),
        ("24.1.0", True),
    ],
)
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_node_is_used_if_vite_runs_on_it(stub, version, fits):
    pretend = (
        f"Object.defineProperty(process.versions, 'node', {{value: '{version}'}});"
    )
    path = stub("node", f'exec {shutil.which("node")} -e "{pretend} $2"')
    stub("npm", "exit 0")
    assert (bash("node_is_usable", PATH=path).returncode == 0) == fits


def test_a_venv_that_moved_is_made_anew(copied):
    venv = copied.parents[1] / ".local" / "venv"
    made = bash("make_venv /usr/bin/env; venv_is_usable", library=copied)
    assert made.returncode != 0  # /usr/bin/env is no Python: nothing came of it
    (venv / "bin").mkdir(parents=True)
    for name in ("python", "pip"):
        (venv / "bin" / name).symlink_to("/bin/true")
    (venv / ".place").write_text(f"{venv}\n")
    assert bash("venv_is_usable", library=copied).returncode == 0
    moved = copied.parents[1].with_name("moved")
    copied.parents[1].rename(moved)
    library = moved / "scripts" / "lib.sh"
    assert bash("venv_is_usable", library=library).returncode == 1


def test_packages_are_installed_once_for_each_content(copied):
    project = copied.parents[1]
    venv = project / ".local" / "venv" / "bin"
    venv.mkdir(parents=True)
    (project / "web" / "requirements").mkdir(parents=True)
    for name in ("installer", "local"):
        (project / "web" / "requirements" / f"{name}.txt").write_text("one==1\n")
    for name in ("pip", "uv"):
        (venv / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{project}/calls\n')
        (venv / name).chmod(0o755)

    def calls():
        done = bash("install_requirements local", library=copied)
        assert done.returncode == 0, done.stderr
        return (project / "calls").read_text().splitlines()

    first = calls()
    assert [line.split()[0] for line in first] == ["pip", "uv"]
    assert all("--require-hashes" in line for line in first)
    assert all("--only-binary :all:" in line for line in first)  # no compiler
    assert calls() == first
    (project / "web" / "requirements" / "local.txt").write_text("one==2\n")
    assert len(calls()) == 4


def test_packages_that_failed_to_install_are_tried_again(copied):
    project = copied.parents[1]
    venv = project / ".local" / "venv" / "bin"
    venv.mkdir(parents=True)
    (project / "web" / "requirements").mkdir(parents=True)
    for name in ("installer", "local"):
        (project / "web" / "requirements" / f"{name}.txt").write_text("one==1\n")
    (venv / "pip").symlink_to("/bin/true")
    (venv / "uv").symlink_to("/bin/false")
    for _ in range(2):
        done = bash("timed Packages install_requirements local", library=copied)
        assert done.returncode == 1
    assert not (venv.parent / ".installed-local").exists()


def test_the_frontend_is_built_once_for_each_content(copied, stub):
    project = copied.parents[1]
    frontend = project / "web" / "frontend"
    (frontend / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "src/main.tsx"):
        (frontend / name).write_text("{}")
    path = stub(
        "npm",
        f'echo "$1" >>{project}/calls; mkdir -p node_modules dist; '
        "echo {} >dist/manifest.json",
    )

    def calls():
        code = "node_is_usable() { return 0; }; build_frontend"
        done = bash(code, library=copied, PATH=path)
        assert done.returncode == 0, done.stderr
        return (project / "calls").read_text().split()

    assert calls() == ["ci", "run"]
    assert calls() == ["ci", "run"]
    (frontend / "src" / "main.tsx").write_text("changed")
    assert calls() == ["ci", "run", "run"]
    (frontend / "package-lock.json").write_text("changed")
    assert calls() == ["ci", "run", "run", "ci", "run"]


@pytest.mark.parametrize("version", ["3.2.57(1)-release", "4.2.46(2)-release"])
def test_a_bash_that_is_too_old_is_named(version):
    done = bash(f'shell_is_new_enough "{version}"')

    assert done.returncode == 1
    assert f"This bash is {version}; 4.3 is the first" in done.stderr
    assert "brew install bash" in done.stderr


@pytest.mark.parametrize("version", ["4.3.30(1)-release", "5.2.15(1)-release", "10.0"])
def test_a_newer_bash_is_taken(version):
    assert bash(f'shell_is_new_enough "{version}"').returncode == 0


def test_a_machine_without_gnu_tools_is_told_where_to_get_them(stub):
    path = stub("stat", "echo 'stat: illegal option -- c' >&2; exit 1")

    done = bash("true", PATH=path, OSTYPE="darwin24")

    assert done.returncode == 1
    assert "This machine has no GNU tools (stat -c" in done.stderr
    assert "brew install coreutils" in done.stderr


def test_apple_machines_are_told_at_once_that_linux_is_needed_without_docker():
    done = subprocess.run(
        [LIBRARY.parents[1] / "install_local.sh"],
        env={**os.environ, "OSTYPE": "darwin24", "PYTHON": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "Without Docker this runs on Linux alone" in done.stderr
    assert "./install_docker.sh" in done.stderr
