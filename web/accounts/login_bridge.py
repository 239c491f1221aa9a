"""
Bridges Django's `login()` and `logout()` to sign-ins and their tokens.

Whoever calls `login()` (the site's own pages, single sign-on, impersonation, a test's
`force_login`) writes a person into the session. Tokens are issued for it by the answer,
or at the next request where there was none, and the session notes that. From then on
the tokens count alone: a session whose tokens were issued opens no door by itself.
"""

from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
    login,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import cookies, sessions
from accounts.models import SignIn, User

BACKEND = "accounts.backends.RoleBackend"
# In the session: the login's hash that the tokens were issued for.
ISSUED_FOR = "_tokens_issued_for"


def log_in(request: HttpRequest, user: User) -> None:
    """Django's `login()`, also for somebody whom no backend has just authenticated."""
    login(request, user, backend=getattr(user, "backend", BACKEND))


def pending_login(request: HttpRequest) -> User | None:
    """Whom `login()` has written into the session without tokens issued since."""
    session = getattr(request, "session", None)
    if session is None or SESSION_KEY not in session:
        return None
    if session.get(ISSUED_FOR) == session.get(HASH_SESSION_KEY):
        return None
    user = get_user(request)
    return user if isinstance(user, User) else None


def issue_tokens(request: HttpRequest, user: User) -> None:
    """Begin the sign-in of a pending login; it replaces the browser's earlier one."""
    now = timezone.now()
    before = getattr(request, "sign_in", None)
    if before:
        sessions.revoke(SignIn.objects.filter(pk=before.pk), now=now)
    request.session[ISSUED_FOR] = request.session[HASH_SESSION_KEY]
    if not request.session.session_key:
        request.session.save()
    pair = sessions.begin(user, request=request, now=now)
    cookies.keep(request, pair)
    request.sign_in = pair.sign_in  # type: ignore[attr-defined]


def may_hide_login(request: HttpRequest, sign_in: SignIn | None) -> bool:
    """Whether the session has to be read: not where it is the one that is known."""
    session = getattr(request, "session", None)
    if session is None or not session.session_key:
        return False
    return sign_in is None or sign_in.session_key != session.session_key


def remember_session(request: HttpRequest, sign_in: SignIn) -> None:
    """The session was read and holds no other login: it need not be read again."""
    if key := request.session.session_key:
        SignIn.objects.filter(pk=sign_in.pk).update(session_key=key)


def renew_session(request: HttpRequest, sign_in: SignIn) -> None:
    """Let the session last as long as the tokens: packages read the login in it."""
    session = getattr(request, "session", None)
    if session is None:
        return
    user = str(sign_in.user_id)
    if session.get(SESSION_KEY, user) != user:
        session.flush()  # of whoever was here before
    stamp = sign_in.user.get_session_auth_hash()
    session.update({SESSION_KEY: user, HASH_SESSION_KEY: stamp, ISSUED_FOR: stamp})
    session.setdefault(BACKEND_SESSION_KEY, BACKEND)


@receiver(user_logged_in)
def on_login(request: HttpRequest, sign_in: SignIn | None = None, **_: object) -> None:
    """Each `login()` is worth new tokens, also of somebody who was there before."""
    if sign_in is None and request is not None:
        getattr(request, "session", {}).pop(ISSUED_FOR, None)


@receiver(user_logged_out)
def on_logout(request: HttpRequest, sign_in: SignIn | None = None, **_: object) -> None:
    """Each `logout()` ends its browser's tokens. `sign_in`: that of a program ended."""
    current = getattr(request, "sign_in", None)
    if sign_in is not None or current is None:
        return
    sessions.revoke(SignIn.objects.filter(pk=current.pk), now=timezone.now())
    cookies.forget(request)
    request.sign_in = None  # type: ignore[attr-defined]
