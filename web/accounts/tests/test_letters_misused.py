"""What a stranger tries with the links of letters, and with asking for them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, tasks
from accounts.exceptions import MailUnavailable
from accounts.models import Invitation, User
from accounts.passwords import reset_key
from accounts.tests.conftest import PASSWORD
from socle.core.mail import NOBODY

JSON = "application/json"
ACCEPT = "/api/invitations/accept/"
RESET = "/api/account/password-reset/"
NEW = {"email": "vivian@example.com", "role": "member"}


@pytest.fixture
def boss(transactional_db):
    return User.objects.create_superuser("boss@example.com", PASSWORD)


@pytest.fixture
def key(boss):
    now = timezone.now()
    return invitations.key_of(invitations.invite(**NEW, by=boss, now=now))


def at_once(ask):
    """The answers to eight of them, each from a browser of its own."""

    def one(number):
        try:
            return ask(Client(), number).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(one, range(8)))


# --- accepting ----------------------------------------------------------------------


def test_whoever_accepts_gives_themselves_nothing_more(key):
    more = {
        "email": "other@example.com",
        "role": "operator",
        "roles": ["operator"],
        "groups": [1, 2, 3],
        "is_staff": True,
        "is_superuser": True,
        "user_permissions": [1],
        "is_active": False,
        "id": 1,
    }
    api = {"token": key, "password": "rolleiflex-1955", **more}
    assert Client().post(ACCEPT, api, content_type=JSON).status_code == 201

    vivian = User.objects.get(email="vivian@example.com")
    assert [group.name for group in vivian.groups.all()] == ["member"]
    assert (vivian.is_staff, vivian.is_superuser) == (False, False)
    assert vivian.is_active
    assert not vivian.user_permissions.exists()
    assert User.objects.count() == 2


def test_the_page_takes_nothing_more_either(key):
    form = {
        "new_password1": "rolleiflex-1955",
        "new_password2": "rolleiflex-1955",
        "email": "other@example.com",
        "role": "operator",
        "is_superuser": "on",
        "is_staff": "on",
    }
    assert Client().post(f"/invitations/{key}/", form).status_code == 302

    vivian = User.objects.get(email="vivian@example.com")
    assert [group.name for group in vivian.groups.all()] == ["member"]
    assert (vivian.is_staff, vivian.is_superuser) == (False, False)


def test_the_account_takes_nothing_more_from_its_person(db):
    person = User.objects.create_user("ansel@example.com", PASSWORD)
    client = Client()
    client.force_login(person)
    more = {"is_staff": True, "is_superuser": True, "email": "x@example.com"}
    client.patch("/api/account/", {**more, "last_name": "A"}, content_type=JSON)
    client.post("/account/", {**more, "last_name": "Adams"})

    person.refresh_from_db()
    assert (person.email, person.last_name) == ("ansel@example.com", "Adams")
    assert (person.is_staff, person.is_superuser) == (False, False)


def test_of_many_who_accept_at_once_one_has_the_account(key):
    def accept(client, number):
        body = {"token": key, "password": f"rolleiflex-{number}955"}
        return client.post(ACCEPT, body, content_type=JSON)

    assert at_once(accept) == [201] + [400] * 7
    assert User.objects.filter(email="vivian@example.com").count() == 1


# --- a new password -----------------------------------------------------------------


def test_of_many_with_one_link_one_sets_the_password(boss):
    uid, token = reset_key(boss)

    def choose(client, number):
        body = {"uid": uid, "token": token, "new_password": f"half-dome-{number}927"}
        return client.post(f"{RESET}confirm/", body, content_type=JSON)

    assert at_once(choose) == [204] + [400] * 7


def test_the_link_of_one_is_no_link_of_another(boss):
    other = User.objects.create_user("ansel@example.com", PASSWORD)
    uid, _token = reset_key(other)
    link = reverse("accounts:reset_confirm", args=[uid, reset_key(boss)[1]])
    assert Client().get(link).status_code == 410


# --- asking for letters -------------------------------------------------------------


def test_an_answer_does_the_same_whether_somebody_has_the_address(
    boss, sent, django_assert_num_queries
):
    """No look at the people: neither words nor time can tell."""
    answers = []
    for email in ("boss@example.com", "nobody@example.com"):
        with django_assert_num_queries(0):
            page = Client().post("/password-reset/", {"email": email})
            api = Client().post(RESET, {"email": email}, content_type=JSON)
        answers.append((page.status_code, page.url, api.status_code, api.content))
    assert answers[0] == answers[1]
    assert len(sent) == 4


@pytest.mark.parametrize("asks", ["page", "API"])
def test_one_letter_box_gets_six_invitations_an_hour(boss, worker, asks):
    client = Client()
    client.force_login(boss)
    for _ in range(7):
        if asks == "page":
            answer = client.post("/invitations/", NEW)
        else:
            answer = client.post("/api/invitations/", NEW, content_type=JSON)

    assert len(mail.outbox) == 6
    if asks == "page":
        assert "Too many e-mails" in answer.content.decode()
    else:
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_letters")
    link = mail.outbox[-1].body.split("/invitations/")[1].split("/")[0]
    assert Client().get(f"/invitations/{link}/").status_code == 200


def test_one_person_invites_sixty_an_hour(boss, sent, monkeypatch):
    monkeypatch.setattr(tasks, "INVITATIONS_PER_HOUR", 3)
    client = Client()
    client.force_login(boss)
    for number in range(5):
        client.post("/invitations/", NEW | {"email": f"{number}@example.com"})
    assert Invitation.objects.count() == len(sent) == 3


# --- without mail -------------------------------------------------------------------


def no_mail(settings, monkeypatch):
    settings.EMAIL_BACKEND = NOBODY


def no_broker(settings, monkeypatch):
    def refuse(*args, **options):
        raise ConnectionError("Redis is away.")

    monkeypatch.setattr("celery.Task.apply_async", refuse)


@pytest.mark.parametrize("away", [no_mail, no_broker])
def test_an_invitation_that_cannot_be_sent_is_not_made(
    boss, settings, monkeypatch, away
):
    away(settings, monkeypatch)
    client = Client()
    client.force_login(boss)
    api = client.post("/api/invitations/", NEW, content_type=JSON)
    page = client.post("/invitations/", NEW)

    assert (api.status_code, api.json()["code"]) == (503, "mail_unavailable")
    assert "cannot send e-mail now" in page.content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("away", [no_mail, no_broker])
def test_one_that_cannot_be_sent_again_stays_as_it_was(
    boss, key, settings, monkeypatch, away
):
    away(settings, monkeypatch)
    again = partial(tasks.invite_by_letter, NEW["email"], role="moderator", by=boss)
    with pytest.raises(MailUnavailable):
        again(now=timezone.now())

    assert invitations.find(key, now=timezone.now()).role == "member"
