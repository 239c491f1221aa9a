import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions
from accounts.models import Invitation, SignIn, User
from accounts.scrubbing import scrub_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    make = User.objects.create_user
    return {
        "ann": make("ann@example.org", "secret", first_name="Ann", last_name="Archer"),
        "boss": make("boss@example.org", "secret", is_staff=True, first_name="Bo"),
        "other": make("other@example.org", "secret", is_staff=True),
    }


def test_people_lose_their_names_addresses_and_passwords(people):
    counts = scrub_people(using="default", keep=[])
    assert counts["people"] == 3
    ann = User.objects.get(pk=people["ann"].pk)
    assert (ann.first_name, ann.last_name) == ("", "")
    assert ann.email == f"person-{ann.pk}@example.invalid"
    assert not ann.has_usable_password()
    assert not ann.check_password("secret")


def test_named_staff_stay_as_they_are(people):
    scrub_people(using="default", keep=[" Boss@Example.org "])
    boss = User.objects.get(pk=people["boss"].pk)
    assert (boss.email, boss.first_name) == ("boss@example.org", "Bo")
    assert boss.check_password("secret")
    assert User.objects.filter(email__endswith="@example.invalid").count() == 2


def test_somebody_who_is_no_staff_cannot_be_kept(people):
    scrub_people(using="default", keep=["ann@example.org"])
    assert not User.objects.filter(email="ann@example.org").exists()


def test_nobody_stays_signed_in_and_no_log_names_anybody(people):
    Session.objects.create(session_key="a", expire_date=timezone.now())
    AccessAttempt.objects.create(username="ann@example.org", failures_since_start=1)
    LogEntry.objects.create(
        user=people["boss"],
        content_type=ContentType.objects.get_for_model(User),
        object_repr="ann@example.org",
        action_flag=ADDITION,
    )
    sessions.begin(people["boss"], request=HttpRequest(), now=timezone.now())
    Invitation.objects.create(
        email="new@example.org", role="member", invited_by=people["boss"]
    )
    counts = scrub_people(using="default", keep=["boss@example.org"])
    assert counts["sessions"] == 1
    assert counts["sign-ins"] == 1
    assert counts["invitations"] == 1
    assert counts["tokens"] == 1
    assert counts["attempts to sign in"] == 1
    assert counts["entries of the admin's log"] == 1
    for model in (Session, AccessAttempt, LogEntry, SignIn, Invitation):
        assert not model.objects.exists()


def test_its_queries_do_not_grow_with_the_people(people, django_assert_max_num_queries):
    for number in range(50):
        User.objects.create_user(f"more-{number}@example.org")
    with django_assert_max_num_queries(14):
        assert scrub_people(using="default", keep=[])["people"] == 53
