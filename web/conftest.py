import pytest


@pytest.fixture(autouse=True)
def quick_hashing(settings):
    """Passwords of tests need no protection, and PBKDF2 is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
