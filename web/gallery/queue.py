"""Sends work to the workers. Losing a message is harmless: the sweeper sends again."""

import logging

from celery import current_app
from kombu.exceptions import ChannelError, KombuError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from gallery.models import Download, Photo, Upload

logger = logging.getLogger(__name__)

TASK = "gallery.make_renditions"
QUEUE = "images"
TAKE_IN_TASK = "gallery.take_in_upload"
PACK_TASK = "gallery.pack_download"
# Not behind two thousand photos: zips go on in turn with them.
FILES_QUEUE = "default"
BROKER_ERRORS = (KombuError, RedisError, OSError)


def enqueue(photo: Photo) -> bool:
    """Ask a worker to draw `photo`; False when the broker cannot be reached."""
    return send(TASK, photo.pk, queue=QUEUE)


def enqueue_upload(upload: Upload) -> bool:
    """Ask a worker to take the upload in; False when the broker cannot be reached."""
    return send(TAKE_IN_TASK, upload.pk, queue=FILES_QUEUE)


def enqueue_download(download: Download) -> bool:
    """Ask a worker to pack the zip; False when the broker cannot be reached."""
    return send(PACK_TASK, download.pk, queue=FILES_QUEUE)


def send(task: str, pk, *, queue: str) -> bool:
    """
    A broker that was wiped has forgotten its queues, and an open connection does
    not declare them again: so the second try uses a new one. Of one that hangs no
    second answer is awaited.
    """

    def once(**options) -> None:
        current_app.send_task(task, args=[str(pk)], queue=queue, retry=False, **options)

    try:
        try:
            once()
        except BROKER_ERRORS as error:
            if isinstance(error.__cause__ or error, RedisTimeout):
                raise
            with current_app.connection_for_write() as connection:
                once(connection=connection)
    except BROKER_ERRORS as error:
        logger.warning(
            "The broker did not take %s of %s: %s. It stays waiting and is sent again "
            "by the sweeper.",
            task,
            pk,
            error,
        )
        return False
    return True


def queue_length(queue: str = QUEUE) -> int:
    """How many messages wait in the broker; 0 when it forgot the queue."""
    with current_app.connection_for_read() as connection:
        try:
            declared = connection.default_channel.queue_declare(queue, passive=True)
        except ChannelError:
            return 0
        return declared.message_count
