"""Letters are sent by a worker: how long it takes tells nobody whether they exist."""

import logging
from datetime import datetime
from typing import Any
from uuid import uuid4

from celery import Task, shared_task
from django.core.cache import cache
from django.utils.translation import get_language
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts import emails, invitations
from accounts.exceptions import MailUnavailable, TooManyLetters
from accounts.models import Invitation, User, clean_address
from socle.core.api.throttles import count

logger = logging.getLogger(__name__)
HOUR_SECONDS = 60 * 60
NOTED_SECONDS = 24 * HOUR_SECONDS  # longer than any worker is away
LETTERS_PER_HOUR = 6  # to one address: nobody fills somebody else's letter box
INVITATIONS_PER_HOUR = 60  # by one person, by page and by API together
RETRIED: dict[str, Any] = {
    "autoretry_for": (OSError,),
    "retry_backoff": 10,
    "max_retries": 6,
}


@shared_task(**RETRIED)
def send_reset(note: str, language: str) -> None:
    """
    Write to whoever has the address that was noted; nothing happens when nobody has.

    note: the address's place in the cache. Flower shows what a task is given, and
    whose address somebody typed is not for its readers.
    """
    email = cache.get(note)
    if email is None:
        logger.warning("A new password was asked for too long ago; no letter is sent.")
        return
    if count(f"reset:{email}", seconds=HOUR_SECONDS) > LETTERS_PER_HOUR:
        logger.warning("More than %s letters an hour to one address.", LETTERS_PER_HOUR)
        return
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        logger.info("A new password was asked for an address that has no account.")
        return
    emails.send_reset(user, language=language)


@shared_task(**RETRIED)
def send_invitation(invitation_id: int, language: str) -> None:
    """Running it twice sends the same letter twice."""
    rows = Invitation.objects.select_related("invited_by")
    invitation = rows.filter(pk=invitation_id).first()
    if invitation is None:
        logger.info("Invitation %s was withdrawn before it was sent.", invitation_id)
        return
    emails.send_invitation(invitation, language=language)


def post_reset(email: str) -> None:
    """
    Have a worker write to whoever has this address. It is looked up there and not
    here, so that the time of an answer tells nobody whether they exist.

    Raises MailUnavailable, as `post` does.
    """
    note = f"reset_address:{uuid4()}"
    try:
        cache.set(note, clean_address(email), timeout=NOTED_SECONDS)
    except (RedisError, OSError) as error:
        logger.error("No letter can be sent, for Redis takes nothing: %s", error)
        raise MailUnavailable from error
    post(send_reset, note)


def invite_by_letter(email: str, *, role: str, by: User, now: datetime) -> Invitation:
    """
    Make an invitation, or make it anew, and have its letter sent.

    Raises RoleNotAllowed, HasAccount, TooManyLetters or MailUnavailable: then nothing
    has changed.
    """
    email = clean_address(email)
    if not emails.can_be_sent():
        raise MailUnavailable
    if (
        count(f"invited_by:{by.pk}", seconds=HOUR_SECONDS) > INVITATIONS_PER_HOUR
        or count(f"invited:{email}", seconds=HOUR_SECONDS) > LETTERS_PER_HOUR
    ):
        raise TooManyLetters
    before = Invitation.objects.filter(email=email).first()
    invitation = invitations.invite(email, role=role, by=by, now=now)
    try:
        post(send_invitation, invitation.pk)
    except MailUnavailable:
        if before:
            before.save()  # the older letter is good as it was
        else:
            invitation.delete()
        raise
    return invitation


def post(task: Task, *args) -> None:
    """
    Have a worker send a letter, in the language of this moment.

    Raises MailUnavailable when no letters are sent here or no worker can be told.
    """
    if not emails.can_be_sent():
        raise MailUnavailable
    try:
        task.apply_async(args=[*args, get_language() or "en"], retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.error("No letter can be sent, for Redis took no task: %s", error)
        raise MailUnavailable from error
