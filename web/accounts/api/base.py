from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import AUTHENTICATE
from accounts.exceptions import (
    AccountError,
    HasAccount,
    LockedOut,
    MailUnavailable,
    RoleNotAllowed,
    TooManyLetters,
    WeakPassword,
    WrongCredentials,
)
from accounts.models import User

STATUSES = {
    WrongCredentials: status.HTTP_401_UNAUTHORIZED,
    LockedOut: status.HTTP_429_TOO_MANY_REQUESTS,
    RoleNotAllowed: status.HTTP_403_FORBIDDEN,
    TooManyLetters: status.HTTP_429_TOO_MANY_REQUESTS,
    HasAccount: status.HTTP_409_CONFLICT,
    MailUnavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
}


class Refused(exceptions.APIException):
    """What a service has refused, with its own sentence and code."""

    def __init__(self, error: AccountError):
        self.status_code = STATUSES.get(type(error), status.HTTP_400_BAD_REQUEST)
        if self.status_code == status.HTTP_401_UNAUTHORIZED:
            self.auth_header = AUTHENTICATE
        super().__init__(str(error), code=error.code)


class SignedIn(Request):
    """For type hints of views that nobody else reaches."""

    user: User


class AccountApi(APIView):
    """Answers what the services refuse; `password_field` is where they are weak."""

    request: SignedIn
    password_field = "password"

    def get_authenticate_header(self, request):
        """A 401 stays one, also where nobody has to be signed in."""
        return AUTHENTICATE

    def handle_exception(self, exc):
        if isinstance(exc, WeakPassword):
            message = exceptions.ErrorDetail(str(exc), code=exc.code)
            exc = exceptions.ValidationError({self.password_field: [message]})
        elif isinstance(exc, AccountError):
            exc = Refused(exc)
        return super().handle_exception(exc)

    def validated(self, serializer_class) -> dict:
        """What was sent, checked. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
