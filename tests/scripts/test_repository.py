"""What holds for every file that git knows."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Put together here, so that this file passes its own test.
REGISTRIES = [
    ".".join(words)
    for words in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
    ]
]
# Two folders of root's are in the images that build ours.
HOMES = re.compile(
    r"(?<![\w./}-])(?!/root/\.(?:npm|cache)\b)/(?:root|work|home/\w+|Users/\w+)/[\w.]+"
)
SHELLS = re.compile(r"^#!.*\b(?:ba|da)?sh$")


def tracked_files() -> list[Path]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listed, cwd=REPOSITORY, capture_output=True)
    names = os.fsdecode(done.stdout).split("\0")
    return [Path(name) for name in names if name and (REPOSITORY / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked_files():
        content = (REPOSITORY / path).read_bytes()
        if b"\0" not in content:
            found.append((path.as_posix(), content.decode()))
    return found


def index_modes() -> dict[str, str]:
    done = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=REPOSITORY, capture_output=True, text=True
    )
    lines = (line.split(maxsplit=3) for line in done.stdout.splitlines())
    return {name: mode for mode, _, _, name in lines}


@pytest.fixture(scope="module", autouse=True)
def _in_a_clone():
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no clone: git does not know which files belong to it")
    assert len(tracked_files()) > 100


def test_no_file_names_the_host_of_a_package_registry():
    found = [
        (name, host) for name, text in texts() for host in REGISTRIES if host in text
    ]

    assert found == []


def test_no_file_has_a_path_of_one_machine():
    own = str(REPOSITORY)
    found = {
        (name, path)
        for name, text in texts()
        for path in HOMES.findall(text) + [own] * (own in text and len(own) > 5)
    }

    assert found == set()


def test_lines_end_as_on_linux():
    assert [name for name, text in texts() if "\r\n" in text] == []


def test_scripts_are_executable_and_nothing_else_is():
    modes = index_modes()
    for name, text in texts():
        first = text.split("\n", 1)[0]
        sourced_by_nginx = name.endswith(".envsh")
        expected = first.startswith("#!") or sourced_by_nginx
        is_executable = os.access(REPOSITORY / name, os.X_OK)
        assert is_executable == expected, name
        if name in modes:
            assert (modes[name] == "100755") == expected, name


def test_bash_scripts_stop_at_the_first_failure():
    for name, text in texts():
        lines = text.split("\n")
        if SHELLS.match(lines[0]):
            code = (line for line in lines if line and not line.startswith("#"))
            assert next(code).startswith("set -e"), name


def test_requirements_pin_each_package_by_hash():
    files = sorted((REPOSITORY / "web/requirements").glob("*.txt"))
    assert files
    for path in files:
        joined = path.read_text().replace("\\\n", " ")
        for line in joined.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            pinned = re.match(r"^[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^ ]+ ", line)
            assert pinned, f"{path.name}: {line[:80]}"
            assert "--hash=sha256:" in line, f"{path.name}: {line[:80]}"


def test_the_lock_of_npm_names_no_registry_and_has_every_checksum():
    lock = json.loads((REPOSITORY / "web/frontend/package-lock.json").read_text())

    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package.get("integrity", "").startswith("sha512-"), name


HALF = re.compile(r"^(?:Yours|The base's):\n\n```\n(.*?)```$", re.DOTALL | re.MULTILINE)


def halves_of_the_map() -> tuple[list[str], list[str]]:
    """The paths under "Yours:" and under "The base's:" in the README's map."""
    readme = (REPOSITORY / "README.md").read_text()
    yours, bases = (
        [path for line in half.splitlines() for path in line.split("  ")[0].split()]
        for half in HALF.findall(readme)
    )
    return yours, bases


def test_the_map_names_what_is_there_and_leaves_nothing_out():
    yours, bases = halves_of_the_map()
    named = {path.rstrip("/") for path in yours + bases}
    tracked = {path.as_posix() for path in tracked_files()}
    folders = {parent.as_posix() for path in tracked for parent in Path(path).parents}
    tops = {path.split("/")[0] for path in tracked}
    untold = tops - {path.split("/")[0] for path in named}

    assert named - tracked - folders == set()
    assert {top for top in untold if top[0] != "." and not top.endswith(".md")} == set()
