"""
Limits the wrong passwords for one account from everywhere together.

The lock-out counts an account and a place: whoever has a thousand addresses guesses a
thousand times as often. This one counts the account, and must let its person in while
somebody guesses: from places where they have signed in, and after a new password.
"""

from contextlib import suppress
from datetime import timedelta

from axes.models import AccessAttempt
from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.axes_hooks import client_network
from accounts.models import SignIn, User
from socle.core.client_networks import network_of

WRONG_PASSWORDS = 30
WINDOW = timedelta(minutes=15)  # as long as axes keeps attempts: AXES_COOLOFF_TIME
PLACE_SECONDS = 24 * 60 * 60


def is_reached(request: HttpRequest, email: str) -> bool:
    """Whether `email` has to wait at this place; the same for an unknown address."""
    since = timezone.now() - WINDOW
    attempts = AccessAttempt.objects.filter(username=email, attempt_time__gte=since)
    wrong = attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
    return wrong >= WRONG_PASSWORDS and not _knows_place(request, email)


def remember_place(request: HttpRequest, user: User) -> None:
    """For a day: a new password was chosen here by the link of a letter."""
    with suppress(RedisError, OSError):  # without Redis they wait as everybody else
        cache.set(_key(request, user.email), 1, timeout=PLACE_SECONDS)


def _knows_place(request: HttpRequest, email: str) -> bool:
    here = client_network(request)
    rows = SignIn.objects.filter(user__email=email).exclude(address=None)
    known = rows.values_list("address", flat=True).distinct()
    if here and any(network_of(address or "") == here for address in known):
        return True
    try:
        return cache.get(_key(request, email)) is not None
    except (RedisError, OSError):
        return False


def _key(request: HttpRequest, email: str) -> str:
    return f"new_password:{client_network(request)}:{email}"
