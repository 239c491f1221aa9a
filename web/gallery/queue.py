"""Sends photos to the workers. Losing a message is harmless: see services.requeue."""

import logging

from celery import current_app
from kombu.exceptions import ChannelError, KombuError
from redis.exceptions import RedisError

from gallery.models import Photo

logger = logging.getLogger(__name__)

TASK = "gallery.make_renditions"
QUEUE = "images"
BROKER_ERRORS = (KombuError, RedisError, OSError)


def enqueue(photo: Photo) -> bool:
    """
    Ask a worker to draw `photo`; False when the broker cannot be reached.

    A broker that was wiped has forgotten its queues, and an open connection does
    not declare them again: so the second try uses a new one.
    """
    try:
        send(photo)
    except BROKER_ERRORS:
        try:
            with current_app.connection_for_write() as connection:
                send(photo, connection=connection)
        except BROKER_ERRORS as error:
            logger.warning(
                "The broker did not take photo %s: %s. It stays waiting and is sent "
                "again by the sweeper.",
                photo.pk,
                error,
            )
            return False
    return True


def send(photo: Photo, **options) -> None:
    current_app.send_task(
        TASK, args=[str(photo.pk)], queue=QUEUE, retry=False, **options
    )


def queue_length() -> int:
    """How many photos' messages wait in the broker; 0 when it forgot the queue."""
    with current_app.connection_for_read() as connection:
        try:
            declared = connection.default_channel.queue_declare(QUEUE, passive=True)
        except ChannelError:
            return 0
        return declared.message_count
