import os
from pathlib import Path

import pytest

from local.postgres import Postgres


@pytest.fixture
def postgres(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    return Postgres(
        binaries=tmp_path, folder=folder, sockets=tmp_path / "run", account=None
    )


@pytest.mark.parametrize("pid", ["999999999", str(os.getpid()), "", "x"])
def test_a_lock_that_no_postgres_holds_is_removed(postgres, pid):
    lock = postgres.folder / "postmaster.pid"
    lock.write_text(f"{pid}\n{postgres.folder}\n")
    postgres.prepare()
    assert not lock.exists()


def test_the_lock_of_a_running_postgres_stays(postgres):
    """The server that this very test run uses."""
    running = Path(os.environ["POSTGRES_HOST"]).with_name("postgres")
    theirs = (running / "postmaster.pid").read_text()
    (postgres.folder / "postmaster.pid").write_text(theirs)
    postgres.prepare()
    assert (postgres.folder / "postmaster.pid").exists()


def test_the_folder_of_sockets_is_entered_by_its_owner_alone(postgres):
    postgres.prepare()
    assert postgres.sockets.stat().st_mode & 0o777 == 0o700
