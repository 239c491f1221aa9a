from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts import login, sessions
from accounts.devices import device_name
from accounts.exceptions import LockedOut, WrongCredentials
from accounts.forms import ChangePasswordForm, ProfileForm
from accounts.login import SignedInRequest
from accounts.models import SignIn
from accounts.services import ROLE_LABELS
from socle.core import language


@method_decorator(never_cache, name="dispatch")
class AccountView(LoginRequiredMixin, View):
    """Name, language, password, and where one is signed in."""

    request: SignedInRequest

    def get(self, request):
        return self.page()

    def post(self, request):
        form = ProfileForm(request.POST, instance=request.user)
        if not form.is_valid():
            request.user.refresh_from_db()
            return self.page(profile=form)
        user = form.save()
        response = redirect("accounts:account")
        if user.language:
            language.remember(user, response, language=user.language)
        messages.success(request, _("Your changes are saved."))
        return response

    def page(self, **forms):
        user = self.request.user
        context = {
            "profile": ProfileForm(instance=user),
            "password": ChangePasswordForm(user),
            "roles": [
                ROLE_LABELS.get(group.name, group) for group in user.groups.all()
            ],
            "sign_ins": devices(user, current=login.current(self.request)),
        }
        return render(self.request, "accounts/account.html", context | forms)


def devices(user, *, current):
    """The open sign-ins as the page shows them, this browser's first."""
    rows = list(user.sign_ins.open_ones(now=timezone.now()))
    for row in rows:
        row.device = device_name(row.user_agent)
        row.is_current = row == current
    return sorted(rows, key=lambda row: not row.is_current)


class PasswordView(AccountView):
    """The password's form of the account page."""

    def get(self, request):
        return redirect("accounts:account")

    def post(self, request):
        form = ChangePasswordForm(request.user, request.POST)
        if not (form.is_valid() and self.is_changed(form)):
            return self.page(password=form)
        messages.success(
            request, _("Your password is changed. All other devices are signed out.")
        )
        return redirect("accounts:account")

    def is_changed(self, form):
        old = form.cleaned_data["old_password"]
        try:
            login.change_password(
                self.request, self.request.user, old=old, new=form.password
            )
        except WrongCredentials:
            form.add_error("old_password", login.wrong_old_password())
        except LockedOut as error:
            form.add_error(None, str(error))
        return form.is_valid()


class RevokeSignInView(LoginRequiredMixin, View):
    http_method_names = ["post", "options"]

    def post(self, request, pk):
        current = login.current(request)
        if current and current.pk == pk:
            login.sign_out(request)
            return redirect("accounts:sign_in")
        rows = SignIn.objects.filter(pk=pk, user=request.user)
        if not rows.exists():
            raise Http404
        sessions.revoke(rows, now=timezone.now())
        messages.success(request, _("That device is signed out."))
        return redirect("accounts:account")


class SignOutEverywhereView(LoginRequiredMixin, View):
    http_method_names = ["post", "options"]

    def post(self, request):
        login.sign_out_everywhere(request, request.user)
        messages.success(request, _("You are signed out on all devices."))
        return redirect("accounts:sign_in")
