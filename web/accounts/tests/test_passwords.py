import re
import socketserver
import threading
import traceback
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import emails, passwords, tasks
from accounts.exceptions import LetterNotSent, LinkExpired, MailUnavailable
from accounts.models import SignIn, User
from accounts.tests.conftest import PASSWORD, bearer, tokens_of, with_tokens
from socle.core.mail import NOBODY

pytestmark = pytest.mark.django_db
NEW = "half-dome-1927"
JSON = "application/json"


def path_in(letter):
    return re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]


def ask(client, email="ansel@example.com", **headers):
    return client.post("/password-reset/", {"email": email}, headers=headers)


def choose(client, path, password=NEW, *, again=None):
    return client.post(
        path, {"new_password1": password, "new_password2": again or password}
    )


# --- asking for a letter ------------------------------------------------------------


def test_known_and_unknown_addresses_are_answered_alike(client, person, sent):
    pages = [ask(client, email) for email in ("ansel@example.com", "no@example.com")]
    answers = [
        client.post("/api/account/password-reset/", {"email": email}, content_type=JSON)
        for email in ("ansel@example.com", "no@example.com")
    ]

    assert {page.url for page in pages} == {"/password-reset/sent/"}
    assert {answer.status_code for answer in answers} == {202}
    # The same work is done before the answer; a worker finds out who exists.
    assert {name for name, _arguments in sent} == {"accounts.tasks.send_reset"}
    assert [cache.get(note) for _name, (note, _language) in sent] == [
        "ansel@example.com",
        "no@example.com",
    ] * 2


def test_no_task_is_given_an_address(client, person, sent):
    """Flower shows what tasks are given."""
    ask(client)
    assert len(sent) == 1
    assert "@" not in str(sent)


def test_an_address_is_not_noted_for_ever(person, worker):
    with CaptureQueriesContext(connection) as asked:
        tasks.send_reset.delay("reset_address:forgotten", "en")
    assert (mail.outbox, len(asked)) == ([], 0)


def test_asking_looks_nobody_up(client, person, sent, django_assert_num_queries):
    with django_assert_num_queries(0):
        ask(client)


def test_a_letter_goes_to_the_address_of_the_account(client, person, worker):
    ask(client, " ANSEL@example.com ")

    (letter,) = mail.outbox
    assert letter.to == ["ansel@example.com"]
    assert letter.subject == f"Choose a new password for {settings.SITE_NAME}"
    assert "within 2 hours" in letter.body


@pytest.mark.parametrize("email", ["nobody@example.com", "gone@example.com"])
def test_nobody_and_the_deactivated_get_no_letter(client, worker, email):
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    assert ask(client, email).status_code == 302
    assert mail.outbox == []


def test_a_letter_leads_to_the_site_whatever_host_was_named(
    client, person, worker, settings
):
    settings.SITE_URL = "https://photos.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    ask(client, host="evil.example")
    assert "https://photos.example.com/password-reset/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_one_letter_box_gets_six_letters_an_hour(client, person, worker):
    for _ in range(8):
        ask(client)
    assert len(mail.outbox) == 6


def test_one_place_asks_for_twenty_letters_an_hour(client, sent):
    for number in range(21):
        response = ask(client, f"{number}@example.com")
    assert response.status_code == 429
    assert len(sent) == 20


def test_a_site_without_mail_says_so(client, person, settings):
    settings.EMAIL_BACKEND = NOBODY
    assert "sends no e-mail" in client.get("/password-reset/").content.decode()
    api = client.post(
        "/api/account/password-reset/", {"email": "a@b.org"}, content_type=JSON
    )
    assert (api.status_code, api.json()["code"]) == (503, "mail_unavailable")


def test_without_a_broker_the_page_says_to_come_again(client, person, monkeypatch):
    def refuse(*args, **options):
        raise ConnectionError("Redis is away.")

    monkeypatch.setattr("celery.Task.apply_async", refuse)
    with pytest.raises(MailUnavailable):
        tasks.post_reset("ansel@example.com")
    response = ask(client)
    assert response.status_code == 503
    assert "cannot send e-mail now" in response.content.decode()


class RefusingMailServer(socketserver.StreamRequestHandler):
    """Knows nobody, and says whom."""

    def handle(self):
        self.say("220 mail.example.com")
        while line := self.rfile.readline().decode().strip():
            command, _, rest = line.partition(" ")
            if command.upper() == "RCPT":
                self.say(f"550 5.1.1 {rest.removeprefix('TO:')}: nobody of that name")
            elif command.upper() == "QUIT":
                self.say("221 Bye")
            else:
                self.say("250 Well")

    def say(self, words):
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def refusing_mail_server(settings):
    with socketserver.TCPServer(("127.0.0.1", 0), RefusingMailServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield
        server.shutdown()


def test_a_letter_that_fails_names_nobody(person, refusing_mail_server):
    with pytest.raises(LetterNotSent) as failed:
        emails.send_reset(person, language="en")

    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value)
    assert "550" in told
    assert "nobody of that name" in told
    assert "ansel" not in told.lower()


# --- the link -----------------------------------------------------------------------


@pytest.fixture
def link(person):
    emails.send_reset(person, language="en")
    return path_in(mail.outbox[-1])


def test_the_link_sets_a_password_and_ends_all_sign_ins(client, person):
    phone = Client()
    phone.force_login(person)
    emails.send_reset(person, language="en")
    link = path_in(mail.outbox[-1])

    assert client.get(link).status_code == 200
    response = choose(client, link)

    assert response.url == "/sign-in/"
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert phone.get("/account/").status_code == 302


def test_the_link_works_once(client, link):
    choose(client, link)
    again = choose(client, link, "glacier-point-9")

    assert again.status_code == 410
    assert "no longer good" in again.content.decode()
    assert client.get(link).status_code == 410


def test_the_link_works_for_two_hours(person, monkeypatch):
    key = passwords.reset_key(person)
    assert passwords.user_of_key(*key) == person

    late = timezone.now().replace(tzinfo=None) + timedelta(hours=2, minutes=1)
    monkeypatch.setattr(passwords.default_token_generator, "_now", lambda: late)
    with pytest.raises(LinkExpired):
        passwords.user_of_key(*key)


@pytest.mark.parametrize(
    "path",
    [
        "/password-reset/MQ/x-y/",
        "/password-reset/é/x/",
        "/password-reset/AAAA/x/",
        "/password-reset/OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/x/",
        "/password-reset/MA/%00/",
    ],
)
def test_a_mistyped_link_is_told(client, person, path):
    assert client.get(path).status_code == 410
    assert choose(client, path).status_code == 410


def test_a_weak_password_is_refused_and_the_link_stays_good(client, link):
    response = choose(client, link, "12345")
    assert response.status_code == 200
    assert "too short" in response.content.decode()
    assert choose(client, link).status_code == 302


def test_a_new_password_opens_a_closed_door(client, person, link):
    for _ in range(10):
        client.post("/sign-in/", {"username": person.email, "password": "wrong"})
    assert AccessAttempt.objects.exists()

    choose(client, link)

    response = client.post("/sign-in/", {"username": person.email, "password": NEW})
    assert response.status_code == 302


def test_the_api_takes_the_same_link(client, person):
    uid, token = passwords.reset_key(person)
    body = {"uid": uid, "token": token, "new_password": "123"}
    weak = confirm(client, body)
    good = confirm(client, body | {"new_password": NEW})
    used = confirm(client, body | {"new_password": NEW})

    assert weak.status_code == 400
    assert [error["field"] for error in weak.json()["errors"]] == ["new_password"]
    assert good.status_code == 204
    assert (used.status_code, used.json()["code"]) == (400, "link_expired")


def confirm(client, body):
    path = "/api/account/password-reset/confirm/"
    return client.post(path, body, content_type=JSON)


# --- changing it --------------------------------------------------------------------


def change(client, *, old=PASSWORD, new=NEW):
    body = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/account/password/", body)


def change_by_api(client, *, old=PASSWORD, new=NEW, **extra):
    body = {"old_password": old, "new_password": new}
    return client.post("/api/account/password/", body, content_type=JSON, **extra)


@pytest.mark.parametrize("change", [change, change_by_api])
def test_a_changed_password_ends_all_other_sign_ins_at_once(client, person, change):
    phone = with_tokens(person)
    with_tokens(person, client)
    before = tokens_of(client).access

    assert change(client).status_code in {204, 302}

    assert phone.get("/api/account/").status_code == 401
    header = bearer(before)
    assert Client().get("/api/account/", headers=header).status_code == 401
    assert client.get("/api/account/").status_code == 200
    assert SignIn.objects.filter(revoked_at=None).count() == 1
    person.refresh_from_db()
    assert person.check_password(NEW)


def test_a_wrong_old_password_changes_nothing(client, person):
    client.force_login(person)
    page = change(client, old="wrong")
    api = change_by_api(client, old="wrong")

    assert "old password is wrong" in page.content.decode()
    assert api.status_code == 400
    assert api.json()["errors"][0]["field"] == "old_password"
    assert SignIn.objects.get().revoked_at is None


def test_guessing_the_old_password_closes_the_door(client, person):
    client.force_login(person)
    for _ in range(9):
        change(client, old="wrong")
    api = change_by_api(client, old="wrong")
    assert (api.status_code, api.json()["code"]) == (429, "locked_out")
    assert change_by_api(client).status_code == 429
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_weak_new_password_is_refused(client, person):
    client.force_login(person)
    assert "too short" in change(client, new="a").content.decode()
    api = change_by_api(client, new="ansel")
    assert api.json()["errors"][0]["field"] == "new_password"
    assert api.json()["errors"][0]["code"] == "weak_password"
