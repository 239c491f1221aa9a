"""An installation of an earlier commit becomes one of today, with all that it holds."""

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from local_project import REPOSITORY, Project, copy_tree, keep_built_frontend

EARLIER = [
    line.split()[0]
    for line in Path(__file__).with_name("earlier_commits.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
LIGHT = "WEB_WORKERS=1\nWORKER_CONCURRENCY=1\n"
# Whatever a person has made; what runs by itself meanwhile is left out.
TABLES = ("accounts_user", "accounts_invitation", "auth_group", "gallery_gallery")
TABLES += ("gallery_photo", "gallery_upload")


def git(*arguments: str) -> bytes:
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout


def is_known(commit: str) -> bool:
    asked = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, cwd=REPOSITORY, capture_output=True).returncode == 0


def take_out(commit: str, root: Path) -> None:
    """The earlier tree, with today's packages and today's build of the frontend."""
    copy_tree(root)
    remove_tracked(root, "HEAD")
    archive = git("archive", commit)
    subprocess.run(["tar", "-x", "-C", root], input=archive, check=True)
    keep_built_frontend(root)


def remove_tracked(root: Path, commit: str) -> None:
    for name in git("ls-tree", "-r", "-z", "--name-only", commit).decode().split("\0"):
        if name:
            (root / name).unlink(missing_ok=True)


class Installation(Project):
    def manage(self, *arguments: str) -> str:
        return self.call(sys.executable, "manage.py", *arguments, folder="web")

    def backups(self, *arguments: str) -> str:
        return self.call("./google_storage.sh", *arguments)

    def call(self, *command: str, folder: str = ".") -> str:
        done = subprocess.run(
            command,
            cwd=self.root / folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait_for_photos(self) -> None:
        deadline = time.monotonic() + 180
        drawn = "SELECT count(*) FROM gallery_photo WHERE state != 'ready'"
        while self.sql(drawn).strip() != "0":
            assert time.monotonic() < deadline, "the worker draws no photo"
            time.sleep(1)

    def rows(self) -> dict[str, list[str]]:
        return {
            table: sorted(self.sql(f"SELECT t::text FROM {table} t").splitlines())
            for table in TABLES
        }

    def files(self) -> dict[str, str]:
        media = Path(self.env()["MEDIA_ROOT"])
        return {
            str(path.relative_to(media)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(media.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(params=EARLIER, ids=lambda commit: commit[:7])
def earlier(request):
    """A running site of that commit, with people, photos and a backup."""
    if not is_known(request.param):
        pytest.skip("this clone does not have the earlier commit")
    with tempfile.TemporaryDirectory(prefix="socle-update-") as folder:
        root = Path(folder) / "project"
        Path(folder).chmod(0o755)
        root.mkdir()
        take_out(request.param, root)
        (root / ".local").mkdir()
        (root / ".local" / "env").write_text(LIGHT)
        project = Installation(root)
        project.commit = request.param
        try:
            project.start(*project.ports)
            project.manage("setup_project")
            project.wait_for_photos()
            yield project
        finally:
            project.end()


@pytest.mark.slow
def test_an_earlier_installation_is_updated_in_place(earlier):
    url = earlier.backups("-b").split()[-1]
    rows, files, env = earlier.rows(), earlier.files(), earlier.env()
    assert len(rows["gallery_photo"]) == 60 <= len(files)

    remove_tracked(earlier.root, earlier.commit)
    copy_tree(earlier.root)
    said = earlier.start()

    assert "The site runs" in said
    assert earlier.status_of("/health/ready") == 200
    assert (earlier.rows(), earlier.files()) == (rows, files)
    assert env.items() <= earlier.env().items()
    earlier.sql("DELETE FROM gallery_photo")
    earlier.backups("-r", url, "--yes")
    assert (earlier.rows(), earlier.files()) == (rows, files)
