"""Each locked package has a wheel for every Python and machine that is promised."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")


def resolve(name: str, *, python: str, machine: str, target: Path):
    """What uv would install there, by hash and from wheels alone; nothing is."""
    command = [Path(sys.executable).with_name("uv"), "pip", "install", "--dry-run"]
    command += ["--python-version", python, "--only-binary", ":all:"]
    command += ["--python-platform", f"{machine}-manylinux_2_28", "--require-hashes"]
    command += ["--target", str(target), "-r", f"web/requirements/{name}.txt"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_installed_without_docker_and_for_tests_has_wheels(
    python, machine, tmp_path
):
    for name in ("installer", "local", "test", "node"):
        done = resolve(name, python=python, machine=machine, target=tmp_path)

        assert done.returncode == 0, done.stderr
        assert "Would download" in done.stderr or "Would install" in done.stderr


def test_the_check_sees_a_missing_wheel(tmp_path):
    done = resolve("local", python="3.9", machine="x86_64", target=tmp_path)

    assert done.returncode != 0


def test_what_is_promised_is_what_is_looked_for():
    library = (REPOSITORY / "scripts/lib.sh").read_text()
    candidates = re.findall(r"python(3\.\d+)", library)

    assert sorted(set(candidates), key=lambda v: int(v[2:])) == list(PYTHONS)
    newest = int(PYTHONS[-1][2:])
    assert f"<= (3, {newest})" in library
    project = (REPOSITORY / "web/pyproject.toml").read_text()
    assert f'requires-python = ">={PYTHONS[0]},<3.{newest + 1}"' in project
