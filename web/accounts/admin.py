from axes.models import AccessFailureLog, AccessLog
from axes.utils import reset as open_door
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import login, sessions, tasks
from accounts.devices import device_name
from accounts.exceptions import AccountError
from accounts.models import Invitation, SignIn, User

# Sign-ins show the same, with a person and a device to each.
admin.site.unregister([OutstandingToken, BlacklistedToken, AccessLog, AccessFailureLog])


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = UserCreationForm
    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "is_staff", "is_active"]
    list_filter = ["groups", "is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["sign_out_everywhere", "send_password_letter", "open_the_door"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "language"]}),
        (
            _("Rights"),
            {
                "fields": [
                    "is_active",
                    "is_staff",
                    "is_superuser",
                    "groups",
                    "user_permissions",
                ]
            },
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"fields": ["email", "usable_password", "password1", "password2"]},
        )
    ]
    readonly_fields = ["last_login", "date_joined"]

    def save_model(self, request, user, form, change):
        super().save_model(request, user, form, change)
        if change and not user.is_active:  # nor are they good again when it is undone
            sessions.revoke_all(user, now=timezone.now())

    @method_decorator(sensitive_post_parameters())
    def user_change_password(self, request, id, form_url=""):
        """A new password ends all sign-ins; who changes their own stays signed in."""
        before = self.get_object(request, id)
        response = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id)
        if before and user and user.password != before.password:
            here = login.current(request)
            sessions.revoke_all(user, now=timezone.now())
            if here and here.user_id == user.pk:
                login.sign_in(request, user)
        return response

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request, queryset):
        rows = SignIn.objects.filter(user__in=queryset)
        tell_ended(request, sessions.revoke(rows, now=timezone.now()))

    @admin.action(
        description=_("E-mail a link to choose a new password"), permissions=["change"]
    )
    def send_password_letter(self, request, queryset):
        people = list(queryset.filter(is_active=True))
        try:
            for user in people:
                tasks.post_reset(user.email)
        except AccountError as error:
            messages.error(request, str(error))
            return
        messages.success(
            request,
            ngettext(
                "%(count)d e-mail is on its way.",
                "%(count)d e-mails are on their way.",
                len(people),
            )
            % {"count": len(people)},
        )

    @admin.action(
        description=_("Let them sign in again after too many wrong passwords"),
        permissions=["change"],
    )
    def open_the_door(self, request, queryset):
        for user in queryset:
            open_door(username=user.email)
        messages.success(request, _("They can try again at once."))


def tell_ended(request, count):
    messages.success(
        request,
        ngettext("%(count)d sign-in is ended.", "%(count)d sign-ins are ended.", count)
        % {"count": count},
    )


class ReadOnly:
    """Rows that the site writes; people look at them."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, row=None):
        return False


@admin.register(SignIn)
class SignInAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["user", "device", "address", "last_used_at", "is_open"]
    list_select_related = ["user"]
    list_filter = ["last_used_at", ("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["user__email", "address"]
    date_hierarchy = "last_used_at"
    actions = ["revoke"]
    fields = [
        "user",
        "device",
        "address",
        "user_agent",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]

    def has_delete_permission(self, request, row=None):
        return False

    def has_revoke_permission(self, request):
        return request.user.has_perm("accounts.change_signin")

    @admin.display(description=_("device"))
    def device(self, row):
        return device_name(row.user_agent)

    @admin.display(description=_("open"), boolean=True)
    def is_open(self, row):
        return row.is_good and row.expires_at > timezone.now()

    @admin.action(description=_("End these sign-ins"), permissions=["revoke"])
    def revoke(self, request, queryset):
        tell_ended(request, sessions.revoke(queryset, now=timezone.now()))


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["email", "role", "invited_by", "created_at", "expires_at"]
    list_select_related = ["invited_by"]
    list_filter = ["role", "expires_at"]
    search_fields = ["email", "invited_by__email"]
    actions = ["send_again"]

    def has_add_permission(self, request):
        return request.user.has_perm("accounts.invite")

    def has_send_permission(self, request):
        return request.user.has_perm("accounts.invite")

    def add_view(self, request, form_url="", extra_context=None):
        return redirect("accounts:invitations")

    @admin.action(description=_("Send again, with a new link"), permissions=["send"])
    def send_again(self, request, queryset):
        now = timezone.now()
        try:
            for row in queryset:
                tasks.invite_by_letter(
                    row.email, role=row.role, by=request.user, now=now
                )
        except AccountError as error:
            messages.error(request, str(error))
            return
        messages.success(request, _("The invitations are on their way."))
