"""What runs out or is forgotten: room on the disk, the way to send letters."""

import shutil
from pathlib import Path

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.core.health import commands
from socle.core.health.results import CheckState, Fact, check
from socle.core.mail import NOBODY

LITTLE_PERCENT = 10
NONE_PERCENT = 2
NONE_BYTES = 500 * 1000**2
GB = 1000**3


@check()
def disk() -> Fact:
    """Of the file system that uploads are kept on, or come in by."""
    folder = nearest(Path(settings.MEDIA_ROOT))
    usage = shutil.disk_usage(folder)
    says = format_lazy(
        _("{free} GB of {total} GB are free where {folder} lies ({percent} %)."),
        free=f"{usage.free / GB:.1f}",
        total=f"{usage.total / GB:.1f}",
        folder=settings.MEDIA_ROOT,
        percent=f"{100 * usage.free / usage.total:.0f}",
    )
    state = room(free=usage.free, total=usage.total)
    return Fact("disk", state, says, "" if state == CheckState.OK else _making_room())


def room(*, free: int, total: int) -> CheckState:
    """Both in bytes."""
    percent = 100 * free / total
    if percent < NONE_PERCENT or free < NONE_BYTES:
        return CheckState.FAIL
    return CheckState.WARN if percent < LITTLE_PERCENT else CheckState.OK


def nearest(folder: Path) -> Path:
    """A restore that is swapping it in may have it away for a moment."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def _making_room():
    # Each in its own words: what can be spared is another thing everywhere.
    if commands.is_in_docker():
        look = "docker system df && docker image prune"
    else:
        look = "du -sh .local/*"
    return format_lazy(
        _("Make room or enlarge the disk. What can go: {look}, {forget}"),
        look=look,
        forget="./google_storage.sh --forget",
    )


@check()
def mail() -> Fact | None:
    """Only PROD must be able to invite people."""
    if settings.ENVIRONMENT != "prod":
        return None
    if settings.EMAIL_BACKEND != NOBODY:
        return Fact("mail", CheckState.OK, _("Letters have a way out."))
    says = _("EMAIL_URL is empty: no invitation and no new password can be sent.")
    todo = format_lazy(
        _("Write EMAIL_URL into {file}, then: {command}"),
        file="secrets/values/email_url",
        command="./install_docker.sh prod",
    )
    return Fact("mail", CheckState.WARN, says, todo)
