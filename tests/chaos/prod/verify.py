"""Whether the site still has what it said it had."""

import hashlib
import time

from tus import Sent
from visitor import Visitor
from waiting import NOT_YET

PAUSE_SECONDS = 3.0
ASK_EVERY_SECONDS = 0.05  # nginx counts the requests of one address


def lost_photos(visitor: Visitor, accepted: list[Sent], within: float) -> list[str]:
    """What is wrong with each that is not a ready photo with all of its bytes."""
    missing = {one.name: one for one in accepted}
    problems: dict[str, str] = {}
    ends_at = time.monotonic() + within
    while missing and time.monotonic() < ends_at:
        for name, one in list(missing.items()):
            time.sleep(ASK_EVERY_SECONDS)
            try:
                check(visitor, one)
                del missing[name]
            except NOT_YET as error:
                problems[name] = str(error)[:300]
        if missing:
            time.sleep(PAUSE_SECONDS)
    return [f"{name}: {problems.get(name, 'never asked for')}" for name in missing]


def check(visitor: Visitor, sent: Sent) -> None:
    answer = visitor.get(sent.address)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
    upload = answer.json()
    assert upload["state"] == "done", f"the upload is {upload['state']}: {upload}"
    (result,) = upload["results"]
    photo = result["photo"]
    assert photo, f"there is no photo: {result}"
    assert photo["state"] == "ready", f"the photo is {photo['state']}"
    content = visitor.bytes_of(photo["original_url"])
    found = hashlib.sha256(content).hexdigest()
    assert found == sent.sha256, f"{len(content)} other bytes than were sent"
