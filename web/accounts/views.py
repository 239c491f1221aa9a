from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse


class SignInView(LoginView):
    """Sign in with e-mail and password; `next` says where to go afterwards."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


class SignOutView(LogoutView):
    """POST ends the session."""


def staff_gate(request):
    """
    What nginx asks before it lets a request through to Flower.

    204 for staff, 401 for visitors without a session, 403 for everybody else.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    return HttpResponse(status=204 if request.user.is_staff else 403)
