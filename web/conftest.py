import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from accounts import sign_ins

# A slow machine breaks no law that these tests look for.
hypothesis_settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("patient")


@pytest.fixture(autouse=True)
def quick_hashing(settings):
    """Passwords of tests need no protection, and PBKDF2 is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def signing_in_by_cookies(monkeypatch):
    """`client.force_login` signs in as the site does; REST framework's client too."""
    monkeypatch.setattr(Client, "force_login", force_login)
    monkeypatch.setattr(Client, "logout", lambda client: client.cookies.clear())


@pytest.fixture(autouse=True)
def in_the_sites_language():
    """A request leaves its language to the thread; a test begins without one."""
    translation.deactivate()


def force_login(client, user, backend=None):
    pair = sign_ins.begin(user, request=HttpRequest(), now=timezone.now())
    client.cookies["access"] = pair.access
    client.cookies["refresh"] = pair.refresh
