"""
The two tokens of a sign-in: JWTs of simplejwt, signed with a key of their own.

Both name the sign-in; the access token also names the refresh token that it came with,
so that its use shows that this one has arrived as well.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import datetime_to_epoch

SIGN_IN = "sign_in"
PAIR = "pair"
ACCESS_LIFETIME = api_settings.ACCESS_TOKEN_LIFETIME
REFRESH_LIFETIME = api_settings.REFRESH_TOKEN_LIFETIME


class UndatedToken(Token):
    """
    Says until when it is good, and not since when: a clock that was put back would
    refuse what it has signed itself, and sign everybody out until it has caught up.
    """

    def set_iat(self, *args, **kwargs) -> None:
        pass


class AccessToken(UndatedToken):
    token_type = "access"
    lifetime = ACCESS_LIFETIME


class RefreshToken(UndatedToken):
    token_type = "refresh"
    lifetime = REFRESH_LIFETIME


@dataclass(frozen=True)
class Claims:
    """What a token says. `jti` names a refresh token: itself, or its access's pair."""

    sign_in_id: uuid.UUID
    jti: str


def new_jti() -> str:
    return uuid.uuid4().hex


def access_token(sign_in_id: uuid.UUID, *, pair: str, now: datetime) -> str:
    token = AccessToken()
    token.set_exp(from_time=now)
    token[SIGN_IN], token[PAIR] = sign_in_id.hex, pair
    return str(token)


def refresh_token(sign_in_id: uuid.UUID, *, jti: str, expires_at: datetime) -> str:
    """The same arguments give the same token: nobody has to keep it."""
    token = RefreshToken()
    token["exp"] = datetime_to_epoch(expires_at)
    token[api_settings.JTI_CLAIM] = jti
    token[SIGN_IN] = sign_in_id.hex
    return str(token)


def read_access(raw: str) -> Claims | None:
    """None for anything but a token of ours that has not expired."""
    return _read(AccessToken, raw, name=PAIR)


def read_refresh(raw: str) -> Claims | None:
    """None for anything but a token of ours that has not expired."""
    return _read(RefreshToken, raw, name=api_settings.JTI_CLAIM)


def _read(kind: type[Token], raw: str, *, name: str) -> Claims | None:
    if not raw:
        return None
    try:
        token = kind(raw)  # type: ignore[arg-type]  # simplejwt's hint is wrong
        return Claims(uuid.UUID(token[SIGN_IN]), str(token[name]))
    except (TokenError, KeyError, ValueError, AttributeError, TypeError):
        return None
