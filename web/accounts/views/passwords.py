from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from accounts import account_limit, emails, passwords, tasks
from accounts.axes_hooks import client_network
from accounts.exceptions import LinkExpired, MailUnavailable
from accounts.forms import NewPasswordForm, ResetRequestForm
from socle.core.api.throttles import count

HOUR_SECONDS = 60 * 60
LETTERS_PER_HOUR = 20  # asked for from one address


class RequestResetView(FormView):
    """Asks for a letter. What it answers tells nobody whether an account exists."""

    template_name = "accounts/reset_request.html"
    form_class = ResetRequestForm

    def get_context_data(self, **kwargs):
        return super().get_context_data(can_send=emails.can_be_sent(), **kwargs)

    def form_valid(self, form):
        key = f"reset_page:{client_network(self.request)}"
        if count(key, seconds=HOUR_SECONDS) > LETTERS_PER_HOUR:
            form.add_error(
                None, _("Too many e-mails were asked for. Try again in an hour.")
            )
            return self.render_to_response(self.get_context_data(form=form), status=429)
        try:
            tasks.post_reset(form.cleaned_data["email"])
        except MailUnavailable as error:
            form.add_error(None, str(error))
            return self.render_to_response(self.get_context_data(form=form), status=503)
        return redirect("accounts:reset_sent")


class ResetSentView(TemplateView):
    template_name = "accounts/reset_sent.html"


@method_decorator(never_cache, name="dispatch")
class ResetView(View):
    """Where a letter's link leads: choose a new password."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except LinkExpired:
            return render(request, "accounts/reset_expired.html", status=410)

    def get(self, request, uid, token):
        user = passwords.user_of_key(uid, token)
        return self.page(NewPasswordForm(user), user=user)

    def post(self, request, uid, token):
        user = passwords.user_of_key(uid, token)
        form = NewPasswordForm(user, request.POST)
        if not form.is_valid():
            return self.page(form, user=user)
        passwords.reset_password(uid, token, password=form.password, now=timezone.now())
        account_limit.remember_place(request, user)
        messages.success(
            request, _("Your password is changed. Sign in with the new one.")
        )
        return redirect("accounts:sign_in")

    def page(self, form, *, user):
        context = {"form": form, "person": user}
        return render(self.request, "accounts/reset.html", context)
