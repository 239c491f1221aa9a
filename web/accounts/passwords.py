"""New passwords: chosen by whoever is signed in, or by a link in a letter."""

from datetime import datetime

from axes.utils import reset as open_door
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts import sessions
from accounts.exceptions import LinkExpired, WeakPassword
from accounts.models import User


def check_strength(password: str, *, user: User) -> None:
    """Raises WeakPassword, which quotes each rule that is not kept."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


def set_password(user: User, password: str, *, now: datetime) -> None:
    """
    Give `user` a new password, and end every sign-in that the old one has opened.

    Raises WeakPassword.
    """
    check_strength(password, user=user)
    user.set_password(password)
    user.save(update_fields=["password"])
    sessions.revoke_all(user, now=now)


def reset_key(user: User) -> tuple[str, str]:
    """`uid` and `token` of a link, good once and for PASSWORD_RESET_TIMEOUT."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return uid, default_token_generator.make_token(user)


def user_of_key(uid: str, token: str, *, is_locked: bool = False) -> User:
    """
    Whose link it is. `is_locked`: held until the transaction ends.

    Raises LinkExpired for a key that is not, or no more, good.
    """
    try:
        pk = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        raise LinkExpired from None
    rows = User.objects.select_for_update() if is_locked else User.objects.all()
    user = rows.filter(pk=pk, is_active=True).first() if pk < 2**63 else None
    if user is None or not default_token_generator.check_token(user, token):
        raise LinkExpired
    return user


@transaction.atomic
def reset_password(uid: str, token: str, *, password: str, now: datetime) -> User:
    """
    Set the password of whom the letter was sent to, and open their door again. Of two
    who come at once with the same link, the second is too late.

    Raises LinkExpired or WeakPassword.
    """
    user = user_of_key(uid, token, is_locked=True)
    set_password(user, password, now=now)
    open_door(username=user.email)
    return user
