"""Addresses of photos' files; those of renditions are signed, and nginx checks them."""

import hmac
import time
from base64 import urlsafe_b64encode
from hashlib import md5

from django.conf import settings

# An address stays the same for this long, so that browsers can keep what it shows; it
# is valid for at least as long and for at most twice as long.
SAME_FOR_SECONDS = 15 * 60


def link(photo, variant: str) -> str | None:
    """
    The address of `original`, `preview` or `thumbnail`; None while there is no file.

    photo: a Photo, or a row with its `id` and the names of its files. Whoever calls has
    asked already whether the visitor may see it: a signed address works for some
    minutes for everybody who knows it.
    """
    name = str(getattr(photo, variant))
    if not name:
        return None
    if variant == "original" or not are_signed():
        return f"/media/photos/{photo.id}/{variant}"
    return signed(name, now=time.time())


def are_signed() -> bool:
    """Files in a bucket are signed by the bucket, when they are asked for."""
    return bool(settings.MEDIA_LINK_KEY) and not settings.MEDIA_STORAGE_URL


def signed(name: str, *, now: float) -> str:
    """The address of the stored file `name`. now: in seconds since 1970."""
    expires = (int(now) // SAME_FOR_SECONDS + 2) * SAME_FOR_SECONDS
    return f"/media/{expires}/{signature(name, expires=expires)}/{name}"


def is_good(name: str, *, expires: int, given: str, now: float) -> bool:
    """Whether this signature was made here, for this file, and is still valid."""
    if not are_signed() or expires <= now:
        return False
    return hmac.compare_digest(signature(name, expires=expires), given)


def signature(name: str, *, expires: int) -> str:
    """As nginx' secure_link_md5 makes it of "EXPIRES/NAME KEY": see nginx/templates."""
    text = f"{expires}/{name} {settings.MEDIA_LINK_KEY}"
    digest = md5(text.encode(), usedforsecurity=False).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
