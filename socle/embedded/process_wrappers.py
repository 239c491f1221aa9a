"""Ties a process to its parent, and gives it another user, through setpriv."""

import os
import pwd
import shutil
from dataclasses import dataclass

from socle.embedded.exceptions import LocalError


@dataclass(frozen=True)
class UnixAccount:
    """The system user that Postgres runs as: it refuses to run as root."""

    name: str
    uid: int
    gid: int


def postgres_account() -> UnixAccount | None:
    """None: ourselves. Only root needs somebody else."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return UnixAccount(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)


def tied(
    command: list[str], *, signal: str = "TERM", account: UnixAccount | None = None
) -> list[str]:
    """
    `command`, which gets `signal` when its parent dies, even by kill -9.

    Without setpriv (not Linux) it stays untied. The signal is set after the change
    of user, because that change clears it: so by setpriv and not by a preexec_fn.
    """
    if shutil.which("setpriv") is None:
        return as_account(command, account)
    return as_account(["setpriv", "--pdeathsig", signal, "--", *command], account)


def as_account(command: list[str], account: UnixAccount | None) -> list[str]:
    if account is None:
        return command
    if shutil.which("setpriv") is None:
        raise LocalError(
            f"Postgres must not run as root, and the command setpriv, which runs it "
            f"as {account.name}, is missing. Install util-linux, or run this as an "
            "ordinary user."
        )
    user = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    return ["setpriv", *user, "--", *command]
