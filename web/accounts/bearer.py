from accounts.authentication import AUTHENTICATE, InvalidToken, bearer
from socle.core.api.problems import problem_response


class BearerMixin:
    """For files and pages that the API names: its clients sign in there as here."""

    def dispatch(self, request, *args, **kwargs):
        try:
            sign_in = bearer(request)
        except InvalidToken as error:
            words = {"code": error.default_code, "detail": str(error.detail)}
            response = problem_response(401, **words)
            response["WWW-Authenticate"] = AUTHENTICATE
            return response
        if sign_in:
            request.user, request.sign_in = sign_in.user, sign_in
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
