from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.core.menu import MenuEntry


def entries(request: HttpRequest) -> Iterator[MenuEntry]:
    """Invitations, for those who may invite."""
    if request.user.has_perm("accounts.invite"):
        page = request.resolver_match and request.resolver_match.url_name
        address = reverse("accounts:invitations")
        yield MenuEntry(_("Invitations"), address, page == "invitations")
