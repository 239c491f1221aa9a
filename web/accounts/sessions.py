"""Sign-ins: begin, recognise, exchange tokens, end. The only writer of `SignIn`."""

import ipaddress
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import tokens
from accounts.axes_hooks import client_address
from accounts.models import SignIn, User
from accounts.tokens import Claims

logger = logging.getLogger(__name__)

# A replaced refresh token is still taken for so long: other tabs ask at the same time.
GRACE = timedelta(seconds=30)
# `last_used_at` is this coarse, so that most requests write nothing.
NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """The tokens of a sign-in, as the client gets them."""

    sign_in: SignIn
    access: str
    refresh: str


class TokenState(Enum):
    CURRENT = auto()  # may be exchanged
    REPLACED = auto()  # just now, or its successor got lost: gets the same successor
    REUSED = auto()  # two have it: the person and a thief
    UNKNOWN = auto()  # of a database that was restored since


def begin(user: User, *, request: HttpRequest, now: datetime) -> Pair:
    """Sign `user` in from where `request` comes. Django's listeners: the caller's."""
    sign_in = SignIn.objects.create(
        user=user,
        created_at=now,
        last_used_at=now,
        address=_address(request),
        user_agent=request.headers.get("User-Agent", "")[:300],
        password_stamp=user.get_session_auth_hash(),
        session_key=_session_key(request),
        current_jti=tokens.new_jti(),
        rotated_at=now,
        expires_at=now + tokens.REFRESH_LIFETIME,
    )
    _remember(sign_in)
    return pair_of(sign_in, now=now)


def begin_by_token(user: User, *, request: HttpRequest, now: datetime) -> Pair:
    """Sign a program in, beside the session; tells Django's own listeners."""
    pair = begin(user, request=request, now=now)
    user_logged_in.send(sender=User, request=request, user=user, sign_in=pair.sign_in)
    return pair


def pair_of(sign_in: SignIn, *, now: datetime) -> Pair:
    """A new access token, and the refresh token that is current."""
    return Pair(
        sign_in,
        access=tokens.access_token(sign_in.id, pair=sign_in.current_jti, now=now),
        refresh=tokens.refresh_token(
            sign_in.id,
            jti=sign_in.current_jti,
            expires_at=sign_in.expires_at,
        ),
    )


# --- Recognise ----------------------------------------------------------------------


def recognise(raw_access: str, *, now: datetime) -> SignIn | None:
    """Whose access token this is, with the user: one query, and rarely an update."""
    claims = tokens.read_access(raw_access)
    sign_in = _find(SignIn.objects.all(), claims)
    if sign_in is None or claims is None:
        return None
    _note_use(sign_in, claims, now=now)
    return sign_in


def recognise_refresh(raw_refresh: str, *, now: datetime) -> SignIn | None:
    """Whose refresh token this is, without exchanging it. Nothing is changed."""
    claims = tokens.read_refresh(raw_refresh)
    sign_in = _find(SignIn.objects.all(), claims)
    if sign_in is None or claims is None:
        return None
    good = {TokenState.CURRENT, TokenState.REPLACED}
    return sign_in if _judge(sign_in, claims.jti, now=now) in good else None


def _find(sign_ins: QuerySet[SignIn], claims: Claims | None) -> SignIn | None:
    if claims is None:
        return None
    found = sign_ins.select_related("user").filter(pk=claims.sign_in_id).first()
    return found if found and found.is_good else None


def _note_use(sign_in: SignIn, claims: Claims, *, now: datetime) -> None:
    arrived = claims.jti == sign_in.current_jti and not sign_in.current_is_used
    if not arrived and now - sign_in.last_used_at < NOTED_EVERY:
        return
    changes: dict = {"last_used_at": now}
    rows = SignIn.objects.filter(pk=sign_in.pk)
    if arrived:  # unless another request exchanged it in the meantime
        changes["current_is_used"] = True
        rows = rows.filter(current_jti=claims.jti)
    rows.update(**changes)


# --- Exchange -----------------------------------------------------------------------


def exchange(raw_refresh: str, *, now: datetime) -> Pair | None:
    """
    New tokens for a refresh token; None when it is not good, and then nothing is lost.

    Requests that come with the same token at once all get the same successor. A token
    that was replaced long ago ends its whole sign-in: somebody else has it too.
    """
    claims = tokens.read_refresh(raw_refresh)
    if claims is None:
        return None
    with transaction.atomic():
        locked = SignIn.objects.select_for_update(of=("self",))
        sign_in = _find(locked, claims)
        if sign_in is None or sign_in.expires_at <= now:
            return None
        verdict = _judge(sign_in, claims.jti, now=now)
        if verdict is TokenState.CURRENT:
            _rotate(sign_in, now=now)
        elif verdict is TokenState.REUSED:
            _end_reused(sign_in, now=now)
    if verdict in {TokenState.CURRENT, TokenState.REPLACED}:
        return pair_of(sign_in, now=now)
    return None


def _judge(sign_in: SignIn, jti: str, *, now: datetime) -> TokenState:
    if jti == sign_in.current_jti:
        return TokenState.CURRENT
    if jti == sign_in.previous_jti and not sign_in.current_is_used:
        return TokenState.REPLACED
    replaced = BlacklistedToken.objects.filter(token__jti=jti).first()
    if replaced is None:
        return TokenState.UNKNOWN
    is_recent = now - replaced.blacklisted_at <= GRACE
    return TokenState.REPLACED if is_recent else TokenState.REUSED


def _rotate(sign_in: SignIn, *, now: datetime) -> None:
    _blacklist([sign_in.current_jti])
    sign_in.previous_jti, sign_in.current_jti = sign_in.current_jti, tokens.new_jti()
    sign_in.current_is_used = False
    sign_in.rotated_at = sign_in.last_used_at = now
    sign_in.expires_at = now + tokens.REFRESH_LIFETIME
    sign_in.save()
    _remember(sign_in)


def _end_reused(sign_in: SignIn, *, now: datetime) -> None:
    logger.warning(
        "A refresh token of user %s was used again after it had been replaced. "
        "Somebody may have copied it: sign-in %s was ended on all its devices.",
        sign_in.user_id,
        sign_in.pk,
    )
    revoke(SignIn.objects.filter(pk=sign_in.pk), now=now)


# --- End ----------------------------------------------------------------------------


def revoke(sign_ins: QuerySet[SignIn], *, now: datetime) -> int:
    """End all of `sign_ins` at once; how many had not ended before."""
    with transaction.atomic():
        open_ones = sign_ins.order_by().filter(revoked_at=None)
        rows = list(
            open_ones.select_for_update(of=("self",)).values_list("pk", "current_jti")
        )
        _blacklist([jti for _pk, jti in rows])
        ended = SignIn.objects.filter(pk__in=[pk for pk, _jti in rows])
        return ended.update(revoked_at=now)


def revoke_all(user: User, *, now: datetime, but: uuid.UUID | None = None) -> int:
    """Sign `user` out everywhere, or everywhere but in the sign-in `but`."""
    rows = SignIn.objects.filter(user=user)
    return revoke(rows.exclude(pk=but) if but else rows, now=now)


def end_by_token(sign_in: SignIn, *, request: HttpRequest, now: datetime) -> None:
    """Sign a program out, and no browser; tells Django's own listeners."""
    revoke(SignIn.objects.filter(pk=sign_in.pk), now=now)
    user_logged_out.send(
        sender=User, request=request, user=sign_in.user, sign_in=sign_in
    )


# --- Rows of simplejwt --------------------------------------------------------------


def _remember(sign_in: SignIn) -> None:
    """Without the token's text, which would open the door to any reader of the row."""
    OutstandingToken.objects.create(
        user_id=sign_in.user_id,
        jti=sign_in.current_jti,
        token="",
        created_at=sign_in.rotated_at,
        expires_at=sign_in.expires_at,
    )


def _blacklist(jtis: list[str]) -> None:
    outstanding = OutstandingToken.objects.filter(jti__in=jtis)
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in outstanding],
        ignore_conflicts=True,
    )


def _session_key(request: HttpRequest) -> str:
    return getattr(getattr(request, "session", None), "session_key", None) or ""


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ipaddress.ip_address(client_address(request)))
    except ValueError:  # a unix socket has none
        return None
