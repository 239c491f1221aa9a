"""Takes away what has expired and is of no use to anybody."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import Invitation, SignIn

# For so long a late visitor is told that the invitation has expired, by name.
INVITATIONS_KEPT = timedelta(days=30)
ATTEMPTS_KEPT = timedelta(days=1)  # they count for fifteen minutes


def flush_expired(*, now: datetime) -> dict[str, int]:
    """How many rows of each kind were removed."""
    long_expired = Invitation.objects.filter(expires_at__lte=now - INVITATIONS_KEPT)
    expired = {
        "tokens": OutstandingToken.objects.filter(expires_at__lte=now),
        "sign-ins": SignIn.objects.filter(expires_at__lte=now),
        "invitations": long_expired,
        "failed attempts to sign in": AccessAttempt.objects.filter(
            attempt_time__lte=now - ATTEMPTS_KEPT
        ),
        "sessions": Session.objects.filter(expire_date__lte=now),
    }
    counts = {}
    for name, rows in expired.items():
        removed = rows.delete()[1]
        counts[name] = removed.get(rows.model._meta.label, 0)
    return counts
