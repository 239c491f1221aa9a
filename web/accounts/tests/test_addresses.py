"""However an address is typed, its person signs in with it."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.exceptions import HasAccount
from accounts.models import User
from accounts.tests.conftest import PASSWORD, USERS

pytestmark = pytest.mark.django_db
TYPED = "Ansel.Adams@Example.com"
STORED = "ansel.adams@example.com"


def add(client, email):
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    return client.post(
        f"{USERS}add/", {"email": email, "usable_password": "true"} | passwords
    )


def change(client, user, email):
    page = client.get(f"{USERS}{user.pk}/change/")
    form = page.context["adminform"].form
    body = {name: form[name].value() for name in form.fields}
    body = {name: value for name, value in body.items() if value not in (None, False)}
    return client.post(f"{USERS}{user.pk}/change/", body | {"email": email})


def sign_in(email):
    return Client().post("/sign-in/", {"username": email, "password": PASSWORD})


@pytest.mark.parametrize("typed", [TYPED, STORED, STORED.upper(), f" {TYPED} "])
def test_whoever_is_made_in_the_admin_signs_in(client, boss, typed):
    assert add(client, TYPED).status_code == 302

    assert User.objects.exclude(pk=boss.pk).get().email == STORED
    assert sign_in(typed).status_code == 302


def test_whoever_is_made_in_the_admin_gets_letters_and_no_invitation(
    client, boss, worker
):
    add(client, TYPED)

    Client().post("/password-reset/", {"email": TYPED})

    with pytest.raises(HasAccount):
        invitations.invite(TYPED, role="member", by=boss, now=timezone.now())
    assert [letter.to for letter in mail.outbox] == [[STORED]]


def test_an_address_that_is_changed_in_the_admin_is_kept_in_lower_case(
    client, boss, person
):
    assert change(client, person, TYPED).status_code == 302

    person.refresh_from_db()
    assert person.email == STORED
    assert sign_in(TYPED).status_code == 302


def test_capitals_make_no_second_person(client, boss, person):
    other = User.objects.create_user(STORED, PASSWORD)
    answers = [add(client, TYPED), change(client, person, TYPED)]

    for answer in answers:
        assert answer.status_code == 200
        assert "email" in answer.context["adminform"].form.errors
    assert User.objects.get(email=STORED) == other
    assert User.objects.count() == 3


def test_the_commands_keep_the_same_form(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email=TYPED, verbosity=0)
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    call_command("create_admin", email=STORED.upper())

    assert User.objects.get().email == STORED
    assert sign_in(TYPED).status_code == 302


# --- those who were made before -------------------------------------------------------


def migrate():
    migration = import_module("accounts.migrations.0003_lower_case_addresses")
    migration.lower(apps, SimpleNamespace(connection=connection))


def made_before(email):
    user = User(email=email)
    user.set_password(PASSWORD)
    user.save()
    return user


def test_older_addresses_are_lowered(caplog):
    user = made_before("Ansel.Adams@example.com")
    assert sign_in(TYPED).status_code == 200

    migrate()

    user.refresh_from_db()
    assert user.email == STORED
    assert sign_in(TYPED).status_code == 302
    assert not caplog.records


@pytest.mark.parametrize("other", [STORED, "ANSEL.Adams@example.com"])
def test_older_addresses_that_would_collide_are_left_and_named(other, caplog):
    users = [made_before("Ansel.Adams@example.com"), made_before(other)]

    migrate()

    left = [User.objects.get(pk=user.pk).email for user in users]
    assert left == ["Ansel.Adams@example.com", other]
    said = " ".join(record.getMessage() for record in caplog.records)
    for user in users:
        assert (f"Person {user.pk} " in said) == (user.email != STORED)
    assert f"/admin/accounts/user/{users[0].pk}/change/" in said
