"""What follows the environment, and never an edit."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from socle.core.mail import CONSOLE, NOBODY, mail_settings

SHOW = """
import json
from config import settings
names = ("SESSION", "CSRF", "TOKEN")
print(json.dumps({
    "same_site": sorted({getattr(settings, f"{n}_COOKIE_SAMESITE") for n in names}),
    "secure": sorted({getattr(settings, f"{n}_COOKIE_SECURE") for n in names}),
    "mail": settings.EMAIL_BACKEND,
    "sender": settings.DEFAULT_FROM_EMAIL,
    "middleware": settings.MIDDLEWARE,
}))
"""


def site_settings(**variables):
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "k" * 50,
        "POSTGRES_PASSWORD": "p",
        "REDIS_URL": "redis://127.0.0.1:1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("environment", "url", "same_site", "secure"),
    [
        ("local", "http://localhost:8080", "Lax", False),
        ("dev", "https://dev.example.com", "Lax", True),
        ("prod", "https://example.com", "Strict", True),
    ],
)
def test_cookies_follow_the_environment(environment, url, same_site, secure):
    shown = site_settings(ENVIRONMENT=environment, SITE_URL=url)
    found = json.loads(shown.stdout)

    assert found["same_site"] == [same_site]
    assert found["secure"] == [secure]
    assert not [name for name in found["middleware"] if "cors" in name.lower()]


def test_letters_are_printed_in_local_and_not_sent_elsewhere_without_an_address():
    local = json.loads(site_settings(ENVIRONMENT="local").stdout)
    prod = site_settings(ENVIRONMENT="prod", SITE_URL="https://example.com")
    assert local["mail"] == CONSOLE
    assert json.loads(prod.stdout)["mail"] == NOBODY
    assert json.loads(prod.stdout)["sender"] == "socle@example.com"


def test_a_wrong_address_is_told_without_its_password():
    done = site_settings(EMAIL_URL="smpt://me:hidden@mail.example.com")
    assert done.returncode == 1
    assert "EMAIL_URL (not shown) is " in done.stderr
    assert "smtp+tls://" in done.stderr
    assert "hidden" not in done.stderr


def test_a_mail_server_is_read_from_one_address():
    found = mail_settings("smtp+tls://me%40x.org:p%2Fw@mail.x.org", is_local=False)
    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.x.org",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "me@x.org",
        "EMAIL_HOST_PASSWORD": "p/w",
        "EMAIL_USE_TLS": True,
        "EMAIL_USE_SSL": False,
    }


def test_letters_can_be_written_to_a_folder():
    found = mail_settings("filemail:///var/letters", is_local=True)
    assert found["EMAIL_FILE_PATH"] == "/var/letters"


@pytest.mark.parametrize(
    "url", ["mail.example.com", "smtp://", "smtp://h:99999", "smtp://h:x", "filemail:"]
)
def test_what_is_no_mail_server_is_refused(url):
    with pytest.raises(ValueError, match=r"^it"):
        mail_settings(url, is_local=True)
