from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts import emails, invitations, login, tasks
from accounts.exceptions import (
    AccountError,
    HasAccount,
    InvitationExpired,
    LinkExpired,
)
from accounts.forms import AcceptForm, InviteForm
from accounts.login import SignedInRequest
from accounts.models import User
from accounts.services import ROLE_LABELS


@method_decorator(never_cache, name="dispatch")
class InvitationsView(PermissionRequiredMixin, View):
    """Invite somebody; see who has not answered yet."""

    request: SignedInRequest

    permission_required = "accounts.invite"

    def get(self, request):
        return self.page(InviteForm(roles=self.roles()))

    def post(self, request):
        form = InviteForm(request.POST, roles=self.roles())
        if not (form.is_valid() and self.is_invited(form)):
            return self.page(form)
        return redirect("accounts:invitations")

    def roles(self):
        return invitations.roles_for(self.request.user)

    def is_invited(self, form):
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        now = timezone.now()
        try:
            invitation = tasks.invite_by_letter(
                email, role=role, by=self.request.user, now=now
            )
        except AccountError as error:
            form.add_error("email", str(error))
            return False
        tell_sent(self.request, invitation)
        return True

    def page(self, form):
        now = timezone.now()
        waiting = [
            {
                "invitation": row,
                "role": ROLE_LABELS.get(row.role, row.role),
                "has_expired": row.is_expired(now=now),
            }
            for row in invitations.visible_to(self.request.user)
        ]
        can_send = emails.can_be_sent()
        context = {"form": form, "waiting": waiting, "can_send": can_send}
        return render(self.request, "accounts/invitations.html", context)


def tell_sent(request, invitation):
    words = _("The invitation is on its way to %(email)s.")
    messages.success(request, words % {"email": invitation.email})


class SendAgainView(PermissionRequiredMixin, View):
    """A new letter with a new link, good for another seven days."""

    permission_required = "accounts.invite"
    http_method_names = ["post", "options"]

    def post(self, request, pk):
        old = get_object_or_404(invitations.visible_to(request.user), pk=pk)
        try:
            invitation = tasks.invite_by_letter(
                old.email, role=old.role, by=request.user, now=timezone.now()
            )
        except AccountError as error:
            messages.error(request, str(error))
        else:
            tell_sent(request, invitation)
        return redirect("accounts:invitations")


class WithdrawView(PermissionRequiredMixin, View):
    permission_required = "accounts.invite"
    http_method_names = ["post", "options"]

    def post(self, request, pk):
        if not invitations.visible_to(request.user).filter(pk=pk).delete()[0]:
            raise Http404
        messages.success(request, _("The invitation is withdrawn."))
        return redirect("accounts:invitations")


@method_decorator(never_cache, name="dispatch")
class AcceptView(View):
    """Where an invitation's link leads: make an account, and be signed in."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except (LinkExpired, InvitationExpired, HasAccount) as error:
            context = {"error": error}
            template = "accounts/invitation_expired.html"
            return render(request, template, context, status=410)

    def get(self, request, key):
        return self.page(AcceptForm(User()), key=key)

    def post(self, request, key):
        email = invitations.find(key, now=timezone.now()).email
        form = AcceptForm(User(email=email), request.POST)
        if not form.is_valid():
            return self.page(form, key=key)
        person = invitations.accept(
            key,
            password=form.password,
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
            language=get_language() or "",
            now=timezone.now(),
        )
        login.sign_in(request, person)
        return redirect("/")

    def page(self, form, *, key):
        invitation = invitations.find(key, now=timezone.now())
        context = {"form": form, "invitation": invitation}
        return render(self.request, "accounts/accept.html", context)
