"""The first administrator: made once, with a password that nobody chose."""

import secrets
import string
from collections.abc import Mapping

from socle.embedded.layout import Layout
from socle.embedded.manage import manage

PASSWORD_LENGTH = 16


def make_admin(
    email: str, *, layout: Layout, environment: Mapping[str, str]
) -> str | None:
    """
    The password of the account that was made; None if `email` had one already.

    The password is on the disk before the account exists: a run that is killed in
    between must not leave an account that nobody can enter.
    """
    pending = layout.pending_password_file
    was_pending = pending.exists()
    if not was_pending:
        pending.touch(mode=0o600)
        pending.write_text(f"{make_password()}\n")
    password = pending.read_text().strip()
    said = manage(
        "create_admin",
        "--email",
        email,
        layout=layout,
        environment={**environment, "ADMIN_PASSWORD": password},
    )
    if not said.startswith("Made") and not was_pending:
        pending.unlink()
        return None
    pending.replace(layout.password_file)
    return password


def forget_admin(layout: Layout) -> None:
    """The database is new: the account has to be made again, with its old password."""
    if layout.password_file.exists():
        layout.password_file.replace(layout.pending_password_file)


def make_password() -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(PASSWORD_LENGTH))
