"""
How much room uploads may announce: what is still to come counts as if it were there.

Nobody's bytes are reserved on the disk; without this, one person could announce more
than it holds, and every upload would end in the middle.
"""

import shutil
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Sum
from django.utils.translation import gettext as _

from gallery.exceptions import DiskFull, TooManyUploads
from gallery.models import Upload

MEGABYTE = 1024 * 1024


def check_quota(owner, *, size_bytes: int) -> None:
    """Raises TooManyUploads: what this person began and has not ended is enough."""
    mine = Upload.objects.running().filter(owner=owner)
    found = mine.aggregate(count=Count("pk"), total=Sum("size_bytes"))
    count, total = found["count"], (found["total"] or 0) + size_bytes
    if count >= settings.UPLOADS_OPEN_LIMIT:
        problem = _("%(count)s of your uploads are under way, which is the limit.")
        problem %= {"count": f"{count:,}"}
    elif count and total > settings.UPLOADS_OPEN_LIMIT_MB * MEGABYTE:
        problem = _("Your uploads under way would be %(total)s MB, over the limit.")
        problem %= {"total": f"{total / MEGABYTE:,.0f}"}
    else:
        return
    way_out = _("Let them end, or discard those that were interrupted.")
    raise TooManyUploads(f"{problem} {way_out}")


def check_room(size_bytes: int) -> None:
    """Raises DiskFull when announced uploads and the floor leave less than that."""
    if free_bytes() - announced_bytes() < size_bytes:
        raise no_room()


def check_floor(size_bytes: int) -> None:
    """Raises DiskFull for bytes that were announced, when others took their room."""
    if free_bytes() < size_bytes:
        raise no_room()


def free_bytes() -> int:
    """Of the volume of the uploads, above the floor that stays free."""
    free = shutil.disk_usage(Path(settings.FILE_UPLOAD_TEMP_DIR)).free
    return free - settings.UPLOAD_FREE_FLOOR_MB * MEGABYTE


def announced_bytes() -> int:
    """What is still to come of all uploads that are open."""
    open_ones = Upload.objects.filter(state=Upload.State.RECEIVING)
    rest = Sum(F("size_bytes") - F("received_bytes"))
    return open_ones.aggregate(rest=rest)["rest"] or 0


def no_room() -> DiskFull:
    return DiskFull(
        _(
            "The server has no room left for it. Tell the site's operators; what has "
            "come is kept, and the upload can go on when there is room."
        )
    )
