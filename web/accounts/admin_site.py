from functools import update_wrapper

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache


class AdminSite(admin.AdminSite):
    """One sign-in for the site and the admin: there is no second form here."""

    site_title = site_header = format_lazy(
        _("{site} administration"), site=settings.SITE_NAME
    )
    index_title = _("People, galleries and photos")

    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        """The way in: for staff at once, for visitors by the site's own sign-in."""
        page = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
            page = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(page)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(page)

    def admin_view(self, view, cacheable=False):
        """Django looks up the field that `_to_field` names, and fails without one."""

        def checked(request, *args, **kwargs):
            if request.GET.get("_to_field") == "":
                raise DisallowedModelAdminToField("The field has no name.")
            return view(request, *args, **kwargs)

        return super().admin_view(update_wrapper(checked, view), cacheable)

    def logout(self, request, extra_context=None):
        from accounts.views.signing import SignOutView  # models are not loaded earlier

        return SignOutView.as_view()(request)

    def password_change(self, request, extra_context=None):
        return HttpResponseRedirect(reverse("accounts:account"))
