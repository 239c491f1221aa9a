from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken as ForeignToken

from accounts import tokens

SIGN_IN = uuid4()


def refresh(*, jti="a" * 32, expires_at=None):
    until = expires_at or timezone.now() + timedelta(days=1)
    return tokens.refresh_token(SIGN_IN, jti=jti, expires_at=until)


def test_an_access_token_names_its_sign_in_and_its_pair():
    claims = tokens.read_access(
        tokens.access_token(SIGN_IN, pair="b" * 32, now=timezone.now())
    )
    assert (claims.sign_in_id, claims.jti) == (SIGN_IN, "b" * 32)


def test_a_refresh_token_can_be_written_again_from_its_facts():
    until = timezone.now() + timedelta(days=1)
    assert refresh(expires_at=until) == refresh(expires_at=until)
    assert tokens.read_refresh(refresh(expires_at=until)).jti == "a" * 32


def test_a_clock_that_was_put_back_refuses_no_token_of_before():
    later = timezone.now() + timedelta(hours=1)
    access = tokens.access_token(SIGN_IN, pair="b" * 32, now=later)
    assert tokens.read_access(access)
    assert tokens.read_refresh(refresh(expires_at=later + timedelta(days=14)))


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
