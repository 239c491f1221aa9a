"""The letters that the site writes, each in the language of its reader."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.exceptions import LetterNotSent
from accounts.invitations import key_of
from accounts.models import INVITATION_LIFETIME, Invitation, User
from accounts.passwords import reset_key
from socle.core.mail import NOBODY


def can_be_sent() -> bool:
    return settings.EMAIL_BACKEND != NOBODY


def send_reset(user: User, *, language: str) -> None:
    """A link to choose a new password. May raise OSError: try again later."""
    uid, token = reset_key(user)
    site = settings.SITE_NAME
    with translation.override(user.language or language):
        send(
            "reset",
            to=user.email,
            subject=_("Choose a new password for %(site)s") % {"site": site},
            link=reverse("accounts:reset_confirm", args=[uid, token]),
            hours=timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
            // timedelta(hours=1),
        )


def send_invitation(invitation: Invitation, *, language: str) -> None:
    """A link to make an account. May raise OSError: try again later."""
    with translation.override(language):
        inviter, site = invitation.invited_by, settings.SITE_NAME
        send(
            "invitation",
            to=invitation.email,
            subject=_("You are invited to %(site)s") % {"site": site},
            link=reverse("accounts:accept_invitation", args=[key_of(invitation)]),
            inviter=inviter.get_full_name() or inviter.email,
            days=INVITATION_LIFETIME.days,
        )


def send(name: str, *, to: str, subject: str, link: str, **context) -> None:
    """Links lead to SITE_URL, whatever host a request has named."""
    address = f"{settings.SITE_URL}{link}"
    context |= {"site": settings.SITE_NAME, "link": address, "to": to}
    text = render_to_string(f"accounts/letters/{name}.txt", context)
    try:
        send_mail(subject, text, from_email=None, recipient_list=[to])
    except OSError as error:
        raise LetterNotSent(error) from None  # whose words name the recipient
