"""Where the local stack keeps what."""

import os
from dataclasses import dataclass
from pathlib import Path

from socle.embedded.binary_access import can_enter, claim, shared_home
from socle.embedded.exceptions import LocalError
from socle.embedded.process_wrappers import UnixAccount

# The kernel's limit, in bytes, less the longest name that is put below the folder:
# supervisor's own, with a dot and a process number.
LONGEST_FOLDER_OF_SOCKETS = 107 - len("/supervisor.sock.4194304")


@dataclass(frozen=True)
class Layout:
    root: Path
    database: Path
    run: Path  # sockets: a short path, entered by us alone

    @classmethod
    def make(cls, root: Path, *, account: UnixAccount | None) -> "Layout":
        """Make the folders. Raises LocalError when one cannot be had."""
        local = root / ".local"
        local.mkdir(exist_ok=True)
        home = local
        if account is not None and not can_enter(local, account=account):
            home = shared_home(local)
            claim(home, local=local)
        run = home / "run"
        if len(os.fsencode(run)) > LONGEST_FOLDER_OF_SOCKETS:
            run = Path("/tmp") / f"{shared_home(local).name}-{os.getuid()}"
        make_private(run, mode=0o700 if account is None else 0o711)
        layout = cls(root=root, database=home / "postgres", run=run)
        temporary = layout.media.parent / "tmp"
        for folder in (layout.logs, layout.media.parent, temporary, layout.jobs):
            make_private(folder)
        return layout

    @property
    def local(self) -> Path:
        return self.root / ".local"

    @property
    def web(self) -> Path:
        return self.root / "web"

    @property
    def base(self) -> Path:
        return self.root / "socle"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    @property
    def jobs(self) -> Path:
        """What cron's jobs did, for the operations page."""
        return self.local / "jobs"

    @property
    def cron(self) -> Path:
        """Locks of jobs, the crontab as it is read, the environment of tasks."""
        return self.run / "cron"

    @property
    def media(self) -> Path:
        return self.local / "media" / "live"

    @property
    def env_file(self) -> Path:
        return self.local / "env"

    @property
    def password_file(self) -> Path:
        return self.local / "admin-password"

    @property
    def pending_password_file(self) -> Path:
        return self.local / "admin-password.new"

    @property
    def fingerprint_file(self) -> Path:
        return self.run / "fingerprint.json"

    @property
    def elsewhere(self) -> list[Path]:
        """What lies outside .local/, for an account that cannot enter it."""
        places = [shared_home(self.local), self.run]
        return [
            place
            for place in places
            if place.exists()
            and not place.is_relative_to(self.local)
            and not (place == self.run and place.is_relative_to(places[0]))
        ]

    @property
    def data(self) -> list[Path]:
        """What --reset deletes: everything but the installed packages."""
        names = ["env", "admin-password", "admin-password.new"]
        names += [
            "identity",
            "postgres",
            "postgres.new",
            "redis",
            "bucket",
            "media",
            "logs",
            "jobs",
            "run",
        ]
        places = [self.local / name for name in names]
        return [*places, shared_home(self.local), self.run, self.database]


def make_private(folder: Path, *, mode: int = 0o700) -> None:
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid():
        raise LocalError(
            f"{folder} belongs to uid {facts.st_uid} and not to uid {os.getuid()}, who "
            "runs this. Remove it, or run this as its owner."
        )
    folder.chmod(mode)
