"""
Who works on a row: an upload that is taken in, a zip that is packed.

The row is the truth: a message in the broker is only a hint, and may come twice.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from gallery.queue import BROKER_ERRORS, FILES_QUEUE, queue_length

WAITING, WORKING = "waiting", "working"
MESSAGE_MAY_BE_LOST_AFTER = timedelta(seconds=60)


def claim(
    rows: QuerySet, *, worker: str, redelivered: bool, lost: Q, now: datetime
) -> Any:
    """
    The one row of `rows`, now this run's; None when there is nothing to do.

    redelivered:  the broker gave this message out before, and that worker died.
    lost:         those whose run gave no sign of life for so long that it is gone.
    """
    free = Q(state=WAITING) | Q(lost, state=WORKING)
    if redelivered:
        free |= Q(state=WORKING)
    run = uuid.uuid4()
    rows.filter(free).update(
        state=WORKING,
        run=run,
        worker=worker,
        touched_at=now,
        attempts=F("attempts") + 1,
    )
    return rows.filter(run=run).first()


def write(row, **fields) -> bool:
    """Write for the run that holds `row`, and say that it lives. False: it lost it."""
    mine = type(row).objects.filter(pk=row.pk, run=row.run)
    return bool(mine.update(touched_at=timezone.now(), **fields))


def pause(row, *, made_headway: bool, **fields) -> bool:
    """Give the row back to whoever comes next; False when it was lost already."""
    if made_headway:
        fields["attempts"] = 0
    return write(row, state=WAITING, run=None, **fields)


def release(rows: QuerySet, *, send: Callable[[Any], bool], now: datetime) -> int:
    """Send again those whose run is over. Returns how many."""
    count = 0
    for row in rows.filter(state=WORKING):
        still = rows.model.objects.filter(pk=row.pk, run=row.run, state=WORKING)
        if still.update(state=WAITING, run=None, touched_at=now):
            count += 1
            send(row)
    return count


def send_forgotten(
    rows: QuerySet, *, send: Callable[[Any], bool], now: datetime
) -> int:
    """Send again those that wait without a message, as far as one can tell."""
    before = now - MESSAGE_MAY_BE_LOST_AFTER
    count = 0
    for row in rows.filter(state=WAITING, touched_at__lt=before):
        row_again = rows.filter(pk=row.pk, state=WAITING)
        if row_again.update(touched_at=now):
            count += 1
            if not send(row):
                break
    return count


def is_anything_forgotten(*waiting: QuerySet) -> bool:
    """
    Whether more rows wait than messages do; then a wiped broker may be why.

    A long queue is no loss, and must not grow by being swept.
    """
    count = sum(rows.filter(state=WAITING).count() for rows in waiting)
    if not count:
        return False
    try:
        return queue_length(FILES_QUEUE) < count
    except BROKER_ERRORS:
        return False  # nobody to send them to: the next sweep
