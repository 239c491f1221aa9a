import pytest
from django.conf import settings
from django.contrib.admin import site
from django.core import mail
from django.test import Client

from accounts.models import Invitation, SignIn, User
from accounts.tests.conftest import PASSWORD, USERS, bearer, tokens_of, with_tokens

pytestmark = pytest.mark.django_db


def act(client, page, action, *rows):
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page, body, follow=True)


# --- the way in -----------------------------------------------------------------------


def test_visitors_come_in_by_the_sites_own_sign_in(client):
    response = client.get("/admin/accounts/user/", follow=True)
    path, _status = response.redirect_chain[-1]
    assert path == "/sign-in/?next=/admin/accounts/user/"
    assert client.get("/admin/login/").url == "/sign-in/?next=/admin/"


def test_there_is_no_second_form_to_guess_at(client, boss):
    visitor = Client()
    body = {"username": "boss@example.com", "password": PASSWORD}
    response = visitor.post("/admin/login/?next=/admin/", body)
    assert response.url == "/sign-in/?next=/admin/"
    assert "access" not in visitor.cookies


def test_staff_who_are_signed_in_are_let_through(client, boss):
    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/login/?next={USERS}").url == USERS
    assert client.get("/admin/login/?next=https://evil.example/").url == "/admin/"


def test_others_are_refused_instead_of_sent_round_in_circles(client, with_role):
    client.force_login(with_role("operator"))
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403


def test_signing_out_in_the_admin_signs_out_everywhere_in_the_site(client, boss):
    access = tokens_of(client).access
    assert client.post("/admin/logout/").status_code == 302
    answer = Client().get("/api/account/", headers=bearer(access))
    assert answer.status_code == 401


def test_the_own_password_is_changed_on_the_account_page(client, boss):
    assert client.get("/admin/password_change/").url == "/account/"


def test_it_carries_the_sites_name(client, boss):
    assert (
        f"{settings.SITE_NAME} administration" in client.get("/admin/").content.decode()
    )


# --- people ---------------------------------------------------------------------------


def test_people_are_found_by_address_and_name(client, boss, person):
    for words, count in (("ansel", 1), ("example.com", 2), ("nobody", 0)):
        page = client.get(USERS, {"q": words})
        assert page.context["cl"].result_count == count


def test_revoking_tokens_makes_them_useless_at_once(client, boss, person):
    phone = with_tokens(person)

    page = act(client, USERS, "sign_out_everywhere", person)

    assert "1 sign-in is ended." in page.content.decode()
    assert phone.get("/api/account/").status_code == 401
    assert client.get("/api/account/").status_code == 200


def change(client, user, **changes):
    page = client.get(f"{USERS}{user.pk}/change/")
    form = page.context["adminform"].form
    body = {name: form[name].value() for name in form.fields}
    body = {name: value for name, value in body.items() if value not in (None, False)}
    body |= changes
    body = {name: value for name, value in body.items() if value is not None}
    response = client.post(f"{USERS}{user.pk}/change/", body)
    assert response.status_code == 302, response.context["adminform"].form.errors


def test_locking_somebody_ends_their_sign_ins_for_good(client, boss, person):
    phone = with_tokens(person)

    change(client, person, is_active=None)
    assert phone.get("/api/account/").status_code == 401

    change(client, person, is_active="on")
    assert User.objects.get(pk=person.pk).is_active
    assert phone.get("/api/account/").status_code == 401


def test_other_changes_end_nothing(client, boss, person):
    phone = Client()
    phone.force_login(person)
    change(client, person, first_name="A.")
    assert phone.get("/api/account/").json()["first_name"] == "A."


@pytest.mark.parametrize("who", ["somebody", "oneself"])
def test_a_password_that_is_set_here_ends_all_sign_ins(client, boss, person, who):
    user = boss if who == "oneself" else person
    phone = with_tokens(user)
    body = {"password1": "half-dome-1927", "password2": "half-dome-1927"}
    body |= {"usable_password": "true", "set-password": "1"}

    response = client.post(f"{USERS}{user.pk}/password/", body)

    assert response.status_code == 302
    assert phone.get("/api/account/").status_code == 401
    assert SignIn.objects.filter(revoked_at=None).count() == 1
    assert client.get("/admin/").status_code == 200


def test_a_letter_lets_somebody_choose_a_password(client, boss, person, worker):
    act(client, USERS, "send_password_letter", person)
    assert mail.outbox[0].to == ["ansel@example.com"]


def test_a_closed_door_is_opened(client, boss, person):
    visitor = Client()
    body = {"username": person.email, "password": "wrong"}
    for _ in range(10):
        visitor.post("/sign-in/", body)
    good = body | {"password": PASSWORD}
    assert visitor.post("/sign-in/", good).status_code == 429

    act(client, USERS, "open_the_door", person)

    assert visitor.post("/sign-in/", good).status_code == 302


# --- sign-ins and invitations ---------------------------------------------------------


def test_sign_ins_are_looked_at_and_ended(client, boss, person):
    phone = with_tokens(person)
    row = SignIn.objects.get(user=person)
    page = "/admin/accounts/signin/"

    assert client.get(page, {"q": "ansel"}).context["cl"].result_count == 1
    assert client.get(f"{page}{row.pk}/change/").status_code == 200
    assert client.get(f"{page}add/").status_code == 403
    assert client.post(f"{page}{row.pk}/delete/").status_code == 403
    act(client, page, "revoke", row)

    assert phone.get("/api/account/").status_code == 401


def test_inviting_leads_to_the_invitations_page(client, boss, worker):
    page = "/admin/accounts/invitation/"
    assert client.get(f"{page}add/").url == "/invitations/"
    client.post("/invitations/", {"email": "vivian@example.com", "role": "operator"})
    row = Invitation.objects.get()
    before = row.nonce

    act(client, page, "send_again", row)

    row.refresh_from_db()
    assert row.nonce != before
    assert len(mail.outbox) == 2
    assert client.get(page, {"q": "vivian"}).context["cl"].result_count == 1


def test_tokens_have_no_pages_of_their_own():
    labels = {model._meta.label for model in site._registry}
    assert not [label for label in labels if label.startswith("token_blacklist")]
