from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts import login
from accounts.cross_site import may_lack_cookies, reload_page
from accounts.flower_requests import comes_from_own_page, is_reading


class SignInView(LoginView):
    """Sign in with e-mail and password; `next` says where to go afterwards."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get(self, request, *args, **kwargs):
        if may_lack_cookies(request):
            return reload_page(request)  # and whoever is signed in goes on
        return super().get(request, *args, **kwargs)

    def form_valid(self, form):
        login.sign_in(self.request, form.get_user())
        return HttpResponseRedirect(self.get_success_url())


@method_decorator(never_cache, name="dispatch")
class SignOutView(View):
    """POST ends this browser's sign-in."""

    http_method_names = ["post", "options"]

    def post(self, request):
        login.sign_out(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
def staff_gate(request):
    """
    What nginx asks before it lets a request through to Flower: may this person do this?

    204 for operators who read, and for superusers who act from the site's own pages;
    401 for visitors, 403 for everybody and everything else. nginx says what was asked
    in X-Original-Method and X-Original-Path.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    method = request.headers.get("X-Original-Method", "")
    if is_reading(method, request.headers.get("X-Original-Path", "")):
        may = request.user.has_perm("accounts.operate")
    else:
        may = is_superuser(request) and comes_from_own_page(request)
    return HttpResponse(status=204 if may else 403)


def is_superuser(request):
    return request.user.is_active and request.user.is_superuser
