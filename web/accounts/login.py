"""What happens when somebody signs in or out with a browser, by page or by API."""

from django.contrib.auth import authenticate, logout
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import login_bridge, passwords, sessions
from accounts.exceptions import LockedOut, WrongCredentials
from accounts.models import SignIn, User


class SignedInRequest(HttpRequest):
    """For type hints of views that nobody else reaches."""

    user: User


def check_credentials(request: HttpRequest, *, email: str, password: str) -> User:
    """
    Whose address and password these are.

    Raises WrongCredentials, the same and after the same time whether the address is
    known or not, and LockedOut after too many of them.
    """
    user = authenticate(request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if user is None:
        raise WrongCredentials
    return user


def sign_in(request: HttpRequest, user: User) -> None:
    """Begin a sign-in whose tokens the answer carries; it replaces the browser's."""
    login_bridge.log_in(request, user)


def sign_out(request: HttpRequest) -> None:
    """End the sign-in of this browser; without one nothing is changed."""
    if current(request):
        logout(request)


def sign_out_everywhere(request: HttpRequest, user: User) -> int:
    """End all sign-ins of `user`, this one included; how many there were."""
    count = sessions.revoke_all(user, now=timezone.now())
    sign_out(request)
    return count


def current(request: HttpRequest) -> SignIn | None:
    """The sign-in that came with the cookies of this request."""
    return getattr(request, "sign_in", None)


def change_password(request: HttpRequest, user: User, *, old: str, new: str) -> None:
    """
    Change the password and end all sign-ins; this browser gets a new one.

    Raises WrongCredentials or LockedOut for `old`, WeakPassword for `new`.
    """
    check_credentials(request, email=user.email, password=old)
    here = current(request)
    passwords.set_password(user, new, now=timezone.now())
    if here:
        sign_in(request, user)


def wrong_old_password() -> str:
    return _("The old password is wrong. Capital letters count in passwords.")
