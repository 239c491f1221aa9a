import os
import subprocess
from pathlib import Path

import pytest

from socle.embedded.postgres import Postgres


@pytest.fixture
def postgres(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    return Postgres(
        binaries=tmp_path, folder=folder, sockets=tmp_path / "run", account=None
    )


@pytest.fixture(params=["data/postmaster.pid", "run/.s.PGSQL.5432.lock"])
def lock(request, postgres):
    path = postgres.folder.parent / request.param
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.mark.parametrize("pid", ["999999999", str(os.getpid()), "", "x"])
def test_a_lock_that_no_postgres_holds_is_removed(postgres, lock, pid):
    lock.write_text(f"{pid}\n{postgres.folder}\n")
    postgres.prepare()
    assert not lock.exists()


def test_a_lock_whose_process_is_dead_but_not_yet_collected_is_removed(postgres, lock):
    dead = subprocess.Popen(["true"])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    lock.write_text(f"{dead.pid}\n{postgres.folder}\n")
    postgres.prepare()
    dead.wait()
    assert not lock.exists()


def test_the_lock_of_a_running_postgres_stays(postgres, lock):
    """The server that this very test run uses."""
    running = Path(os.environ["POSTGRES_HOST"]).with_name("postgres")
    lock.write_text((running / "postmaster.pid").read_text())
    postgres.prepare()
    assert lock.exists()


def test_the_folder_of_sockets_is_entered_by_its_owner_alone(postgres):
    postgres.prepare()
    assert postgres.sockets.stat().st_mode & 0o777 == 0o700
