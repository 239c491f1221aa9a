"""Whether the site still has what it said it had."""

import hashlib
import time
from urllib.parse import urlsplit

from tus import Sent
from visitor import Visitor
from waiting import NOT_YET

PAUSE_SECONDS = 3.0
ASK_EVERY_SECONDS = 0.05  # nginx counts the requests of one address


def lost_photos(
    visitor: Visitor, slug: str, accepted: list[Sent], within: float
) -> list[str]:
    """What is wrong with each that is not a ready photo with all of its bytes."""
    missing = {one.name: one for one in accepted}
    problems: dict[str, str] = {}
    ends_at = time.monotonic() + within
    while missing and time.monotonic() < ends_at:
        try:
            photos = listed(visitor, slug)
        except NOT_YET as error:
            problems = dict.fromkeys(missing, f"no list: {error}"[:300])
            photos = {}
        for name, one in list(missing.items()):
            try:
                check(visitor, photos.get(name), one)
                del missing[name]
            except NOT_YET as error:
                problems[name] = str(error)[:300]
        if missing:
            time.sleep(PAUSE_SECONDS)
    return [f"{name}: {problems.get(name, 'never asked for')}" for name in missing]


def listed(visitor: Visitor, slug: str) -> dict[str, dict]:
    """All photos of the gallery, by name."""
    path = f"/api/galleries/{slug}/photos/"
    found = {}
    while path:
        answer = visitor.get(path)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
        page = answer.json()
        found |= {photo["name"]: photo for photo in page["results"]}
        following = urlsplit(page["next"] or "")
        path = following.path and f"{following.path}?{following.query}"
    return found


def check(visitor: Visitor, photo: dict | None, sent: Sent) -> None:
    assert photo, f"there is no photo of the upload {sent.address}"
    assert photo["state"] == "ready", f"the photo is {photo['state']}"
    time.sleep(ASK_EVERY_SECONDS)
    content = visitor.bytes_of(photo["original_url"])
    found = hashlib.sha256(content).hexdigest()
    assert found == sent.sha256, f"{len(content)} other bytes than were sent"
