import re
from datetime import timedelta

import pytest
from django.core import mail, signing
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.exceptions import LinkExpired
from accounts.models import Invitation, User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
JSON = "application/json"
NEW = {"email": "vivian@example.com", "role": "photographer"}
FORM = {
    "first_name": "Vivian",
    "last_name": "Maier",
    "new_password1": "rolleiflex-1955",
    "new_password2": "rolleiflex-1955",
}


@pytest.fixture
def moderator(client, with_role):
    user = with_role("moderator", first_name="Dorothea", last_name="Lange")
    client.force_login(user)
    return user


def path_in(letter):
    return re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]


@pytest.fixture
def invited(client, moderator, worker):
    """The way of the letter's link."""
    client.post("/invitations/", NEW)
    return path_in(mail.outbox[-1])


# --- inviting -----------------------------------------------------------------------


def test_an_invitation_is_sent_with_a_link_and_the_inviters_name(client, invited):
    (letter,) = mail.outbox
    assert letter.to == ["vivian@example.com"]
    assert "Dorothea Lange invites you" in letter.body
    assert "within 7 days" in letter.body
    assert invited.startswith("/invitations/")


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        ("member", []),
        ("photographer", []),
        ("operator", []),
        ("moderator", ["member", "photographer", "moderator"]),
    ],
)
def test_people_give_roles_whose_rights_they_have(with_role, role, roles):
    assert invitations.roles_for(with_role(role)) == roles


def test_superusers_give_every_role():
    boss = User.objects.create_superuser("boss@example.com", PASSWORD)
    assert "operator" in invitations.roles_for(boss)


@pytest.mark.parametrize("role", ["member", "photographer", "operator"])
def test_who_may_not_invite_is_refused(client, with_role, role, sent):
    client.force_login(with_role(role))
    assert client.get("/invitations/").status_code == 403
    assert client.post("/invitations/", NEW).status_code == 403
    assert client.get("/api/invitations/").status_code == 403
    response = client.post("/api/invitations/", NEW, content_type=JSON)
    assert response.status_code == 403
    assert not Invitation.objects.exists()
    assert sent == []


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/invitations/").url == "/sign-in/?next=/invitations/"
    assert client.get("/api/invitations/").status_code == 401


def test_nobody_gives_more_than_they_have(client, moderator, sent):
    page = client.post("/invitations/", NEW | {"role": "operator"})
    api = client.post(
        "/api/invitations/", NEW | {"role": "operator"}, content_type=JSON
    )
    assert page.status_code == 200
    assert (api.status_code, api.json()["code"]) == (403, "role_not_allowed")
    assert sent == []


def test_who_has_an_account_is_not_invited(client, moderator, sent):
    User.objects.create_user("vivian@example.com")
    page = client.post("/invitations/", NEW | {"email": "Vivian@Example.com"})
    api = client.post("/api/invitations/", NEW, content_type=JSON)

    assert "is an account with this address" in page.content.decode()
    assert (api.status_code, api.json()["code"]) == (409, "has_account")


def test_inviting_by_api(client, moderator, worker):
    response = client.post("/api/invitations/", NEW, content_type=JSON)

    assert response.status_code == 201
    assert response.json()["invited_by"] == "moderator@example.com"
    assert client.get("/api/invitations/").json() == [response.json()]
    assert len(mail.outbox) == 1
    path = f"/api/invitations/{response.json()['id']}/"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404


def test_moderators_see_the_invitations_that_they_sent(client, invited, with_role):
    other = Client()
    other.force_login(with_role("moderator", "other@example.com"))
    pk = Invitation.objects.get().pk

    assert other.get("/api/invitations/").json() == []
    assert other.delete(f"/api/invitations/{pk}/").status_code == 404
    assert other.post(f"/invitations/{pk}/withdraw/").status_code == 404
    assert "vivian@example.com" in client.get("/invitations/").content.decode()


def test_sending_again_makes_the_older_letter_worthless(client, invited):
    pk = Invitation.objects.get().pk
    client.post(f"/invitations/{pk}/send/")
    newer = path_in(mail.outbox[-1])

    assert Client().get(invited).status_code == 410
    assert Client().get(newer).status_code == 200
    assert Invitation.objects.count() == 1


# --- accepting ----------------------------------------------------------------------


def test_the_link_makes_an_account_with_the_role_and_signs_in(invited):
    visitor = Client()
    page = visitor.get(invited)
    response = visitor.post(invited, FORM)

    assert "vivian@example.com" in page.content.decode()
    assert response.status_code == 302
    vivian = User.objects.get(email="vivian@example.com")
    assert vivian.get_full_name() == "Vivian Maier"
    assert vivian.check_password("rolleiflex-1955")
    assert not vivian.is_staff
    answer = visitor.get("/api/account/").json()
    assert answer["roles"] == ["photographer"]


def test_the_link_works_once(invited):
    Client().post(invited, FORM)
    again = Client().post(invited, FORM)

    assert again.status_code == 410
    assert "made your account already" in again.content.decode()
    assert User.objects.filter(email="vivian@example.com").count() == 1


def test_an_expired_invitation_says_whom_to_ask(invited):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    page = Client().get(invited)

    assert page.status_code == 410
    assert "has expired. Ask who invited you" in page.content.decode()
    assert Client().post(invited, FORM).status_code == 410
    assert not User.objects.filter(email="vivian@example.com").exists()


def test_an_invitation_lasts_seven_days(invited):
    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_withdrawn_invitation_is_worth_nothing(client, invited):
    client.post(f"/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert Client().get(invited).status_code == 410


@pytest.mark.parametrize("path", ["/invitations/x/", "/invitations/a:b:c/"])
def test_a_mistyped_link_is_told(path):
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("change", ["is_active", "role"])
def test_who_may_invite_no_more_has_invited_nobody(invited, moderator, change):
    if change == "is_active":
        moderator.is_active = False
        moderator.save()
    else:
        moderator.groups.clear()
    assert Client().post(invited, FORM).status_code == 410
    assert not User.objects.filter(email="vivian@example.com").exists()


def test_a_weak_password_is_refused_and_the_link_stays_good(invited):
    weak = {"new_password1": "vivian", "new_password2": "vivian"}
    page = Client().post(invited, FORM | weak)
    assert page.status_code == 200
    assert "too short" in page.content.decode()
    similar = {"new_password1": "viviann1", "new_password2": "viviann1"}
    assert "too similar" in Client().post(invited, FORM | similar).content.decode()
    assert Client().post(invited, FORM).status_code == 302


def test_accepting_by_api(invited):
    key = invited.split("/")[2]
    body = {"token": key, "first_name": "V.", "password": "rolleiflex-1955"}
    path = "/api/invitations/accept/"
    response = Client().post(path, body, content_type=JSON)
    again = Client().post(path, body, content_type=JSON)

    assert response.status_code == 201
    assert response.json()["roles"] == ["photographer"]
    assert "access" not in response.cookies
    assert (again.status_code, again.json()["code"]) == (400, "link_expired")


def test_a_signature_of_something_else_is_no_invitation(person):
    with pytest.raises(LinkExpired):
        invitations.find(signing.dumps({"id": 1}), now=timezone.now())


def test_the_language_of_who_accepts_is_kept(invited):
    Client().post(invited, FORM, headers={"accept-language": "fr"})
    assert User.objects.get(email="vivian@example.com").language == "fr"
