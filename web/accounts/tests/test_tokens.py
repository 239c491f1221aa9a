from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken as ForeignToken

from accounts import tokens

SIGN_IN = uuid4()


def refresh(*, jti="a" * 32, issued_at=None, expires_at=None):
    now = timezone.now()
    return tokens.refresh_token(
        SIGN_IN,
        jti=jti,
        issued_at=issued_at or now,
        expires_at=expires_at or now + timedelta(days=1),
    )


def test_an_access_token_names_its_sign_in_and_its_pair():
    claims = tokens.read_access(
        tokens.access_token(SIGN_IN, pair="b" * 32, now=timezone.now())
    )
    assert (claims.sign_in_id, claims.jti) == (SIGN_IN, "b" * 32)


def test_a_refresh_token_can_be_written_again_from_its_facts():
    now = timezone.now()
    facts = {"issued_at": now, "expires_at": now + timedelta(days=1)}
    assert refresh(**facts) == refresh(**facts)
    assert tokens.read_refresh(refresh(**facts)).jti == "a" * 32


def test_neither_token_passes_for_the_other():
    access = tokens.access_token(SIGN_IN, pair="b" * 32, now=timezone.now())
    assert tokens.read_refresh(access) is None
    assert tokens.read_access(refresh()) is None


def test_expired_tokens_are_worth_nothing():
    then = timezone.now() - timedelta(minutes=10, seconds=1)
    assert tokens.read_access(tokens.access_token(SIGN_IN, pair="b", now=then)) is None
    assert tokens.read_refresh(refresh(expires_at=then)) is None


@pytest.mark.parametrize("raw", ["", "x", "a.b.c", "é.b.c", "\0", None])
def test_rubbish_is_no_token(raw):
    assert tokens.read_access(raw) is None
    assert tokens.read_refresh(raw) is None


def test_a_token_of_ours_that_names_no_sign_in_is_none():
    assert tokens.read_access(str(ForeignToken())) is None


def test_another_key_signs_nothing_here(settings):
    header, payload, _signature = refresh().split(".")
    unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."
    assert tokens.read_refresh(f"{header}.{payload}.{'A' * 43}") is None
    assert tokens.read_refresh(unsigned) is None
    assert settings.SIMPLE_JWT["SIGNING_KEY"] != settings.SECRET_KEY
