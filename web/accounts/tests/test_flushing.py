from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import sessions
from accounts.models import Invitation, SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


def run():
    out = StringIO()
    call_command("flush_tokens", stdout=out)
    return out.getvalue()


def test_what_has_expired_is_removed_and_counted(person, now):
    then = now - timedelta(days=15)
    old = sessions.begin(person, request=HttpRequest(), now=then)
    sessions.revoke_all(person, now=then)
    good = sessions.begin(person, request=HttpRequest(), now=now)
    good = sessions.exchange(good.refresh, now=now)
    for days in (10, 31):
        Invitation.objects.create(
            email=f"{days}@example.com",
            role="member",
            invited_by=person,
            expires_at=now - timedelta(days=days),
        )
    Session.objects.create(session_key="a", expire_date=then)
    Session.objects.create(session_key="b", expire_date=now + timedelta(days=1))
    AccessAttempt.objects.create(username="x", failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=then)

    assert run() == (
        "Removed: 1 tokens, 1 sign-ins, 1 invitations, 1 failed attempts to sign in, "
        "1 sessions.\n"
    )

    assert not SignIn.objects.filter(pk=old.sign_in.pk).exists()
    assert Invitation.objects.get().email == "10@example.com"
    assert Session.objects.get().session_key == "b"
    assert sessions.recognise(good.access, now=now)
    assert OutstandingToken.objects.count() == 2
    assert BlacklistedToken.objects.count() == 1  # still known as replaced
    assert run() == "Removed: nothing had expired.\n"


def test_the_command_of_simplejwt_works_as_well(person, now):
    then = now - timedelta(days=15)
    sessions.begin(person, request=HttpRequest(), now=then)
    call_command("flushexpiredtokens")
    assert not OutstandingToken.objects.exists()
