from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.core.menu import MenuEntry, is_in_app


def entries(request: HttpRequest) -> Iterator[MenuEntry]:
    if request.user.has_perm("accounts.operate"):
        is_here = is_in_app(request, "operations")
        yield MenuEntry(_("Operations"), reverse("operations:backups"), is_here)
        yield MenuEntry("Flower", settings.FLOWER_URL)
