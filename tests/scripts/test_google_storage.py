"""./google_storage.sh: what it understands, where it finds a stack, what it runs."""

import os
import pty
import shutil
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
URL = "gs://socle-backups/socle/local/backups/2026-11-21T03-00-00Z"
MANAGE = "compose exec -T --user app cron python manage.py"

# Notes its arguments and what comes in; `compose ps` prints the file "running".
DOCKER = """#!/usr/bin/env bash
here="$(dirname "$0")"
echo "$*" >>"$here/calls"
case "$*" in
  *" ps "*) cat "$here/running" || { echo "no engine here" >&2; exit 1; } ;;
  *" exec "*)
    if [[ "$*" == *" -" ]]; then cat >"$here/stdin"; fi
    exit "$(cat "$here/status" 2>/dev/null || echo 0)"
    ;;
esac
"""
# As the venv's python: a real one for the script's own probe, a note for manage.py.
PYTHON = """#!/usr/bin/env bash
if [[ "$1" == - ]]; then exec {python} "$@"; fi
here="{folder}"
echo "$PWD: $*" >>"$here/calls"
env >"$here/environment"
exit "$(cat "$here/status" 2>/dev/null || echo 0)"
"""


class Stage:
    """A copy of the script between stubs."""

    def __init__(self, folder: Path):
        self.root = folder / "project"
        self.stubs = folder / "stubs"
        (self.root / "scripts").mkdir(parents=True)
        (self.root / "web").mkdir()
        self.stubs.mkdir()
        shutil.copy(REPOSITORY / "google_storage.sh", self.root)
        shutil.copy(REPOSITORY / "scripts" / "lib.sh", self.root / "scripts")

    def docker(self, *running: str) -> None:
        self._stub(self.stubs / "docker", DOCKER)
        (self.stubs / "running").write_text("".join(f"{one}\n" for one in running))
        (self.root / ".env").write_text(f"PROJECT_NAME=socle\nAPP_UID={os.getuid()}\n")

    def local(self, sockets: Path) -> None:
        text = PYTHON.format(python=sys.executable, folder=self.stubs)
        self._stub(self.root / ".local" / "venv" / "bin" / "python", text)
        (self.root / ".local" / "env").write_text(
            f"POSTGRES_HOST={sockets}\nPOSTGRES_PORT=5432\n"
            "# a comment\nSECRET_KEY=$(touch hacked) `x` 'y' \"z\"=\n"
        )

    def _stub(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.root / "google_storage.sh", *arguments],
            env={"PATH": f"{self.stubs}:{os.environ['PATH']}", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )

    @property
    def calls(self) -> list[str]:
        path = self.stubs / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if " ps " not in line]


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.fixture
def postgres(tmp_path_factory):
    """A folder whose socket answers as a running Postgres does."""
    folder = tmp_path_factory.mktemp("s")

    @contextmanager
    def listening():
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / ".s.PGSQL.5432"))
            server.listen()
            yield folder

    with listening() as found:
        yield found


def test_help_fits_on_one_screen(stage):
    done = stage.run("--help")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 88


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["-l"], "list_backups"),
        (["--list", "--json"], "list_backups --json"),
        (["-b"], "backup"),
        (["- b"], None),
        (["-r", URL], f"restore_backup {URL}"),
        (["-r", "latest", "--yes"], "restore_backup latest --yes"),
        (["--yes", "--restore", URL], f"restore_backup {URL} --yes"),
        (["-r", "gs:bucket/x"], "restore_backup gs:bucket/x"),
        (["-a"], "check_storage"),
        (["-", "a"], "check_storage"),
        (["-", "r", URL], f"restore_backup {URL}"),
        (["-l", "--all"], "list_backups --all"),
        (["-b", "--full"], "backup --full"),
        (["-r", URL, "--media-only"], f"restore_backup {URL} --media-only"),
        (
            ["-r", "latest", "--keep", "a@b.example", "--keep", "c@b.example"],
            "restore_backup latest --keep=a@b.example --keep=c@b.example",
        ),
        (["-r", "latest", "--of", "prod"], "restore_backup latest --of=prod"),
        (["-l", "--of", "prod"], "list_backups --of=prod"),
        (["-r", "latest", "--no-scrub"], "restore_backup latest --no-scrub"),
        (
            ["-r", URL, "--without-broken-constraints"],
            f"restore_backup {URL} --without-broken-constraints",
        ),
        (["-u", "--yes"], "undo_restore --yes"),
        (["--forget"], "forget_previous"),
        (["-v", URL], f"verify_backups {URL}"),
        (["-v", "--all"], "verify_backups --all"),
        (["-d"], "drill_restore"),
        (["-d", URL], f"drill_restore {URL}"),
        (["-p", "--yes"], "prune_backups --yes"),
        (["--new-key"], "new_backup_key"),
    ],
)
def test_actions_run_as_the_user_app_in_cron(stage, arguments, command):
    stage.docker("web", "cron", "postgres")
    done = stage.run(*arguments)
    if command is None:
        assert (done.returncode, stage.calls) == (2, [])
    else:
        assert (done.returncode, stage.calls) == (0, [f"{MANAGE} {command}"])


def test_where_cron_does_not_run_one_is_started_for_it(stage):
    stage.docker("web", "postgres")
    assert stage.run("-l").returncode == 0
    assert stage.calls == [
        "compose run --rm --no-deps -T --user app cron python manage.py list_backups"
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-x"],
        ["-"],
        ["-r"],
        ["-l", "-b"],
        ["-l", "more"],
        ["-b", "--yes"],
        ["-r", URL, "--json"],
        ["-r", URL, "--of", "prod"],
        ["-r", "latest", "--of"],
        ["-b", "--of", "prod"],
        ["-v"],
        ["-u", URL],
        ["-p", "--full"],
        ["-r", URL, "--keep"],
        ["-d", "--all"],
        ["-r", URL, URL],
        ["-a", "no-such-key.json"],
    ],
)
def test_wrong_usage_exits_with_2_and_runs_nothing(stage, arguments):
    stage.docker("cron")
    done = stage.run(*arguments)
    assert done.returncode == 2
    assert "--help" in done.stderr
    assert stage.calls == []


@pytest.mark.parametrize("status", ["1", "2"])
def test_the_exit_status_is_the_commands(stage, status):
    stage.docker("cron")
    (stage.stubs / "status").write_text(status)
    for arguments in (["-b"], ["-r", "latest"], ["-a"], ["-l"]):
        assert stage.run(*arguments).returncode == int(status)


def test_the_local_stack_gets_its_environment_unread(stage, postgres):
    stage.local(postgres)
    done = stage.run("-b")
    assert done.returncode == 0, done.stderr
    assert stage.calls == [f"{stage.root}/web: manage.py backup"]
    environment = (stage.stubs / "environment").read_text().splitlines()
    assert "SECRET_KEY=$(touch hacked) `x` 'y' \"z\"=" in environment
    assert not list(stage.root.rglob("hacked"))


@pytest.mark.parametrize("status", ["1", "2"])
def test_the_local_exit_status_is_the_commands(stage, postgres, status):
    stage.local(postgres)
    (stage.stubs / "status").write_text(status)
    assert stage.run("-b").returncode == int(status)


def test_when_both_run_a_person_must_choose(stage, postgres):
    stage.docker("cron")
    stage.local(postgres)
    done = stage.run("-b")
    assert done.returncode == 2
    assert "--docker or --local" in done.stderr
    assert stage.calls == []
    for arguments, environment in (
        (["-b", "--docker"], {}),
        (["-b"], {"COMPOSE_FILE": "prod.yml"}),
    ):
        assert stage.run(*arguments, **environment).returncode == 0
    assert stage.run("-b", "--local", COMPOSE_FILE="prod.yml").returncode == 0
    assert stage.calls == [
        f"{MANAGE} backup",
        f"{MANAGE} backup",
        f"{stage.root}/web: manage.py backup",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "./install_docker.sh, or without Docker: ./install_local.sh"),
        (["--docker"], "Start it: ./install_docker.sh"),
        (["--local"], "Start it: ./install_local.sh --detach"),
    ],
)
def test_without_a_running_stack_the_next_command_is_named(stage, arguments, words):
    done = stage.run("-b", *arguments)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr


def test_a_local_stack_that_stands_still_is_not_running(stage, tmp_path):
    stage.docker()
    stage.local(tmp_path)
    done = stage.run("-b")
    assert (done.returncode, stage.calls) == (1, [])


def test_an_engine_that_does_not_answer_is_quoted(stage):
    stage.docker("cron")
    (stage.stubs / "running").unlink()
    done = stage.run("-b", "--docker")
    assert done.returncode == 1
    assert "no engine here" in done.stderr


def test_a_key_is_proven_then_kept(stage, tmp_path):
    stage.docker("cron")
    key = tmp_path / "downloaded key.json"
    key.write_text('{"type": "service_account"}')
    done = stage.run("-a", str(key))
    assert done.returncode == 0, done.stderr
    assert stage.calls == [
        f"{MANAGE} check_storage -",
        "compose up --detach --no-deps --no-build cron worker web",
    ]
    assert (stage.stubs / "stdin").read_text() == key.read_text()
    kept = stage.root / "secrets/keys/google-key.json"
    assert kept.read_text() == key.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (
        "GOOGLE_APPLICATION_CREDENTIALS=/secrets/google-key.json\n"
        in (stage.root / ".env").read_text()
    )
    assert stage.run("-a", str(kept)).returncode == 0  # again, with the kept one


def test_a_key_that_fails_changes_nothing(stage, tmp_path):
    stage.docker("cron")
    (stage.stubs / "status").write_text("1")
    key = tmp_path / "key.json"
    key.write_text("{}")
    before = (stage.root / ".env").read_text()
    assert stage.run("-a", str(key)).returncode == 1
    assert not (stage.root / "secrets").exists()
    assert (stage.root / ".env").read_text() == before


def test_a_key_is_kept_for_the_local_stack(stage, postgres, tmp_path):
    stage.local(postgres)
    key = tmp_path / "key.json"
    key.write_text("{}")
    done = stage.run("-a", str(key))
    assert done.returncode == 0, done
    assert (
        f"GOOGLE_APPLICATION_CREDENTIALS={stage.root}/secrets/keys/google-key.json\n"
        in (stage.root / ".local" / "env").read_text()
    )


def test_on_a_terminal_docker_gets_one_too(stage):
    """Otherwise nobody could answer the question before a restore."""
    stage.docker("cron")
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "wb") as terminal:
        done = subprocess.run(
            [stage.root / "google_storage.sh", "-r", "latest"],
            env={"PATH": f"{stage.stubs}:{os.environ['PATH']}"},
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    assert done.returncode == 0
    assert stage.calls == [
        "compose exec --user app cron python manage.py restore_backup latest"
    ]


def test_keys_are_outside_git():
    done = subprocess.run(
        ["git", "check-ignore", "secrets/keys/google-key.json", ".local/env", ".env"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 3
